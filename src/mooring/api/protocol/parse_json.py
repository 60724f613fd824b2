"""JSON bodies into values: json 1.0, json 1.1 and the bodies of rest-json.

Each shape becomes one function, made once per operation, so that a call costs a walk over what was
sent and nothing more. Members that the model lacks are ignored, as AWS does; ``null`` is absent.
Refusals use the words of AWS's deserializer (code SerializationException).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import msgspec.json
from botocore.model import ListShape, MapShape, Shape, StructureShape

from mooring.api.protocol.errors import InvalidInput
from mooring.api.protocol.scalars import INTEGER_LIMITS, blob_of, time_of_number, time_of_text

__all__ = ["Reader", "decode_json", "json_reader", "structure_reader"]

Reader = Callable[[Any], Any]
_Memo = dict[str, list[Reader]]

_KINDS = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE", bool: "TRUE_VALUE"}
_SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def decode_json(body: bytes) -> Any:  # noqa: ANN401 - whatever the peer sent
    """Return the decoded body; an empty one is an empty object.

    Raises:
        InvalidInput: it is no JSON, not UTF-8, or nested too deep.
    """
    try:
        return msgspec.json.decode(body) if body else {}
    except (msgspec.DecodeError, RecursionError) as exc:
        raise InvalidInput(f"the body is not JSON: {exc}") from exc


def json_reader(shape: Shape) -> Reader:
    """Return what turns decoded JSON into the value of a shape."""
    return _compiled(shape, {})


def structure_reader(shape: StructureShape, members: Mapping[str, Shape]) -> Reader:
    """Return a reader of an object that holds only these members of a structure."""
    return _structure(shape, members, {})


def _compiled(shape: Shape, memo: _Memo) -> Reader:
    scalar = _SCALARS.get(shape.type_name)
    if scalar is not None:
        return scalar
    # A shape may hold itself; whoever asks meanwhile gets a reader that looks the real one up.
    if shape.name in memo:
        slot = memo[shape.name]
        return slot[0] if slot else lambda value: slot[0](value)
    slot = memo[shape.name] = []
    if isinstance(shape, StructureShape):
        made = _document if shape.is_document_type else _structure(shape, shape.members, memo)
    elif isinstance(shape, ListShape):
        made = _list(_compiled(shape.member, memo))
    elif isinstance(shape, MapShape):
        made = _map(_compiled(shape.value, memo))
    else:
        raise TypeError(f"no reader for the type `{shape.type_name}`")
    slot.append(made)
    return made


def _document(value: Any) -> Any:  # noqa: ANN401 - a document is any JSON
    return value


def _structure(shape: StructureShape, members: Mapping[str, Shape], memo: _Memo) -> Reader:
    readers = {
        member.serialization.get("name", name): (name, _compiled(member, memo))
        for name, member in members.items()
    }
    one_only = shape.is_tagged_union

    def read(value: Any) -> dict[str, Any]:  # noqa: ANN401 - decoded JSON
        if type(value) is not dict:
            raise _misplaced(value, "structure or null")
        out = {}
        for key, item in value.items():
            found = readers.get(key)
            if found is not None and item is not None:
                out[found[0]] = found[1](item)
        if one_only and len(out) != 1:
            raise InvalidInput(f"a union must have exactly one member set, found {len(out)}")
        return out

    return read


def _list(read_member: Reader) -> Reader:
    def read(value: Any) -> list[Any]:  # noqa: ANN401 - decoded JSON
        if type(value) is not list:
            raise _misplaced(value, "list or null")
        if None in value:
            raise InvalidInput("null found where a list member was expected")
        return [read_member(item) for item in value]

    return read


def _map(read_value: Reader) -> Reader:
    def read(value: Any) -> dict[str, Any]:  # noqa: ANN401 - decoded JSON
        if type(value) is not dict:
            raise _misplaced(value, "map or null")
        return {key: read_value(item) for key, item in value.items() if item is not None}

    return read


def _misplaced(value: object, expected: str) -> InvalidInput:
    if isinstance(value, dict):
        return InvalidInput("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return InvalidInput("Start of list found where not expected")
    return InvalidInput(f"Expected {expected}")


def _unconvertible(value: object, wanted: str) -> InvalidInput:
    if isinstance(value, (dict, list)):
        return _misplaced(value, wanted)
    kind = "FALSE_VALUE" if value is False else _KINDS.get(type(value), "VALUE")
    article = "an" if wanted == "Integer" else "a"
    return InvalidInput(f"{kind} can not be converted to {article} {wanted}")


def _string(value: Any) -> str:  # noqa: ANN401 - decoded JSON
    if type(value) is not str:
        raise _unconvertible(value, "String")
    return value


def _boolean(value: Any) -> bool:  # noqa: ANN401 - decoded JSON
    if type(value) is not bool:
        raise _unconvertible(value, "Boolean")
    return value


def _whole(value: object, wanted: str, limit: int) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise _unconvertible(value, wanted)
    if not -limit <= value < limit:
        raise InvalidInput(f"NUMBER_VALUE is out of the range of {wanted}")
    return value


def _integer(value: Any) -> int:  # noqa: ANN401 - decoded JSON
    return _whole(value, "Integer", INTEGER_LIMITS["integer"])


def _long(value: Any) -> int:  # noqa: ANN401 - decoded JSON
    return _whole(value, "Long", INTEGER_LIMITS["long"])


def _float(value: Any) -> float:  # noqa: ANN401 - decoded JSON
    if type(value) is str and value in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[value]
    if type(value) not in (int, float):
        raise _unconvertible(value, "Double")
    try:
        return float(value)
    except OverflowError as exc:
        raise InvalidInput("NUMBER_VALUE is out of the range of Double") from exc


def _timestamp(value: Any) -> datetime:  # noqa: ANN401 - decoded JSON
    if type(value) is str:
        return time_of_text(value)
    if type(value) not in (int, float):
        raise _unconvertible(value, "Date")
    return time_of_number(value)


def _blob(value: Any) -> bytes:  # noqa: ANN401 - decoded JSON
    if type(value) is not str:
        raise _unconvertible(value, "Blob")
    return blob_of(value)


_SCALARS: Mapping[str, Reader] = {
    "string": _string,
    "character": _string,
    "boolean": _boolean,
    "integer": _integer,
    "long": _long,
    "float": _float,
    "double": _float,
    "timestamp": _timestamp,
    "blob": _blob,
}
