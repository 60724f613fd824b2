"""Hold an input to its model: required members, lengths, ranges, patterns, closed choices.

Texts and paths are AWS's: members with a small first letter, items as ``names.1.member``. Values of
sensitive shapes are never repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from mooring.api.protocol.errors import Fault, InvalidInput
from mooring.api.protocol.patterns import compile_pattern

__all__ = ["Check", "compile_check", "refuse_violations"]

_MAX_SHOWN = 256
_MAX_REPORTED = 10

# A path is a linked list, innermost step first, so that a valid value costs no string building.
_Path = tuple[Any, ...]
_Found = list[tuple[str, bool]]
Check = Callable[[Any, _Path, _Found], None]
_Memo = dict[str, list[Check | None]]


def compile_check(shape: Shape) -> Check | None:
    """Return what looks for violations in a value of the shape, or None if there can be none."""
    return _compiled(shape, {})


def refuse_violations(found: _Found, *, protocol: str) -> None:
    """Raise for what a check found, if anything.

    Raises:
        InvalidInput: with AWS's text for all of it.
    """
    if not found:
        return
    lacking = found[0][1]
    fault = Fault.MISSING_INPUT if lacking else Fault.INVALID_INPUT
    if protocol == "ec2" and lacking:
        name = found[0][0].split("'")[1]
        raise InvalidInput(
            f"The request must contain the parameter {name[:1].upper()}{name[1:]}", fault
        )
    plural = "s" if len(found) > 1 else ""
    listed = "; ".join(text for text, _ in found)
    raise InvalidInput(f"{len(found)} validation error{plural} detected: {listed}", fault)


def _compiled(shape: Shape, memo: _Memo) -> Check | None:
    if shape.name in memo:
        slot = memo[shape.name]
        return slot[0] if slot else _later(slot)
    slot = memo[shape.name] = []
    if isinstance(shape, StructureShape):
        made = None if shape.is_document_type else _structure(shape, memo)
    elif isinstance(shape, ListShape):
        made = _list(shape, memo)
    elif isinstance(shape, MapShape):
        made = _map(shape, memo)
    else:
        made = _scalar(shape)
    slot.append(made)
    return made


def _later(slot: list[Check | None]) -> Check:
    """Return a check of a shape that holds itself, looked up when it is used."""

    def check(value: Any, path: _Path, found: _Found) -> None:  # noqa: ANN401 - any member
        real = slot[0]
        if real is not None:
            real(value, path, found)

    return check


def _report(found: _Found, path: _Path, constraint: str, shown: str | None) -> None:
    if len(found) < _MAX_REPORTED:
        value = "" if shown is None else f" {shown}"
        found.append(
            (
                f"Value{value} at '{_spelled(path)}' failed to satisfy constraint: {constraint}",
                shown == "null",
            )
        )


def _spelled(path: _Path) -> str:
    steps: list[str] = []
    while path:
        path, step = path
        steps.append(step if isinstance(step, str) else f"{step}.member")
    return ".".join(reversed(steps))


def _structure(shape: StructureShape, memo: _Memo) -> Check | None:
    required = [(name, name[:1].lower() + name[1:]) for name in shape.required_members]
    checks = {
        name: (made, name[:1].lower() + name[1:])
        for name, member in shape.members.items()
        if (made := _compiled(member, memo)) is not None
    }
    if not required and not checks:
        return None

    def check(value: Any, path: _Path, found: _Found) -> None:  # noqa: ANN401 - a dict
        for name, step in required:
            if name not in value:
                _report(found, (path, step), "Member must not be null", "null")
        for name, item in value.items():
            member = checks.get(name)
            if member is not None:
                member[0](item, (path, member[1]), found)

    return check


def _list(shape: ListShape, memo: _Memo) -> Check | None:
    check_size = _size_check(shape)
    check_member = _compiled(shape.member, memo)
    if check_size is None and check_member is None:
        return None

    def check(value: Any, path: _Path, found: _Found) -> None:  # noqa: ANN401 - a list
        if check_size is not None:
            check_size(value, path, found)
        if check_member is not None:
            for number, item in enumerate(value, 1):
                check_member(item, (path, number), found)

    return check


def _map(shape: MapShape, memo: _Memo) -> Check | None:
    check_size = _size_check(shape)
    check_key, check_value = _compiled(shape.key, memo), _compiled(shape.value, memo)
    if check_size is None and check_key is None and check_value is None:
        return None

    def check(value: Any, path: _Path, found: _Found) -> None:  # noqa: ANN401 - a dict
        if check_size is not None:
            check_size(value, path, found)
        for key, item in value.items():
            if check_key is not None:
                check_key(key, (path, "key"), found)
            if check_value is not None:
                check_value(item, (path, str(key)[:_MAX_SHOWN] + ".member"), found)

    return check


def _size_check(shape: Shape) -> Check | None:
    return _bounds(shape, len, "length", _hidden)


def _scalar(shape: Shape) -> Check | None:
    if shape.type_name in ("integer", "long", "float", "double"):
        return _bounds(shape, lambda value: value, "value", _shower(shape))
    if shape.type_name == "blob":
        return _size_check(shape)
    return _string(shape) if shape.type_name == "string" else None


def _shower(shape: Shape) -> Callable[[Any], str | None]:
    if shape.metadata.get("sensitive"):
        return _hidden
    return lambda value: f"'{str(value)[:_MAX_SHOWN]}'"


def _hidden(value: object) -> None:
    del value


def _bounds(
    shape: Shape,
    measure: Callable[[Any], float],
    what: str,
    show: Callable[[Any], str | None],
) -> Check | None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if not least and least != 0 and most is None:
        return None
    if what == "length" and not least and most is None:
        return None

    def check(value: Any, path: _Path, found: _Found) -> None:  # noqa: ANN401 - as the model says
        size = measure(value)
        if least is not None and size < least:
            text = f"Member must have {what} greater than or equal to {least}"
            _report(found, path, text, show(value))
        if most is not None and size > most:
            text = f"Member must have {what} less than or equal to {most}"
            _report(found, path, text, show(value))

    return check


def _string(shape: Shape) -> Check | None:
    show = _shower(shape)
    parts = [
        made
        for made in (_bounds(shape, len, "length", show), _enum(shape, show), _pattern(shape, show))
        if made is not None
    ]
    if len(parts) < 2:
        return parts[0] if parts else None

    def check(value: Any, path: _Path, found: _Found) -> None:  # noqa: ANN401 - a string
        for part in parts:
            part(value, path, found)

    return check


def _enum(shape: Shape, show: Callable[[Any], str | None]) -> Check | None:
    choices = shape.metadata.get("enum")
    if not choices:
        return None
    allowed = frozenset(choices)
    text = f"Member must satisfy enum value set: [{', '.join(choices)}]"

    def check(value: Any, path: _Path, found: _Found) -> None:  # noqa: ANN401 - a string
        if value not in allowed:
            _report(found, path, text, show(value))

    return check


def _pattern(shape: Shape, show: Callable[[Any], str | None]) -> Check | None:
    pattern = shape.metadata.get("pattern")
    if pattern is None:
        return None
    most = shape.metadata.get("max")
    text = f"Member must satisfy regular expression pattern: {pattern}"

    def check(value: Any, path: _Path, found: _Found) -> None:  # noqa: ANN401 - a string
        # What is too long is refused already, and must not keep the pattern busy.
        if most is not None and len(value) > most:
            return
        if compile_pattern(pattern).fullmatch(value) is None:
            _report(found, path, text, show(value))

    return check
