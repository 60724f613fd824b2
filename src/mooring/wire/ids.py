"""Identifiers as AWS writes them: read, and made from entropy that the caller brings.

=================  =====================================================
node               ``mi-`` (hybrid) or ``i-`` (instance) + 17 hex digits
session            name of the user or role session, ``-``, 17 hex digits; 96 at most
activation         UUID
account            12 digits
access key         ``AKIA`` or ``ASIA`` + 16 letters and digits
unique id of IAM   four letters for the kind + 17 letters and digits
=================  =====================================================

Source: the AWS IAM and Systems Manager references. Session ids become directory names and
arguments on the node, so they hold no character that a path or a shell would notice.
"""

from __future__ import annotations

import base64
import re
from enum import StrEnum
from typing import NewType
from uuid import UUID

from mooring.wire.errors import LocalProtocolError, RemoteProtocolError

__all__ = [
    "ENTROPY_BYTES",
    "AccessKeyId",
    "AccessKeyKind",
    "AccountId",
    "ActivationId",
    "NodeId",
    "NodeKind",
    "SessionId",
    "UniqueId",
    "UniqueIdKind",
    "new_access_key_id",
    "new_account_id",
    "new_activation_id",
    "new_node_id",
    "new_session_id",
    "new_unique_id",
    "node_kind",
    "parse_access_key_id",
    "parse_account_id",
    "parse_activation_id",
    "parse_node_id",
    "parse_session_id",
    "parse_unique_id",
    "session_id_suffix",
]

NodeId = NewType("NodeId", str)
SessionId = NewType("SessionId", str)
ActivationId = NewType("ActivationId", str)
AccountId = NewType("AccountId", str)
AccessKeyId = NewType("AccessKeyId", str)
UniqueId = NewType("UniqueId", str)

ENTROPY_BYTES = 16
"""Random bytes that every ``new_`` function wants; it takes what its id has room for."""

_HEX_DIGITS = 17
_MAX_SESSION_ID = 96

_NODE = re.compile(r"(mi|i)-[0-9a-f]{17}")
_SESSION_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+")
_SESSION = re.compile(r"[A-Za-z0-9_+=,.@-]+-[0-9a-f]{17}")
_ACTIVATION = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ACCESS_KEY = re.compile(r"(AKIA|ASIA)[A-Z0-9]{16}")
_UNIQUE = re.compile(r"[A-Z]{4}[A-Z0-9]{17}")


class NodeKind(StrEnum):
    """What a node is, as the prefix of its id."""

    MANAGED_INSTANCE = "mi"
    INSTANCE = "i"


class AccessKeyKind(StrEnum):
    """How long an access key lives, as the prefix of its id."""

    LONG_TERM = "AKIA"
    TEMPORARY = "ASIA"


class UniqueIdKind(StrEnum):
    """What an IAM unique id names, as its prefix."""

    USER = "AIDA"
    ROLE = "AROA"
    GROUP = "AGPA"
    MANAGED_POLICY = "ANPA"
    INSTANCE_PROFILE = "AIPA"


def parse_node_id(text: str) -> NodeId:
    """Read a node id.

    Raises:
        RemoteProtocolError: it is none; the same for every ``parse_`` function here.
    """
    return NodeId(_matched(_NODE, text, "node id"))


def parse_session_id(text: str) -> SessionId:
    """Read a session id."""
    if len(text) > _MAX_SESSION_ID:
        raise RemoteProtocolError(
            f"session id of {len(text)} characters, limit is {_MAX_SESSION_ID}"
        )
    return SessionId(_matched(_SESSION, text, "session id"))


def parse_activation_id(text: str) -> ActivationId:
    """Read an activation id; AWS takes capital letters too, and so its clients may send them."""
    return ActivationId(_matched(_ACTIVATION, text.lower(), "activation id"))


def parse_account_id(text: str) -> AccountId:
    """Read an account id."""
    return AccountId(_matched(_ACCOUNT, text, "account id"))


def parse_access_key_id(text: str) -> AccessKeyId:
    """Read the id of a user's or a role session's access key; nodes sign with their node id."""
    return AccessKeyId(_matched(_ACCESS_KEY, text, "access key id"))


def parse_unique_id(text: str) -> UniqueId:
    """Read the unique id of a user, role, group or policy."""
    unique_id = _matched(_UNIQUE, text, "unique id")
    if unique_id[:4] not in set(UniqueIdKind):
        raise RemoteProtocolError(f"`{text}` is not a unique id")
    return UniqueId(unique_id)


def node_kind(node_id: NodeId) -> NodeKind:
    """Tell a hybrid node from an instance."""
    return NodeKind(node_id.partition("-")[0])


def session_id_suffix(session_id: SessionId) -> str:
    """Return the 17 hex digits at the end, which no other session shares."""
    return session_id[-_HEX_DIGITS:]


def new_node_id(kind: NodeKind, entropy: bytes) -> NodeId:
    """Make a node id."""
    return NodeId(f"{kind}-{_hex(entropy)}")


def new_session_id(name: str, entropy: bytes) -> SessionId:
    """Make the id of a session that belongs to ``name``.

    Raises:
        LocalProtocolError: ``name`` holds a character that no user or role session name has.
    """
    if not _SESSION_NAME.fullmatch(name):
        raise LocalProtocolError(f"`{name}` is not the name of a user or role session")
    session_id = f"{name}-{_hex(entropy)}"
    if len(session_id) > _MAX_SESSION_ID:
        raise LocalProtocolError(f"name of {len(name)} characters is too long for a session id")
    return SessionId(session_id)


def new_activation_id(entropy: bytes) -> ActivationId:
    """Make an activation id."""
    return ActivationId(str(UUID(bytes=_enough(entropy)[:16], version=4)))


def new_account_id(entropy: bytes) -> AccountId:
    """Make an account id; never one with a leading zero, which spreadsheets eat."""
    return AccountId(str(10**11 + int.from_bytes(_enough(entropy)) % (9 * 10**11)))


def new_access_key_id(kind: AccessKeyKind, entropy: bytes) -> AccessKeyId:
    """Make the id of an access key."""
    return AccessKeyId(kind + _letters(entropy, 16))


def new_unique_id(kind: UniqueIdKind, entropy: bytes) -> UniqueId:
    """Make an IAM unique id."""
    return UniqueId(kind + _letters(entropy, 17))


def _matched(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise RemoteProtocolError(f"`{text[:_MAX_SESSION_ID]}` is not a valid {what}")
    return text


def _hex(entropy: bytes) -> str:
    return _enough(entropy).hex()[:_HEX_DIGITS]


def _letters(entropy: bytes, count: int) -> str:
    return base64.b32encode(_enough(entropy)).decode()[:count]


def _enough(entropy: bytes) -> bytes:
    if len(entropy) < ENTROPY_BYTES:
        raise LocalProtocolError(f"{len(entropy)} bytes of entropy, an id needs {ENTROPY_BYTES}")
    return entropy
