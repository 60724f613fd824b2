"""Questions about a principal before it calls: what is known of the request, and what is open.

Known are the principal, the resource, their tags and their account. Open is all that only the call
itself will tell: where it comes from, when, over what, with which second factor, and what it
carries. The name of a role's session is open, and so are the role's tags where whoever takes the
role may put others over them.

Source: IAM User Guide, "AWS global condition context keys"; AWS STS API, AssumeRole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mooring.iam.context import request_context
from mooring.iam.evaluate import PolicySet, PolicySource, Request
from mooring.iam.facts import Facts
from mooring.iam.match import PrincipalForm
from mooring.iam.policy import Effect
from mooring.iam.principal import Principal, PrincipalType
from mooring.iam.reach import ANY_SESSION, Knowledge, Partial, decide_partly

__all__ = ["NOTHING_GIVEN", "Subject", "Thing", "ask", "lets_tag", "open_keys", "request_of"]

_OPEN_KEYS = frozenset(
    {
        *("aws:sourceip", "aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip"),
        *("aws:securetransport", "aws:useragent", "aws:referer", "aws:currenttime"),
        *("aws:epochtime", "aws:tokenissuetime", "aws:multifactorauthpresent"),
        *("aws:multifactorauthage", "aws:sourceidentity", "aws:tagkeys"),
        *("aws:federatedprovider", "ssm:accessrequestid"),
    }
)
_OPEN_PREFIXES = ("aws:requesttag/", "sts:", "mooring:")
# A node's requests with its role's credentials name the node; nobody else's do.
_OF_ANY_SESSION = frozenset({"aws:userid", "ssm:sourceinstancearn", "ec2:sourceinstancearn"})
_OF_TAGS = ("aws:principaltag/",)
_PROVIDER = "oidc-provider/"
_TAG_SESSION = "sts:tagsession"
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)

NOTHING_GIVEN: Facts = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A principal with every policy that bears on it.

    Attributes:
        principal: a role's session has the name ``ANY_SESSION`` where any will do.
        trust: a role's; None for users.
        belongs: keys that are there because the account is an organization's.
        shares: further ones, where the resource is of the same account.
    """

    principal: Principal
    policies: PolicySet
    trust: PolicySource | None = None
    belongs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shares: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The user's ARN, or the role's."""
        return self.principal.principal_arn


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is to be done to which resource.

    Attributes:
        names: the ARNs of the one resource.
        account_id: whose it is; empty for what comes with the service.
        extra: keys of the service that are known.
        trust: of the role that is to be taken.
    """

    action: str
    names: tuple[str, ...]
    region: str
    account_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trust: PolicySource | None = None


def ask(subject: Subject, thing: Thing, given: Facts = NOTHING_GIVEN) -> Partial:
    """Decide as far as what is known reaches.

    Args:
        subject: who.
        thing: what.
        given: values of open keys that shall count as known, by lower-case name; no values for a
            key that is known to be missing.
    """
    policies = subject.policies
    if thing.trust is not None:
        policies = replace(policies, trust=thing.trust)
    request = request_of(subject, thing, given)
    return decide_partly(request, open_keys(subject, given), policies)


def request_of(subject: Subject, thing: Thing, given: Facts = NOTHING_GIVEN) -> Request:
    """Return the request as far as it is known; values of open keys in it mean nothing."""
    principal = subject.principal
    shares = subject.shares if thing.account_id == principal.account_id else {}
    context = request_context(
        principal=principal,
        now=_NO_TIME,
        source_ip="",
        secure=True,
        user_agent="",
        region=thing.region,
        resource_account=thing.account_id,
        resource_tags=thing.tags,
        extra={**thing.extra, **subject.belongs, **shares},
    )
    return Request(
        action=thing.action,
        resources=thing.names,
        principal=principal,
        context=_with(context, given),
        resource_account=thing.account_id if thing.trust is not None else principal.account_id,
    )


def _with(context: Mapping[str, tuple[str, ...]], given: Facts) -> dict[str, tuple[str, ...]]:
    kept = {key: values for key, values in context.items() if key.lower() not in given}
    return {**kept, **given}


def open_keys(subject: Subject, given: Facts = NOTHING_GIVEN) -> Knowledge:
    """Return which keys of a request by the subject are open."""
    keys = _OPEN_KEYS
    prefixes: tuple[str, ...] = _OPEN_PREFIXES
    if subject.principal.session_name == ANY_SESSION:
        keys |= _OF_ANY_SESSION
    is_role = subject.principal.type is PrincipalType.ASSUMED_ROLE
    if is_role and subject.trust is not None:
        prefixes += _of_providers(subject.trust)
        prefixes += _OF_TAGS if lets_tag(subject.trust) else ()
    return Knowledge(keys=keys, prefixes=prefixes, closed=frozenset(given))


def lets_tag(trust: PolicySource) -> bool:
    """Tell whether anybody may tag a session of the role: its tags are then not what counts."""
    return any(statement.effect is Effect.ALLOW for _, statement in trust.policy.on(_TAG_SESSION))


def _of_providers(trust: PolicySource) -> tuple[str, ...]:
    """Return how the keys begin that the identity providers of a trust policy may set."""
    return tuple(
        f"{pattern.value.partition(_PROVIDER)[2].lower()}:"
        for statement in trust.policy.statements
        for pattern in statement.principals
        if pattern.form is PrincipalForm.PROVIDER and _PROVIDER in pattern.value
    )
