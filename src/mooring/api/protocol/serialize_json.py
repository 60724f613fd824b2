"""Values into JSON: json 1.0, json 1.1 and the bodies of rest-json.

Times are epoch seconds unless the model says otherwise, blobs are base64, absent members are left
out. A member that the model lacks is our bug, and is refused rather than sent.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from mooring.wire.errors import LocalProtocolError

__all__ = ["Writer", "compile_json", "compile_members", "number_text", "time_text"]

Writer = Callable[[Any], Any]
_Memo = dict[tuple[str, str], list[Writer | None]]


def compile_json(shape: Shape) -> Writer:
    """Return what turns a value of the shape into something a JSON encoder takes."""
    return _compiled(shape, {}) or _same


def compile_members(members: Mapping[str, Shape]) -> Writer:
    """Return a writer of an object that holds only these members of a structure."""
    return _structure(members, {})


def _same(value: Any) -> Any:  # noqa: ANN401 - as the model says
    return value


def _compiled(shape: Shape, memo: _Memo) -> Writer | None:
    """Return the writer, or None where the value is written as it is."""
    if shape.type_name not in ("structure", "list", "map"):
        return _scalar(shape)
    key = (shape.name, shape.type_name)
    if key in memo:
        slot = memo[key]
        return slot[0] if slot else _later(slot)
    slot = memo[key] = []
    made: Writer | None
    if isinstance(shape, StructureShape):
        made = None if shape.is_document_type else _structure(shape.members, memo)
    elif isinstance(shape, ListShape):
        made = _list(_compiled(shape.member, memo))
    elif isinstance(shape, MapShape):
        made = _map(_compiled(shape.value, memo))
    else:
        raise TypeError(f"no writer for the type `{shape.type_name}`")
    slot.append(made)
    return made


def _later(slot: list[Writer | None]) -> Writer:
    """Return a writer of a shape that holds itself, looked up when it is used."""

    def write(value: Any) -> Any:  # noqa: ANN401 - as the model says
        real = slot[0]
        return value if real is None else real(value)

    return write


def _structure(members: Mapping[str, Shape], memo: _Memo) -> Writer:
    writers = {
        name: (member.serialization.get("name", name), _compiled(member, memo))
        for name, member in members.items()
    }

    def write(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a mapping
        out = {}
        for name, item in value.items():
            if item is None:
                continue
            found = writers.get(name)
            if found is None:
                raise LocalProtocolError(f"the model has no member `{name}`")
            out[found[0]] = item if found[1] is None else found[1](item)
        return out

    return write


def _list(member: Writer | None) -> Writer | None:
    return None if member is None else lambda value: [member(item) for item in value]


def _map(member: Writer | None) -> Writer | None:
    if member is None:
        return None
    return lambda value: {key: member(item) for key, item in value.items()}


def _scalar(shape: Shape) -> Writer | None:
    if shape.type_name == "blob":
        return lambda value: base64.b64encode(value).decode("ascii")
    if shape.type_name in ("float", "double"):
        return _float
    if shape.type_name != "timestamp":
        return None
    style = shape.serialization.get("timestampFormat", "unixtimestamp").lower()
    return _epoch if style == "unixtimestamp" else lambda value: time_text(value, style)


def _float(value: float) -> float | str:
    return value if math.isfinite(value) else number_text(value)


def _epoch(value: datetime) -> float:
    seconds = _aware(value).timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise LocalProtocolError("a time without a zone cannot be sent")
    return value


def time_text(value: datetime, style: str) -> str:
    """Return a time as text: ``iso8601``, ``rfc822`` or ``unixtimestamp``."""
    moment = _aware(value).astimezone(UTC)
    if style == "rfc822":
        return format_datetime(moment, usegmt=True)
    if style == "unixtimestamp":
        return str(_epoch(moment))
    return moment.replace(tzinfo=None).isoformat() + "Z"


def number_text(value: float) -> str:
    """Return a number as text, with the names that AWS gives to those JSON lacks."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)
