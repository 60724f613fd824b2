"""Forms into values: the query protocol (IAM, STS) and EC2's variant of it.

``Tags.member.1.Key=a`` names a place in the input. The names become a tree, then the shape walks
down it, so that the depth of the work is the model's and not the peer's. Differences of EC2: lists
have no ``member`` step, names come from ``queryName`` or the capitalized ``locationName``.

Source: Smithy's "AWS query protocol" and "AWS EC2 query protocol"; botocore's ``QuerySerializer``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, Shape, StructureShape

from mooring.api.protocol.errors import InvalidInput
from mooring.api.protocol.scalars import text_reader

__all__ = ["parse_form", "read_form"]

_MAX_FIELDS = 10_000
_MAX_DEPTH = 32


class _Node:
    """A place in the tree of parameter names: its own text, and what lies below."""

    __slots__ = ("below", "text")

    def __init__(self) -> None:
        self.text: str | None = None
        self.below: dict[str, _Node] = {}


def parse_form(encoded: str) -> list[tuple[str, str]]:
    """Return the decoded pairs of a form or query string.

    Raises:
        InvalidInput: too many, not UTF-8, or one name twice.
    """
    try:
        pairs = parse_qsl(
            encoded, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError as exc:
        raise InvalidInput(f"the form cannot be decoded: {exc}") from exc
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidInput("a parameter is given more than once")
    return pairs


def read_form(pairs: list[tuple[str, str]], shape: StructureShape, *, ec2: bool) -> dict[str, Any]:
    """Return the input that the pairs spell."""
    name_of = _ec2_name if ec2 else _query_name
    return _structure(_tree(pairs), shape, name_of)


def _tree(pairs: list[tuple[str, str]]) -> _Node:
    root = _Node()
    for name, text in pairs:
        steps = name.split(".")
        if len(steps) > _MAX_DEPTH:
            raise InvalidInput(f"parameter `{name[:64]}` has more than {_MAX_DEPTH} steps")
        node = root
        for step in steps:
            node = node.below.setdefault(step, _Node())
        node.text = text
    return root


_NameOf = Callable[[Shape, str], str]


def _query_name(shape: Shape, default: str) -> str:
    return str(shape.serialization.get("name", default))


def _ec2_name(shape: Shape, default: str) -> str:
    if "queryName" in shape.serialization:
        return str(shape.serialization["queryName"])
    name = str(shape.serialization.get("name", default))
    return name[:1].upper() + name[1:]


def _read(node: _Node, shape: Shape, name_of: _NameOf) -> Any:  # noqa: ANN401 - as the model says
    if isinstance(shape, StructureShape):
        return _structure(node, shape, name_of)
    if isinstance(shape, ListShape):
        return _list(node, shape, name_of)
    if isinstance(shape, MapShape):
        return _map(node, shape, name_of)
    if node.text is None:
        raise InvalidInput(f"a {shape.type_name} was expected, found parameters below it")
    return text_reader(shape)(node.text)


def _structure(node: _Node, shape: StructureShape, name_of: _NameOf) -> dict[str, Any]:
    out = {}
    for name, member in shape.members.items():
        found = _member_node(node, name, member, name_of)
        if found is not None:
            out[name] = _read(found, member, name_of)
    if shape.is_tagged_union and len(out) != 1:
        raise InvalidInput(f"a union must have exactly one member set, found {len(out)}")
    return out


def _member_node(node: _Node, name: str, member: Shape, name_of: _NameOf) -> _Node | None:
    if isinstance(member, ListShape) and name_of is _query_name:
        # The items of a flattened list stand beside the members, under the item's own name.
        inner = member.member.serialization.get("name")
        if member.serialization.get("flattened") and inner:
            return node.below.get(inner)
    return node.below.get(name_of(member, name))


def _numbered(node: _Node) -> list[_Node]:
    try:
        numbers = sorted((int(step), step) for step in node.below if len(step) <= 6)
    except ValueError as exc:
        raise InvalidInput("a list has an item that is not numbered") from exc
    if len(numbers) != len(node.below) or (numbers and numbers[0][0] < 0):
        raise InvalidInput("a list has an item that is not numbered")
    return [node.below[step] for _, step in numbers]


def _list(node: _Node, shape: ListShape, name_of: _NameOf) -> list[Any]:
    items: _Node | None = node
    if name_of is _query_name and not shape.serialization.get("flattened"):
        items = node.below.get(shape.member.serialization.get("name", "member"))
    if items is None:
        return []
    return [_read(item, shape.member, name_of) for item in _numbered(items)]


def _map(node: _Node, shape: MapShape, name_of: _NameOf) -> dict[str, Any]:
    entries = node if shape.serialization.get("flattened") else node.below.get("entry")
    out: dict[str, Any] = {}
    if entries is None:
        return out
    key_name, value_name = name_of(shape.key, "key"), name_of(shape.value, "value")
    for entry in _numbered(entries):
        key, value = entry.below.get(key_name), entry.below.get(value_name)
        if key is None or value is None or key.text is None:
            raise InvalidInput("a map entry lacks its key or its value")
        out[key.text] = _read(value, shape.value, name_of)
    return out
