"""The door between JSON text of a peer and our values: fields leave it only by their type.

Strict about the fields we read, tolerant of those we do not know: stock peers of every age add
keys and leave keys out. ``null`` counts as absent, because Go writes it for an empty field.

Source of the habits: Go's encoding/json, which both stock peers use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from mooring.wire.errors import RemoteProtocolError

__all__ = ["JsonObject", "JsonValue", "write_json"]

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)

_MAX_INTEGER = 2**63 - 1


class JsonObject:
    """One JSON object; ``what`` names it in refusals."""

    __slots__ = ("_fields", "_what")

    def __init__(self, fields: Mapping[str, JsonValue], *, what: str) -> None:
        self._fields = fields
        self._what = what

    @classmethod
    def parse(cls, data: bytes | str, *, what: str) -> JsonObject:
        """Read the text of one object.

        Raises:
            RemoteProtocolError: it is no JSON, or no object.
        """
        try:
            # Decoded by hand: json.loads would guess UTF-16 from a NUL, and Go never does.
            text = data if isinstance(data, str) else data.decode()
            value = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as exc:
            raise RemoteProtocolError(f"{what} is not JSON") from exc
        if not isinstance(value, dict):
            raise RemoteProtocolError(f"{what} is not a JSON object")
        return cls(value, what=what)

    def text(self, key: str) -> str:
        """Return a text that must be there and not be empty."""
        value = self.text_or(key, "")
        if not value:
            raise RemoteProtocolError(f"{self._what} has no `{key}`")
        return value

    def text_or(self, key: str, default: str) -> str:
        """Return a text, or ``default`` when it is absent."""
        value = self._fields.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._wrong(key, "a text")
        try:
            # Half a surrogate pair cannot be written again, on a terminal or in a database.
            value.encode()
        except UnicodeEncodeError:
            raise self._wrong(key, "valid Unicode") from None
        return value

    def integer(self, key: str, *, most: int = _MAX_INTEGER) -> int:
        """Return a whole number from 0 to ``most`` that must be there."""
        value = self.integer_or_none(key, most=most)
        if value is None:
            raise RemoteProtocolError(f"{self._what} has no `{key}`")
        return value

    def integer_or_none(self, key: str, *, most: int = _MAX_INTEGER) -> int | None:
        """Return a whole number from 0 to ``most``, or None when it is absent."""
        value = self._fields.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(key, "a whole number")
        if not 0 <= value <= most:
            raise self._wrong(key, f"between 0 and {most}")
        return value

    def is_true(self, key: str) -> bool:
        """Tell whether a flag is set; some documents write flags as text."""
        value = self._fields.get(key)
        if value is None or value == "":
            return False
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def child(self, key: str) -> JsonObject:
        """Return an object, empty when it is absent."""
        return JsonObject(self.mapping(key), what=f"{self._what} `{key}`")

    def has(self, key: str) -> bool:
        """Tell whether the key is there with a value."""
        return self._fields.get(key) is not None

    def mapping(self, key: str) -> Mapping[str, JsonValue]:
        """Return an object as it is, empty when it is absent, for who knows its inside."""
        value = self._fields.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self._wrong(key, "an object")
        return value

    def children(self, key: str) -> Sequence[JsonObject]:
        """Return a list of objects, empty when it is absent."""
        objects = []
        for item in self._items(key):
            if not isinstance(item, Mapping):
                raise self._wrong(key, "a list of objects")
            objects.append(JsonObject(item, what=f"{self._what} `{key}`"))
        return objects

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty when it is absent."""
        texts = []
        for item in self._items(key):
            if not isinstance(item, str):
                raise self._wrong(key, "a list of texts")
            texts.append(item)
        return tuple(texts)

    def value(self, key: str) -> JsonValue:
        """Return the value as it is, None when it is absent, for who knows its inside."""
        return self._fields.get(key)

    def _items(self, key: str) -> Sequence[JsonValue]:
        value = self._fields.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        return value

    def _wrong(self, key: str, expected: str) -> RemoteProtocolError:
        return RemoteProtocolError(f"`{key}` of {self._what} is not {expected}")


def write_json(value: Mapping[str, JsonValue]) -> bytes:
    """Write one object without spaces, as stock peers do."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
