"""GetSessionToken and GetFederationToken: a user's own long-term key makes short-lived ones.

Source: AWS Security Token Service API; IAM User Guide, "Compare AWS STS credentials".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from mooring.iam.identity import User
from mooring.iam.principal import Principal
from mooring.iam.session_facts import SessionFacts, SessionKind, overlaid
from mooring.operations.assume_role import SecondFactor, proven_at
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.credentials import NewSession, TemporaryCredentials, issue, told_of
from mooring.operations.problems import AccessDenied
from mooring.operations.session_requests import (
    SessionRequest,
    check_policy_arns,
    check_request,
    percent_of,
)

__all__ = ["FederatedUser", "get_federation_token", "get_session_token"]

_USUAL = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedUser:
    """A federated user's session."""

    credentials: TemporaryCredentials
    principal: Principal
    packed_percent: int | None


async def get_session_token(
    call: Call, *, duration: timedelta | None, second_factor: SecondFactor | None
) -> TemporaryCredentials:
    """Return short-lived keys of the calling user; no permission is needed, but none denied.

    Raises:
        AccessDenied: a policy denies it, or the caller has no long-term key.
        OperationRefused: ACCESS_DENIED for a wrong code.
    """
    await require(call, Question(action=call.action))
    user = await _long_term_user(call)
    mfa_at = await proven_at(call, second_factor)
    new = NewSession(
        of=user,
        facts=SessionFacts(kind=SessionKind.USER, mfa_at=mfa_at),
        lifetime=duration or _USUAL,
        key_id=call.caller.access_key_id,
    )
    credentials = issue(call.world, new)
    call.response = told_of(credentials)
    return credentials


async def get_federation_token(
    call: Call, *, name: str, duration: timedelta | None, given: SessionRequest
) -> FederatedUser:
    """Return short-lived keys for somebody the calling user vouches for.

    They may do what both the user and the given policies allow: without any policy, nothing.

    Raises:
        AccessDenied: not allowed, or the caller has no long-term key.
        OperationRefused: INVALID_VALUE, MALFORMED_POLICY, PACKED_POLICY_TOO_LARGE.
    """
    check_request(given)
    account_id = call.caller.account_id
    arn = f"arn:aws:sts::{account_id}:federated-user/{name}"
    question = Question(action=call.action, resources=(arn,), request_tags=dict(given.tags))
    await require(call, question)
    if given.tags:
        await require(call, replace(question, action="sts:TagSession"))
    user = await _long_term_user(call)
    await call.glance(lambda tx: check_policy_arns(tx, given.policy_arns))
    facts = SessionFacts(
        kind=SessionKind.FEDERATED,
        policy=given.policy,
        policy_arns=given.policy_arns,
        tags=given.tags,
        issuer=user.name,
    )
    new = NewSession(
        of=user,
        facts=facts,
        lifetime=duration or _USUAL,
        bearer=name,
        key_id=call.caller.access_key_id,
    )
    tags = overlaid(user.tags, dict(given.tags))
    principal = Principal.federated_user(account_id, name, tags=tags)
    credentials = issue(call.world, new)
    named = {"federatedUserId": principal.user_id, "arn": principal.arn}
    call.response = told_of(credentials, federatedUser=named)
    return FederatedUser(
        credentials=credentials,
        principal=principal,
        packed_percent=percent_of(facts, given),
    )


async def _long_term_user(call: Call) -> User:
    """Return the calling user."""
    caller = call.caller
    name = caller.principal.user_name
    user = await call.glance(lambda tx: tx.identities.user(name or ""))
    if user is None or caller.issued_at is not None or not caller.access_key_id:
        raise AccessDenied(f"Cannot call {call.name} with session credentials", None)
    return user
