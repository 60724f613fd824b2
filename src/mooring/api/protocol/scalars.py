"""Values without members, from text: what query strings, forms, headers and paths hold.

Source: Smithy's HTTP binding and AWS query protocol pages. Times are ISO 8601, RFC 822 or epoch
seconds; all become aware times in UTC.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.model import Shape

from mooring.api.protocol.errors import InvalidInput

__all__ = ["INTEGER_LIMITS", "blob_of", "text_reader", "time_of_number", "time_of_text"]

INTEGER_LIMITS = {"integer": 2**31, "long": 2**63}

_INTEGER = re.compile(r"[-+]?[0-9]{1,20}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?|-?Infinity|NaN")
_EPOCH = re.compile(r"-?[0-9]{1,14}(?:\.[0-9]{1,9})?")


def time_of_number(seconds: float) -> datetime:
    """Return the time that is so many seconds after the epoch."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise InvalidInput(f"`{str(seconds)[:64]}` is no time, expected epoch seconds") from exc


def time_of_text(text: str) -> datetime:
    """Return the time that a text names in any of the three forms."""
    try:
        if _EPOCH.fullmatch(text):
            return time_of_number(float(text))
        found = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise InvalidInput(f"`{text[:64]}` is no time, expected ISO 8601") from exc


def blob_of(text: str) -> bytes:
    """Return the bytes of a base64 text."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidInput("blob is not base64") from exc


def text_reader(shape: Shape) -> Callable[[str], Any]:
    """Return what turns a text into the value of a shape without members."""
    reader = _READERS.get(shape.type_name)
    if reader is None:
        raise InvalidInput(f"a {shape.type_name} cannot be given as one text")
    return reader


def _string(text: str) -> str:
    return text


def _boolean(text: str) -> bool:
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise InvalidInput(f"`{text[:64]}` is no boolean, expected true or false")
    return lowered == "true"


def _whole(text: str, limit: int) -> int:
    if not _INTEGER.fullmatch(text) or not -limit <= int(text) < limit:
        raise InvalidInput(f"`{text[:64]}` is no integer, or too large")
    return int(text)


def _integer(text: str) -> int:
    return _whole(text, INTEGER_LIMITS["integer"])


def _long(text: str) -> int:
    return _whole(text, INTEGER_LIMITS["long"])


def _float(text: str) -> float:
    if not _FLOAT.fullmatch(text):
        raise InvalidInput(f"`{text[:64]}` is no number")
    return float(text)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "string": _string,
    "character": _string,
    "boolean": _boolean,
    "integer": _integer,
    "long": _long,
    "float": _float,
    "double": _float,
    "timestamp": time_of_text,
    "blob": blob_of,
}
