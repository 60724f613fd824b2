"""AssumeRoleWithWebIdentity: who shows an ID token of a trusted provider becomes a role.

The call is not signed: the token is all its caller has. The provider must be registered in the
role's account with the token's audience; then the role's trust policy decides, by the provider's
``aud``, ``sub`` and ``amr``. What else the token carries in the claims that AWS reserves for it
becomes session tags and source identity.

Source: AWS Security Token Service API; IAM User Guide, "Pass session tags in AWS STS".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mooring.iam.identity import Role
from mooring.iam.oidc_provider import HTTPS
from mooring.iam.principal import Principal
from mooring.iam.session_facts import SessionFacts, SessionKind
from mooring.operations.assume_role import (
    AssumedRole,
    RoleRequest,
    account_of_role,
    find_role,
    open_session,
    trust_of,
)
from mooring.operations.authorize import Question, ask
from mooring.operations.call import Call
from mooring.operations.caller import Caller
from mooring.operations.oidc_tokens import Identity, identify, issuer_of
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.session_requests import SessionRequest, check_request
from mooring.secret import Secret

__all__ = ["WebIdentitySession", "assume_role_with_web_identity", "become"]

_TAGS = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_TAG_TEXT = re.compile(r"[\w\s.:/=+@-]*")
_MAX_KEY, _MAX_VALUE = 128, 256


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentitySession:
    """A role session, and who was let into it."""

    opened: AssumedRole
    identity: Identity


async def assume_role_with_web_identity(
    call: Call, asked: RoleRequest, token: Secret
) -> WebIdentitySession:
    """Open a session of a role for the bearer of an ID token.

    Raises:
        AccessDenied: the role does not trust the identity; or there is no such role.
        OperationRefused: INVALID_VALUE, MALFORMED_POLICY, PACKED_POLICY_TOO_LARGE,
            INVALID_IDENTITY_TOKEN, EXPIRED_IDENTITY_TOKEN, PROVIDER_UNREACHABLE.
    """
    check_request(asked.session)
    account_id = account_of_role(asked.role_arn)
    issuer = issuer_of(token.reveal())
    url = issuer.removeprefix(HTTPS)
    provider = await call.world.store.glance(account_id, lambda tx: tx.oidc_providers.get(url))
    if provider is None or provider.issuer != issuer:
        raise OperationRefused(
            Problem.INVALID_IDENTITY_TOKEN,
            f"No OpenIDConnect provider found in your account for {issuer}",
        )
    identity = await identify(call.world, provider, token.reveal())
    return WebIdentitySession(opened=await become(call, asked, identity), identity=identity)


async def become(call: Call, asked: RoleRequest, identity: Identity) -> AssumedRole:
    """Open a session of a role for an identity, which calls from now on.

    Raises:
        AccessDenied: the role does not trust the identity; or there is no such role.
        OperationRefused: INVALID_VALUE, PACKED_POLICY_TOO_LARGE, INVALID_IDENTITY_TOKEN.
    """
    provider = identity.provider
    principal = Principal.web_identity(provider.url, identity.subject, audience=identity.audience)
    given = _vouched(asked.session, identity.claims)
    call.caller = Caller(
        account_id="", region=call.caller.region, principal=principal, origin=call.caller.origin
    )
    call.account_id = provider.account_id
    call.resources.append(asked.role_arn)
    role = await find_role(call.world, asked.role_arn)
    asked = replace(asked, session=given)
    await _require_trust(call, asked, role, identity)
    if role is None or role.account_id != provider.account_id:
        raise _denied(call)
    facts = SessionFacts(
        kind=SessionKind.ROLE,
        provider=provider.arn,
        identity_keys=(
            (f"{provider.url}:aud", identity.audience),
            (f"{provider.url}:sub", identity.subject),
        ),
    )
    return await open_session(call, role, asked, facts)


async def _require_trust(
    call: Call, asked: RoleRequest, role: Role | None, identity: Identity
) -> None:
    given = asked.session
    extra: dict[str, tuple[str, ...]] = {
        "sts:RoleSessionName": (asked.session_name,),
        **identity.context(),
    }
    if given.source_identity:
        extra["sts:SourceIdentity"] = (given.source_identity,)
    if given.transitive:
        extra["sts:TransitiveTagKeys"] = given.transitive
    actions = ["sts:AssumeRoleWithWebIdentity"]
    actions += ["sts:TagSession"] if given.tags else []
    actions += ["sts:SetSourceIdentity"] if given.source_identity else []
    for action in actions:
        question = Question(
            action=action,
            resources=(asked.role_arn,),
            tags=role.tags if role is not None else {},
            request_tags=dict(given.tags),
            extra=extra,
            trust=trust_of(role),
        )
        if not (await ask(call, question)).allowed:
            raise _denied(call, action)


def _denied(call: Call, action: str = "") -> AccessDenied:
    return AccessDenied(f"Not authorized to perform {action or call.action}", None)


def _vouched(given: SessionRequest, claims: Mapping[str, object]) -> SessionRequest:
    """Add the tags and the source identity that the provider vouches for."""
    tags, transitive = _tags(claims.get(_TAGS))
    source = claims.get(_SOURCE_IDENTITY, "")
    if not isinstance(source, str) or (source and not _NAME.fullmatch(source)):
        raise _bad_claim(_SOURCE_IDENTITY)
    vouched = replace(given, tags=tags, transitive=transitive, source_identity=source)
    check_request(vouched)
    return vouched


def _tags(claim: object) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    if claim is None:
        return (), ()
    named = claim.get("principal_tags", {}) if isinstance(claim, dict) else None
    kept = claim.get("transitive_tag_keys", []) if isinstance(claim, dict) else None
    if not isinstance(named, dict) or not isinstance(kept, list):
        raise _bad_claim(_TAGS)
    tags = tuple((str(key), _tag_value(value)) for key, value in named.items())
    texts = [text for pair in tags for text in pair]
    is_long = any(len(key) > _MAX_KEY or len(value) > _MAX_VALUE for key, value in tags)
    if is_long or not all(key for key, _ in tags) or not all(map(_TAG_TEXT.fullmatch, texts)):
        raise _bad_claim(_TAGS)
    return tags, tuple(str(key) for key in kept)


def _tag_value(value: object) -> str:
    """A tag has one value, which is written as a list of one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        raise _bad_claim(_TAGS)
    return value


def _bad_claim(name: str) -> OperationRefused:
    return OperationRefused(Problem.INVALID_IDENTITY_TOKEN, f"The claim {name} cannot be read")
