"""The text of a document, JSON or YAML, as plain values and back.

Documents are written by strangers, so everything is bounded before it is built: size, depth,
the number of nodes (building YAML is slow), and no YAML alias, with which a page of text could
stand for a gigabyte. No key may come twice,
because author and reader would disagree about which one counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum

import yaml

from mooring.sessions.document import DocumentProblem, DocumentRefused
from mooring.wire.json_object import JsonValue

__all__ = ["MAX_DOCUMENT_BYTES", "DocumentFormat", "read_text", "write_text"]

MAX_DOCUMENT_BYTES = 64 * 1024
"""The limit of Systems Manager."""
_MAX_DEPTH = 24
_BREAKS = frozenset("\x85\u2028\u2029")
_MAX_NODES = 4000
_LONGEST_NUMBER = 64
_NUMBER = "0123456789:_+-."
# libyaml's where it was built: five times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class DocumentFormat(StrEnum):
    """How a document is written."""

    JSON = "JSON"
    YAML = "YAML"


def read_text(text: str, written: DocumentFormat) -> Mapping[str, JsonValue]:
    """Read a document's text.

    Raises:
        DocumentRefused: TOO_LARGE, or CONTENT when it is not one object of plain values.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError as exc:
        raise _refused("the content holds half a surrogate pair") from exc
    if size > MAX_DOCUMENT_BYTES:
        raise DocumentRefused(
            DocumentProblem.TOO_LARGE,
            f"the document has {size} bytes, the limit is {MAX_DOCUMENT_BYTES}",
        )
    value = _plain(_read_json(text) if written is DocumentFormat.JSON else _read_yaml(text), 0)
    if not isinstance(value, Mapping):
        raise _refused(f"{written} content is not an object")
    return value


def write_text(body: Mapping[str, JsonValue], to: DocumentFormat) -> str:
    """Write a document's text."""
    if to is DocumentFormat.JSON:
        return json.dumps(body, indent=2, ensure_ascii=False)
    # PyYAML writes these three as they are, and reads them as the ends of lines.
    has_breaks = not _BREAKS.isdisjoint(json.dumps(body, ensure_ascii=False))
    text: str = yaml.dump(body, Dumper=_DUMPER, sort_keys=False, allow_unicode=not has_breaks)
    return text


def _read_json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError as exc:
        raise _too_deep() from exc
    except ValueError as exc:
        raise _refused(f"JSON not well-formed: {exc}") from exc


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _refused("a key comes twice in one object")
    return made


def _no_constant(name: str) -> float:
    raise _refused(f"`{name}` is not JSON")


def _read_yaml(text: str) -> object:
    try:
        _check_events(text)
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader by either name
    except (yaml.YAMLError, ValueError, OverflowError) as exc:
        raise _refused(f"YAML not well-formed: {' '.join(str(exc).split())[:200]}") from exc


def _check_events(text: str) -> None:
    """Refuse what is dangerous to load; events come one by one, whatever they will build."""
    open_keys: list[set[str] | None] = []
    at_key: list[bool] = []
    for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        if number > _MAX_NODES:
            raise _refused(f"the content has more than {_MAX_NODES} nodes")
        if isinstance(event, yaml.AliasEvent):
            raise _refused("YAML aliases are not allowed")
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0]:  # without quotes
            _check_number(event.value)
        if isinstance(event, yaml.CollectionEndEvent):
            open_keys.pop()
            at_key.pop()
            continue
        if isinstance(event, yaml.NodeEvent):
            _note_key(event, open_keys, at_key)
        if isinstance(event, yaml.CollectionStartEvent):
            open_keys.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
            at_key.append(True)
            if len(open_keys) > _MAX_DEPTH:
                raise _too_deep()


def _check_number(text: str) -> None:
    """Refuse what YAML may read as a number and take its time for, such as 1:1:1:1 to base 60."""
    if len(text) > _LONGEST_NUMBER and not text.strip(_NUMBER):
        raise _refused(f"a number of {len(text)} characters")


def _note_key(event: yaml.NodeEvent, open_keys: list[set[str] | None], at_key: list[bool]) -> None:
    keys = open_keys[-1] if open_keys else None
    if keys is None:
        return
    if at_key[-1]:
        if not isinstance(event, yaml.ScalarEvent):
            raise _refused("a YAML key is not a text")
        if event.value in keys:
            raise _refused(f"the key `{event.value}` comes twice in one object")
        keys.add(event.value)
    at_key[-1] = not at_key[-1]


def _plain(value: object, depth: int) -> JsonValue:
    """Return the value when all of it is plain."""
    if depth > _MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if value - value != 0:
            raise _refused(f"`{value}` is not a number that JSON has")
        return value
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_plain(item, depth + 1) for item in value]
    raise _refused(f"a {type(value).__name__} is no plain value; write it in quotes")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise _refused(f"the key `{key}` is not a text; write it in quotes")
    return _text(key)


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise _refused("a text holds half a surrogate pair") from exc
    if "\0" in text:
        raise _refused("a text holds the character U+0000")
    return text


def _too_deep() -> DocumentRefused:
    return _refused(f"the content is nested more than {_MAX_DEPTH} deep")


def _refused(message: str) -> DocumentRefused:
    return DocumentRefused(DocumentProblem.CONTENT, message)
