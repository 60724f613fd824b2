"""Whether a statement speaks of this action, this resource, this principal.

* Actions compare without case; their service prefix holds no wildcard, so statements can be
  found by prefix without trying each.
* Resources compare with case, as whole strings. A request names one resource, sometimes by
  several ARNs (a session by its id and by its owner's user id): a pattern matches if it
  matches any of them, and ``NotResource`` only if none of its patterns matches any.
* Principals are listed by name; what naming one means for the evaluation is its ``Grant``.

Source: IAM User Guide, "IAM JSON policy elements" (Action, Resource, Principal).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto

from mooring.iam.errors import NO_VENDOR, PolicySyntaxError
from mooring.iam.facts import Facts, single
from mooring.iam.pattern import Glob, Syntax, Template, compile_glob
from mooring.iam.principal import Principal, PrincipalType

__all__ = [
    "ActionPattern",
    "Grant",
    "PrincipalForm",
    "PrincipalPattern",
    "ResourcePattern",
    "best_grant",
    "covers_any",
    "is_listed",
    "match_resources",
]

_COLONS_MESSAGE = "Actions/Condition can contain only one colon."
_VENDOR = re.compile(r"[A-Za-z0-9-]+")
_HEAD_PARTS = 5
_EVERY = "*"


def _glob(text: str) -> Glob:
    tokens = Template.parse(text, Syntax.WILDCARDS).fill({})
    return compile_glob(tokens or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPattern:
    """One entry of Action or NotAction.

    Attributes:
        vendor: the service prefix in lower case; None for the pattern ``*``.
    """

    text: str
    vendor: str | None = field(compare=False, repr=False)
    glob: Glob = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> ActionPattern:
        """Compile one entry.

        Raises:
            PolicySyntaxError: it is neither ``prefix:Name`` nor ``*``.
        """
        if text == _EVERY:
            return cls(text=text, vendor=None, glob=_glob(text))
        vendor, colon, name = text.partition(":")
        if not colon or not _VENDOR.fullmatch(vendor):
            raise PolicySyntaxError(
                f"action `{text}`, expected `service:Name` or `*`", message=NO_VENDOR
            )
        if ":" in name:
            raise PolicySyntaxError(
                f"action `{text}` has more than one colon", message=_COLONS_MESSAGE
            )
        return cls(text=text, vendor=vendor.lower(), glob=_glob(text.lower()))

    def matches(self, folded_action: str) -> bool:
        """Tell whether it covers an action, given in lower case."""
        return self.glob.matches(folded_action)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePattern:
    """One entry of Resource or NotResource.

    Attributes:
        head: plain text that everything it matches begins with.
        tail: plain text that everything it matches ends with.
    """

    text: str
    template: Template
    fixed: Glob | None = field(compare=False, repr=False)
    head: str = field(compare=False, repr=False)
    tail: str = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str, *, variables: bool) -> ResourcePattern:
        """Compile one entry.

        Args:
            text: ``*`` or an ARN pattern.
            variables: whether the policy's version knows policy variables.

        Raises:
            PolicySyntaxError: it is neither, or has a variable before the fifth colon.
        """
        parts = text.split(":", _HEAD_PARTS)
        whole = len(parts) > _HEAD_PARTS or text.endswith("*")
        if text != _EVERY and not (parts[0] == "arn" and whole):
            raise PolicySyntaxError(
                f"resource `{text}`, expected an ARN of six parts or `*`",
                message=f'Resource {text} must be in ARN format or "*".',
            )
        if variables and any("${" in part for part in parts[:_HEAD_PARTS]):
            raise PolicySyntaxError(
                f"resource `{text}` has a policy variable before its fifth colon"
            )
        syntax = Syntax.WILDCARDS | (Syntax.VARIABLES if variables else Syntax.NONE)
        template = Template.parse(text, syntax)
        fixed = compile_glob(template.fill({}) or ()) if template.is_fixed else None
        head, tail = template.ends()
        return cls(text=text, template=template, fixed=fixed, head=head, tail=tail)

    def glob(self, facts: Facts) -> Glob | None:
        """Return the matcher for a request; None when a variable has no value."""
        if self.fixed is not None:
            return self.fixed
        filled = self.template.fill(facts)
        return None if filled is None else compile_glob(filled)


def covers_any(patterns: Iterable[ResourcePattern], names: tuple[str, ...], facts: Facts) -> bool:
    """Tell whether any pattern surely covers the resource."""
    for pattern in patterns:
        glob = pattern.fixed
        for name in names:
            # Looked at first: to fill in a variable costs more than the whole comparison.
            if glob is None and name.startswith(pattern.head):
                glob = pattern.glob(facts)
            if glob is not None and glob.matches(name):
                return True
    return False


def match_resources(
    patterns: Iterable[ResourcePattern], resources: tuple[str, ...], facts: Facts
) -> bool | None:
    """Tell whether any pattern covers the resource; None when none does and one is unknown."""
    unknown = False
    for pattern in patterns:
        glob = pattern.fixed or pattern.glob(facts)
        if glob is None:
            unknown = True
            continue
        for resource in resources:
            if glob.matches(resource):
                return True
    return None if unknown else False


class Grant(IntEnum):
    """What naming a principal in a resource policy does for it in its own account."""

    NONE = 0
    ACCOUNT = 1
    """Its account is named: an identity policy must still allow."""
    ROLE = 2
    """Its role is named: boundary and session policy still limit it."""
    DIRECT = 3
    """It is named itself, or everyone is: nothing else needs to allow."""


class PrincipalForm(Enum):
    """The ways to name a principal."""

    EVERYONE = auto()
    ACCOUNT = auto()
    USER = auto()
    USER_ID = auto()
    ROLE = auto()
    ROLE_ID = auto()
    SESSION = auto()
    SERVICE = auto()
    PROVIDER = auto()
    CANONICAL_USER = auto()
    """An S3 notion: no caller of ours has such an id, so it names nobody."""


_ACCOUNT = re.compile(r"([0-9]{12})|arn:[a-z-]+:iam::([0-9]{12}):root")
_AWS_FORMS = [
    (re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:user/.+"), PrincipalForm.USER),
    (re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/.+"), PrincipalForm.ROLE),
    (re.compile(r"arn:[a-z-]+:sts::[0-9]{12}:assumed-role/[^/]+/[^/]+"), PrincipalForm.SESSION),
    (re.compile(r"arn:[a-z-]+:sts::[0-9]{12}:federated-user/.+"), PrincipalForm.SESSION),
    (re.compile(r"AIDA[A-Z0-9]{12,}"), PrincipalForm.USER_ID),
    (re.compile(r"AROA[A-Z0-9]{12,}"), PrincipalForm.ROLE_ID),
]
_OTHER_FORMS = {
    "Service": PrincipalForm.SERVICE,
    "Federated": PrincipalForm.PROVIDER,
    "CanonicalUser": PrincipalForm.CANONICAL_USER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalPattern:
    """One entry of Principal or NotPrincipal."""

    form: PrincipalForm
    value: str

    @classmethod
    def parse(cls, kind: str, text: str) -> PrincipalPattern:
        """Read one entry.

        Args:
            kind: ``AWS``, ``Service``, ``Federated`` or ``CanonicalUser``.
            text: the name; a lone ``*`` is everyone, other wildcards are refused.

        Raises:
            PolicySyntaxError: the kind is unknown, or the text names nobody.
        """
        if kind == "AWS":
            form, value = _aws_form(text)
        elif text and "*" not in text and kind in _OTHER_FORMS:
            form, value = _OTHER_FORMS[kind], text
        else:
            form, value = None, text
        if form is None:
            raise PolicySyntaxError(
                f"principal `{kind}`: `{text}` names nobody",
                message=f'Invalid principal in policy: "{kind}":"{text}"',
            )
        return cls(form=form, value=value)

    def grant(self, principal: Principal, facts: Facts) -> Grant:
        """Return what the entry does for a principal; NONE when it does not name it."""
        value = self.value
        match self.form:
            case PrincipalForm.EVERYONE:
                named = True
            case PrincipalForm.ACCOUNT:
                return Grant.ACCOUNT if principal.account_id == value else Grant.NONE
            case PrincipalForm.ROLE | PrincipalForm.ROLE_ID:
                return Grant.ROLE if self._names_role(principal) else Grant.NONE
            case PrincipalForm.USER_ID:
                named = principal.user_id == value
            case PrincipalForm.PROVIDER:
                named = single(facts, "aws:federatedprovider") == value
            case PrincipalForm.CANONICAL_USER:
                named = False
            case _:
                named = principal.arn == value
        return Grant.DIRECT if named else Grant.NONE

    def _names_role(self, principal: Principal) -> bool:
        if principal.type is not PrincipalType.ASSUMED_ROLE:
            return False
        return self.value in {principal.principal_arn, principal.user_id.partition(":")[0]}


def _aws_form(text: str) -> tuple[PrincipalForm | None, str]:
    if text == _EVERY:
        return PrincipalForm.EVERYONE, text
    account = _ACCOUNT.fullmatch(text)
    if account is not None:
        return PrincipalForm.ACCOUNT, account[1] or account[2]
    for pattern, form in _AWS_FORMS:
        if pattern.fullmatch(text) and not {"*", "?"} & set(text):
            return form, text
    return None, text


def best_grant(patterns: Iterable[PrincipalPattern], principal: Principal, facts: Facts) -> Grant:
    """Return the strongest grant of all entries."""
    return max((pattern.grant(principal, facts) for pattern in patterns), default=Grant.NONE)


def is_listed(patterns: tuple[PrincipalPattern, ...], principal: Principal, facts: Facts) -> bool:
    """Tell whether a NotPrincipal list spares a principal.

    A role session is spared only where its account, its role and the session itself are
    listed; any other caller where it is named itself, and the root by its account.
    """
    if any(pattern.form is PrincipalForm.EVERYONE for pattern in patterns):
        return True
    found = {pattern.grant(principal, facts) for pattern in patterns}
    if principal.type is PrincipalType.ASSUMED_ROLE:
        return found >= {Grant.ACCOUNT, Grant.ROLE, Grant.DIRECT}
    own = Grant.ACCOUNT if principal.type is PrincipalType.ACCOUNT else Grant.DIRECT
    return own in found
