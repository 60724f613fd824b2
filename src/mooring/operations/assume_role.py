"""AssumeRole: whoever a role trusts gets short-lived keys that act as the role.

The role's trust policy must allow it; a caller of another account, or one whom the trust policy
names only by account, needs an identity policy that allows it too. A role that does not exist
is answered like one that trusts nobody.

Source: AWS Security Token Service API, "AssumeRole"; IAM User Guide, "Pass session tags in AWS
STS" and "Monitor and control actions taken with assumed roles" (source identity, which no later
role of a chain can change).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mooring.iam.evaluate import PolicySource
from mooring.iam.identity import Role
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal, PrincipalType
from mooring.iam.session_facts import SessionFacts, SessionKind, overlaid
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.credentials import NewSession, TemporaryCredentials, issue, told_of
from mooring.operations.mfa import verify_code
from mooring.operations.policies import trust_policy
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.session_requests import (
    SessionRequest,
    check_policy_arns,
    check_request,
    percent_of,
)
from mooring.operations.world import World

__all__ = [
    "AssumedRole",
    "RoleRequest",
    "SecondFactor",
    "account_of_role",
    "assume_role",
    "find_role",
    "open_session",
    "proven_at",
    "trust_of",
]

_ARN = re.compile(r"arn:aws:iam::([0-9]{12}):role/(?:.*/)?([^/]+)", re.ASCII)
_HOUR = timedelta(hours=1)
_NOBODY = PolicySource(
    name="trust",
    type="role",
    policy=parse_policy(
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"Service":"nobody.invalid"}}}',
        kind=PolicyKind.TRUST,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """A device and the code that it shows."""

    serial: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRequest:
    """What is asked of a role; ``duration`` None is the usual hour."""

    role_arn: str
    session_name: str
    duration: timedelta | None = None
    external_id: str = ""
    second_factor: SecondFactor | None = None
    session: SessionRequest = field(default_factory=SessionRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedRole:
    """A role session; ``packed_percent`` is None when nothing was given to pack."""

    credentials: TemporaryCredentials
    principal: Principal
    source_identity: str
    packed_percent: int | None


async def assume_role(call: Call, asked: RoleRequest) -> AssumedRole:
    """Open a session of a role.

    Raises:
        AccessDenied: the role does not trust the caller, or the caller may not.
        OperationRefused: ACCESS_DENIED for a wrong code, INVALID_VALUE, MALFORMED_POLICY,
            PACKED_POLICY_TOO_LARGE.
    """
    caller = call.caller
    check_request(asked.session)
    if caller.principal.type is PrincipalType.ACCOUNT:
        raise AccessDenied("Roles may not be assumed by root accounts.", None)
    asked = replace(asked, session=_chained(caller.session, asked.session))
    mfa_at = await proven_at(call, asked.second_factor)
    role = await find_role(call.world, asked.role_arn)
    for question in _questions(asked, role, mfa_at):
        await require(call, question)
    if role is None:
        raise _unknown(call, asked.role_arn)
    is_chained = caller.session is not None and caller.session.kind is SessionKind.ROLE
    if is_chained and asked.duration is not None and asked.duration > _HOUR:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining",
        )
    facts = SessionFacts(kind=SessionKind.ROLE, mfa_at=mfa_at)
    opened = await open_session(call, role, asked, facts)
    if role.account_id != caller.account_id:
        await _tell_owner(call, role)
    return opened


def _chained(session: SessionFacts | None, given: SessionRequest) -> SessionRequest:
    """Add what the caller's own session hands on: transitive tags and the source identity."""
    if session is None:
        return given
    inherited = session.inherited
    if {key.lower() for key in inherited} & {key.lower() for key, _ in given.tags}:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            "One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session.",
        )
    kept, wanted = session.source_identity, given.source_identity
    if kept and wanted and kept != wanted:
        raise AccessDenied("SourceIdentity of the calling session can't be changed.", None)
    return replace(
        given,
        tags=(*inherited.items(), *given.tags),
        transitive=(*inherited, *given.transitive),
        source_identity=kept or wanted,
    )


async def proven_at(call: Call, factor: SecondFactor | None) -> datetime | None:
    """Return when the caller proved a second factor in this call: now, or not at all.

    Raises:
        OperationRefused: ACCESS_DENIED.
    """
    if factor is None:
        return None
    user_name = call.caller.principal.user_name
    if user_name is None:
        raise AccessDenied("MultiFactorAuthentication failed, must be an IAM user.", None)
    await verify_code(call.world, call.caller.account_id, user_name, factor.serial, factor.code)
    return call.time


def account_of_role(arn: str) -> str:
    """Return the account in the ARN of a role.

    Raises:
        OperationRefused: INVALID_VALUE: it is no role's ARN.
    """
    found = _ARN.fullmatch(arn)
    if found is None:
        raise OperationRefused(Problem.INVALID_VALUE, f"{arn} is invalid")
    return found[1]


async def find_role(world: World, arn: str) -> Role | None:
    """Return the role of this very ARN, in whatever account.

    Raises:
        OperationRefused: INVALID_VALUE: it is no role's ARN.
    """
    account_id, name = account_of_role(arn), arn.rpartition("/")[2]
    role = await world.store.glance(account_id, lambda tx: tx.identities.role(name))
    return role if role is not None and role.arn == arn else None


def trust_of(role: Role | None) -> PolicySource:
    """Return the trust policy of a role; one that does not exist trusts nobody."""
    return trust_policy(role) if role is not None else _NOBODY


def _questions(
    asked: RoleRequest, role: Role | None, mfa_at: datetime | None
) -> Iterator[Question]:
    """Yield what must be allowed: the role, its tags, its source identity."""
    given = asked.session
    facts = {
        "sts:RoleSessionName": asked.session_name,
        "sts:ExternalId": asked.external_id,
        "sts:SourceIdentity": given.source_identity,
    }
    extra: dict[str, tuple[str, ...]] = {key: (value,) for key, value in facts.items() if value}
    tags = role.tags if role is not None else {}
    extra |= {f"iam:ResourceTag/{key}": (value,) for key, value in tags.items()}
    if given.transitive:
        extra["sts:TransitiveTagKeys"] = given.transitive
    question = Question(
        action="sts:AssumeRole",
        resources=(asked.role_arn,),
        tags=tags,
        request_tags=dict(given.tags),
        extra=extra,
        trust=trust_of(role),
        mfa_at=mfa_at,
    )
    yield question
    if given.tags:
        yield replace(question, action="sts:TagSession")
    if given.source_identity:
        yield replace(question, action="sts:SetSourceIdentity")


def _unknown(call: Call, arn: str) -> AccessDenied:
    """What no policy forbade and nobody can have allowed."""
    return AccessDenied(
        f"User: {call.caller.principal.arn} is not authorized to perform: {call.action} on "
        f"resource: {arn}",
        None,
    )


async def open_session(
    call: Call, role: Role, asked: RoleRequest, facts: SessionFacts
) -> AssumedRole:
    """Open a session that is allowed; ``facts`` are those that the caller did not give.

    Raises:
        OperationRefused: INVALID_VALUE, PACKED_POLICY_TOO_LARGE.
    """
    lifetime = asked.duration or _HOUR
    if lifetime > role.max_session:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    given = asked.session
    await call.world.store.glance(
        role.account_id, lambda tx: check_policy_arns(tx, given.policy_arns)
    )
    facts = replace(
        facts,
        policy=given.policy,
        policy_arns=given.policy_arns,
        tags=given.tags,
        transitive=given.transitive,
        source_identity=given.source_identity,
    )
    new = NewSession(of=role, facts=facts, lifetime=lifetime, bearer=asked.session_name)
    credentials = issue(call.world, new)
    principal = Principal.role_session(
        role.arn,
        asked.session_name,
        role_id=role.role_id,
        tags=overlaid(role.tags, dict(given.tags)),
    )
    named = {"assumedRoleId": principal.user_id, "arn": principal.arn}
    call.response = told_of(credentials, assumedRoleUser=named)
    return AssumedRole(
        credentials=credentials,
        principal=principal,
        source_identity=given.source_identity,
        packed_percent=percent_of(facts, given),
    )


async def _tell_owner(call: Call, role: Role) -> None:
    """The account of the role learns too who has become its role."""
    event = replace(call.event(), event_id=str(call.world.entropy.uuid()))
    await call.world.audit.put(role.account_id, event)
