"""The session token: everything about temporary credentials, sealed, so that nothing is stored.

Its form is ours alone: a MessagePack array, sealed by the key ring, in base64. What the caller
gave (policies and tags) is compressed, and bounded as AWS bounds its packed size.
"""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta

import msgspec

from mooring.iam.session_facts import SessionFacts, SessionKind
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.world import World
from mooring.secret import Secret

__all__ = [
    "SessionToken",
    "facts_of",
    "micros",
    "moment",
    "open_token",
    "packed",
    "packed_percent",
    "seal",
]

_CONTEXT = {"kind": "session-token"}
_PACKED_SIZE = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    policy: str
    policy_arns: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    transitive: tuple[str, ...]
    source_identity: str
    provider: str
    identity_keys: tuple[tuple[str, str], ...]


class SessionToken(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is sealed.

    Attributes:
        of: name of the role, or of the user.
        of_id: its unique id: one made again under the same name is another.
        bearer: the role session's name, or the federated user's.
        key_id: the access key that asked for a user's session; empty for a sign-in.
        grant_id: the grant that a user's keys were fetched with; empty for none.
        issued: microseconds since 1970, as all times here.
        packed: the facts of the session that are empty for most.
    """

    kind: SessionKind
    account_id: str
    access_key_id: str
    secret: str
    of: str
    of_id: str
    bearer: str
    node_id: str
    key_id: str
    grant_id: str
    issued: int
    expires: int
    mfa_at: int | None
    packed: bytes


def packed(facts: SessionFacts) -> bytes:
    """Return what was given with a session, compressed; empty when nothing was.

    Raises:
        OperationRefused: PACKED_POLICY_TOO_LARGE.
    """
    given = _Packed(
        facts.policy,
        facts.policy_arns,
        facts.tags,
        facts.transitive,
        facts.source_identity,
        facts.provider,
        facts.identity_keys,
    )
    if not any(msgspec.structs.astuple(given)):
        return b""
    content = zlib.compress(msgspec.msgpack.encode(given))
    percent = packed_percent(content)
    if percent > 100:
        what = "policy" if facts.policy or facts.policy_arns else "size of session tags"
        advice = ", please use smaller policy" if what == "policy" else ""
        raise OperationRefused(
            Problem.PACKED_POLICY_TOO_LARGE,
            f"Packed {what} consumes {percent}% of allotted space{advice}.",
        )
    return content


def packed_percent(content: bytes) -> int:
    """Return how much of the space for policies and tags is used, in percent, rounded up."""
    return -(-len(content) * 100 // _PACKED_SIZE)


def seal(world: World, token: SessionToken) -> Secret:
    """Return the text of a token."""
    sealed = world.keys.seal(msgspec.msgpack.encode(token), context=_CONTEXT)
    return Secret(base64.b64encode(sealed).decode())


def open_token(world: World, text: str) -> SessionToken | None:
    """Read a token; None when it is not one of ours, to the last byte."""
    try:
        opened = world.keys.open(_unspelled(text), context=_CONTEXT)
        return msgspec.msgpack.decode(opened, type=SessionToken)
    except (ValueError, msgspec.DecodeError):
        return None


def _unspelled(text: str) -> bytes:
    """Read base64 in its one spelling, so that no other text is the same token."""
    sealed = base64.b64decode(text, validate=True)
    if base64.b64encode(sealed).decode() != text:
        raise ValueError("not the one spelling of base64")
    return sealed


def facts_of(token: SessionToken) -> SessionFacts:
    """Return the facts that a token holds."""
    mfa_at = None if token.mfa_at is None else moment(token.mfa_at)
    issuer = token.of if token.kind is SessionKind.FEDERATED else ""
    if not token.packed:
        return SessionFacts(kind=token.kind, mfa_at=mfa_at, issuer=issuer)
    given = msgspec.msgpack.decode(zlib.decompress(token.packed), type=_Packed)
    return SessionFacts(
        kind=token.kind,
        mfa_at=mfa_at,
        policy=given.policy,
        policy_arns=given.policy_arns,
        tags=given.tags,
        transitive=given.transitive,
        source_identity=given.source_identity,
        provider=given.provider,
        identity_keys=given.identity_keys,
        issuer=issuer,
    )


def moment(value: int) -> datetime:
    """Return the time that a token writes as a number."""
    return _EPOCH + timedelta(microseconds=value)


def micros(value: datetime) -> int:
    """Return the number that a token writes for a time."""
    return (value - _EPOCH) // timedelta(microseconds=1)
