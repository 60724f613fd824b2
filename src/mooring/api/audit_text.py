"""A call's input as its audit event keeps it: in CloudTrail's spelling, bounded, without secrets.

A member is hidden when its shape has the model's ``sensitive`` trait, or when its name sounds
like a secret and is not on the reviewed list of names that only sound so. So a new operation
hides too much rather than too little, and nobody has to remember. What the model does not know
is left out.

CloudTrail writes structure members with a small first letter, and a hidden value as
``HIDDEN_DUE_TO_SECURITY_REASONS`` (CloudTrail User Guide, "CloudTrail record contents").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from botocore.model import ListShape, MapShape, Shape, StructureShape

__all__ = ["HARMLESS", "HIDDEN", "MAX_TEXT", "audit_text", "is_secret"]

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
MAX_TEXT = 32 * 1024

_SOUNDS_SECRET = re.compile(
    r"password|passphrase|secret|token|code|seed|credential|private|assertion|cookie", re.IGNORECASE
)

HARMLESS = frozenset(
    {
        "AllowUsersToChangePassword",
        "ClientRequestToken",
        "ClientToken",
        "MaxPasswordAge",
        "MinimumPasswordLength",
        "NextToken",
        "PasswordResetRequired",
        "PasswordReusePrevention",
        "PrivateDnsEnabled",
        "PrivateIpAddress",
        "ResponseCode",
        "StatusCode",
    }
)
"""Names that sound like secrets and were looked at: they are none."""


def is_secret(name: str, shape: Shape) -> bool:
    """Tell whether a member's value must not be kept."""
    if shape.metadata.get("sensitive", False):
        return True
    return name not in HARMLESS and _SOUNDS_SECRET.search(name) is not None


def audit_text(given: Mapping[str, Any], shape: Shape | None) -> str:
    """Return the input as JSON."""
    kept = _kept(given, shape) if isinstance(shape, StructureShape) else {}
    text = msgspec.json.encode(kept, enc_hook=str).decode()
    return text if len(text) <= MAX_TEXT else '{"omitted":"too large"}'


def _kept(value: Any, shape: Shape) -> object:  # noqa: ANN401 - any member of any input
    if isinstance(shape, StructureShape):
        return {
            name[:1].lower() + name[1:]: _member(name, value[name], member)
            for name, member in shape.members.items()
            if name in value
        }
    if isinstance(shape, ListShape):
        return [_kept(item, shape.member) for item in value]
    if isinstance(shape, MapShape):
        return {str(key): _member(str(key), item, shape.value) for key, item in value.items()}
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value.isoformat() if isinstance(value, datetime) else value


def _member(name: str, value: Any, shape: Shape) -> object:  # noqa: ANN401 - any member
    if is_secret(name, shape):
        return HIDDEN
    if isinstance(shape, ListShape) and shape.member.metadata.get("sensitive", False):
        return HIDDEN
    return _kept(value, shape)
