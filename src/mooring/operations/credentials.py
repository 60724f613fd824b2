"""Access keys: what a key id and a session token stand for, and the temporary ones we issue.

Temporary credentials are not stored. The session token is everything about them, sealed by the
key ring; it is good while its role (and, for a node's, the node) exists, is the same one, and has
not revoked the sessions of its time.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from mooring.iam.identity import KeyStatus, Role
from mooring.iam.principal import Principal
from mooring.operations.caller import Caller, Origin
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.world import World
from mooring.ports.tables import Transaction
from mooring.secret import Secret
from mooring.wire.ids import ENTROPY_BYTES, AccessKeyKind, new_access_key_id

__all__ = [
    "ResolvedKey",
    "TemporaryCredentials",
    "caller_of",
    "check_expiry",
    "issue_role_credentials",
    "new_secret",
    "resolve",
    "secret_context",
]

_TOKEN_CONTEXT = {"kind": "session-token"}
_SECRET_BYTES = 30
_UNKNOWN = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"


class _SessionToken(msgspec.Struct, frozen=True):
    account_id: str
    access_key_id: str
    secret: str
    role_name: str
    role_id: str
    session_name: str
    node_id: str
    issued: int
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedKey:
    """What a signature is checked against, and who has signed when it is right."""

    account_id: str
    secret: Secret
    principal: Principal
    node_id: str = ""
    issued_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryCredentials:
    """Keys that end by themselves."""

    access_key_id: str
    secret: Secret
    session_token: Secret
    expires_at: datetime


def new_secret(world: World) -> Secret:
    """Return 40 characters of a secret access key."""
    return Secret(base64.b64encode(world.entropy.bytes(_SECRET_BYTES)).decode())


def issue_role_credentials(
    world: World, role: Role, *, session_name: str, node_id: str, lifetime: timedelta
) -> TemporaryCredentials:
    """Make credentials of a role session; for a node, ``session_name`` is its id."""
    now = world.clock.now()
    expires = now + lifetime
    entropy = world.entropy.bytes(ENTROPY_BYTES)
    key_id = new_access_key_id(AccessKeyKind.TEMPORARY, entropy)
    secret = new_secret(world)
    token = _SessionToken(
        account_id=role.account_id,
        access_key_id=key_id,
        secret=secret.reveal(),
        role_name=role.name,
        role_id=role.role_id,
        session_name=session_name,
        node_id=node_id,
        issued=_to_us(now),
        expires=_to_us(expires),
    )
    sealed = world.keys.seal(msgspec.json.encode(token), context=_TOKEN_CONTEXT)
    return TemporaryCredentials(
        access_key_id=key_id,
        secret=secret,
        session_token=Secret(base64.b64encode(sealed).decode()),
        expires_at=expires,
    )


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
    try:
        sealed = _unspelled(session_token)
        opened = world.keys.open(sealed, context=_TOKEN_CONTEXT)
        token = msgspec.json.decode(opened, type=_SessionToken)
    except (ValueError, msgspec.DecodeError) as exc:
        raise OperationRefused(Problem.UNKNOWN_KEY, _UNKNOWN) from exc
    if token.access_key_id != access_key_id:
        raise OperationRefused(Problem.UNKNOWN_KEY, _UNKNOWN)
    return await world.store.glance(token.account_id, lambda tx: _role_session(tx, token))


def _unspelled(text: str) -> bytes:
    """Read base64 in its one spelling, so that no other text is the same token."""
    sealed = base64.b64decode(text, validate=True)
    if base64.b64encode(sealed).decode() != text:
        raise ValueError("not the one spelling of base64")
    return sealed


def _role_session(tx: Transaction, token: _SessionToken) -> ResolvedKey:
    issued = _from_us(token.issued)
    role = tx.identities.role(token.role_name)
    if role is None or role.role_id != token.role_id:
        raise OperationRefused(Problem.UNKNOWN_KEY, _UNKNOWN)
    is_node_gone = bool(token.node_id) and tx.nodes.get(token.node_id) is None
    is_revoked = role.revoked_before is not None and issued < role.revoked_before
    if is_node_gone or is_revoked:
        raise OperationRefused(Problem.UNKNOWN_KEY, _UNKNOWN)
    return ResolvedKey(
        account_id=token.account_id,
        secret=Secret(token.secret),
        principal=Principal.role_session(
            role.arn, token.session_name, role_id=role.role_id, tags=role.tags
        ),
        node_id=token.node_id,
        issued_at=issued,
        expires_at=_from_us(token.expires),
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _to_us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _from_us(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)
