"""Access keys: what a key id and a session token stand for, and the temporary ones we issue.

Temporary credentials are not stored: their session token is everything about them. They are good
while their role or user exists, is the same one, and has not revoked the sessions of its time;
a node's while the node exists, those of GetSessionToken and GetFederationToken while the key
that asked for them is active, those of a command line while its grant is kept.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from mooring.iam.identity import KeyStatus, Role, User
from mooring.iam.principal import Principal
from mooring.iam.session_facts import SessionFacts, SessionKind, overlaid
from mooring.operations.caller import Caller, Origin
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_tokens import (
    SessionToken,
    facts_of,
    micros,
    moment,
    open_token,
    packed,
    seal,
)
from mooring.operations.world import World
from mooring.ports.tables import Transaction
from mooring.secret import Secret
from mooring.wire.ids import ENTROPY_BYTES, AccessKeyKind, new_access_key_id

__all__ = [
    "NewSession",
    "ResolvedKey",
    "TemporaryCredentials",
    "caller_of",
    "check_expiry",
    "issue",
    "issue_role_credentials",
    "new_secret",
    "renewal",
    "resolve",
    "secret_context",
    "told_of",
]

_SECRET_BYTES = 30
_UNKNOWN = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_PLAIN_ROLE = SessionFacts(kind=SessionKind.ROLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedKey:
    """What a signature is checked against, and who has signed when it is right."""

    account_id: str
    secret: Secret
    principal: Principal
    node_id: str = ""
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    session: SessionFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryCredentials:
    """Keys that end by themselves."""

    access_key_id: str
    secret: Secret
    session_token: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """Temporary credentials that are to be made.

    Attributes:
        of: whose they are.
        facts: what they carry; the kind must fit ``of``.
        bearer: the role session's name, for a node its id; or the federated user's name.
        node_id: of the node that they are for; empty for none.
        key_id: the user's access key that asks for them; while it is not active, they are not.
        grant_id: the grant they are fetched with; once it is forgotten, so are they.
        issued_at: when the session began that they go on with; None for one that begins now.
    """

    of: Role | User
    facts: SessionFacts
    lifetime: timedelta
    bearer: str = ""
    node_id: str = ""
    key_id: str = ""
    grant_id: str = ""
    issued_at: datetime | None = None


def new_secret(world: World) -> Secret:
    """Return 40 characters of a secret access key."""
    return Secret(base64.b64encode(world.entropy.bytes(_SECRET_BYTES)).decode())


def issue(world: World, new: NewSession) -> TemporaryCredentials:
    """Make temporary credentials; nobody is asked whether they may be.

    Raises:
        OperationRefused: PACKED_POLICY_TOO_LARGE.
    """
    now = world.clock.now()
    expires = now + new.lifetime
    key_id = new_access_key_id(AccessKeyKind.TEMPORARY, world.entropy.bytes(ENTROPY_BYTES))
    secret = new_secret(world)
    token = SessionToken(
        kind=new.facts.kind,
        account_id=new.of.account_id,
        access_key_id=key_id,
        secret=secret.reveal(),
        of=new.of.name,
        of_id=new.of.role_id if isinstance(new.of, Role) else new.of.user_id,
        bearer=new.bearer,
        node_id=new.node_id,
        key_id=new.key_id,
        grant_id=new.grant_id,
        issued=micros(new.issued_at or now),
        expires=micros(expires),
        mfa_at=None if new.facts.mfa_at is None else micros(new.facts.mfa_at),
        packed=packed(new.facts),
    )
    return TemporaryCredentials(
        access_key_id=key_id, secret=secret, session_token=seal(world, token), expires_at=expires
    )


def told_of(issued: TemporaryCredentials, **rest: Mapping[str, str]) -> str:
    """Return what the audit log keeps of an answer with credentials: no secret, no token."""
    credentials = {
        "accessKeyId": issued.access_key_id,
        "expiration": issued.expires_at.isoformat(),
    }
    return msgspec.json.encode({"credentials": credentials, **rest}).decode()


def issue_role_credentials(
    world: World, role: Role, *, session_name: str, node_id: str, lifetime: timedelta
) -> TemporaryCredentials:
    """Make credentials of a role session; for a node, ``session_name`` is its id."""
    new = NewSession(
        of=role, facts=_PLAIN_ROLE, lifetime=lifetime, bearer=session_name, node_id=node_id
    )
    return issue(world, new)


async def resolve(world: World, access_key_id: str, session_token: str) -> ResolvedKey:
    """Find the secret of a key; an inactive one is as good as none.

    Raises:
        OperationRefused: UNKNOWN_KEY. An expired token resolves: its signature is looked at first.
    """
    if session_token:
        return await _resolve_session(world, access_key_id, session_token)
    account_id = await world.store.find(lambda look: look.account_of_access_key(access_key_id))
    if account_id is None:
        raise OperationRefused(Problem.UNKNOWN_KEY, _UNKNOWN)
    return await world.store.glance(account_id, lambda tx: _long_term(world, tx, access_key_id))


def caller_of(
    key: ResolvedKey, access_key_id: str, session_token: str, *, region: str, origin: Origin
) -> Caller:
    """Return who signed with a key.

    The one place that makes a caller of credentials: of a request, and again when a session that
    was started with them is asked about later.
    """
    return Caller(
        account_id=key.account_id,
        region=region,
        principal=key.principal,
        origin=origin,
        access_key_id=access_key_id,
        node_id=key.node_id,
        issued_at=key.issued_at,
        session=key.session,
        session_token=Secret(session_token),
    )


def check_expiry(key: ResolvedKey, now: datetime) -> None:
    """Return while the key is good.

    Raises:
        OperationRefused: EXPIRED_TOKEN.
    """
    if key.expires_at is not None and now >= key.expires_at:
        raise OperationRefused(Problem.EXPIRED_TOKEN, _EXPIRED)


def _long_term(world: World, tx: Transaction, access_key_id: str) -> ResolvedKey:
    key = tx.identities.access_key(access_key_id)
    user = tx.identities.user(key.user_name) if key is not None else None
    if key is None or user is None or key.status is not KeyStatus.ACTIVE:
        raise OperationRefused(Problem.UNKNOWN_KEY, _UNKNOWN)
    secret = world.keys.open(key.sealed_secret, context=secret_context(access_key_id))
    return ResolvedKey(
        account_id=user.account_id,
        secret=Secret(secret.decode()),
        principal=Principal.user(
            user.account_id, user.name, user_id=user.user_id, path=user.path, tags=user.tags
        ),
    )


def secret_context(access_key_id: str) -> dict[str, str]:
    """Name what a sealed secret belongs to, so that it opens for no other key."""
    return {"kind": "access-key", "id": access_key_id}


async def _resolve_session(world: World, access_key_id: str, session_token: str) -> ResolvedKey:
    token = open_token(world, session_token)
    if token is None or token.access_key_id != access_key_id:
        raise OperationRefused(Problem.UNKNOWN_KEY, _UNKNOWN)
    principal = await world.store.glance(token.account_id, lambda tx: _principal(tx, token))
    if principal is None:
        raise OperationRefused(Problem.UNKNOWN_KEY, _UNKNOWN)
    return ResolvedKey(
        account_id=token.account_id,
        secret=Secret(token.secret),
        principal=principal,
        node_id=token.node_id,
        issued_at=moment(token.issued),
        expires_at=moment(token.expires),
        session=facts_of(token),
    )


def renewal(world: World, tx: Transaction, session_token: str) -> NewSession | None:
    """Return the role session of a token anew, with its facts and to its end; None once it ended.

    Who holds no more than the token, such as the server for a browser, can have keys of the
    session in this way; nobody is asked whether they may.
    """
    token = open_token(world, session_token)
    if token is None or token.kind is not SessionKind.ROLE:
        return None
    left = moment(token.expires) - world.clock.now()
    role = tx.identities.role(token.of)
    if role is None or _role_session(tx, token) is None or left <= timedelta():
        return None
    # A policy that denies by aws:TokenIssueTime what was issued before means these too.
    return NewSession(
        of=role,
        facts=facts_of(token),
        lifetime=left,
        bearer=token.bearer,
        issued_at=moment(token.issued),
    )


def _principal(tx: Transaction, token: SessionToken) -> Principal | None:
    """Return who the token stands for; None when it is good no more."""
    if token.kind is SessionKind.ROLE:
        return _role_session(tx, token)
    user = tx.identities.user(token.of)
    if user is None or user.user_id != token.of_id or not _is_still_granted(tx, token):
        return None
    if token.kind is SessionKind.FEDERATED:
        tags = overlaid(user.tags, dict(facts_of(token).tags))
        return Principal.federated_user(user.account_id, token.bearer, tags=tags)
    return Principal.user(
        user.account_id, user.name, user_id=user.user_id, path=user.path, tags=user.tags
    )


def _is_still_granted(tx: Transaction, token: SessionToken) -> bool:
    """Tell whether the key or the grant that a session came from is still good."""
    if token.key_id:
        key = tx.identities.access_key(token.key_id)
        user = tx.identities.user(token.of)
        is_own = key is not None and user is not None and key.user_name == user.name
        if key is None or not is_own or key.status is not KeyStatus.ACTIVE:
            return False
    if token.grant_id:
        grant = tx.web_sessions.grant(token.grant_id)
        return grant is not None and grant.user_id.partition(":")[0] == token.of_id
    return True


def _role_session(tx: Transaction, token: SessionToken) -> Principal | None:
    role = tx.identities.role(token.of)
    if role is None or role.role_id != token.of_id or not _is_still_granted(tx, token):
        return None
    is_node_gone = bool(token.node_id) and tx.nodes.get(token.node_id) is None
    is_revoked = role.revoked_before is not None and moment(token.issued) < role.revoked_before
    if is_node_gone or is_revoked:
        return None
    tags = overlaid(role.tags, dict(facts_of(token).tags)) if token.packed else role.tags
    return Principal.role_session(role.arn, token.bearer, role_id=role.role_id, tags=tags)
