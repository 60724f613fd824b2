"""JSON with places: every value knows where it stands, and no key may come twice.

The standard reader forgets positions and lets the last of two equal keys win; a policy that
says ``Effect`` twice would then mean something else to its author than to the engine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from mooring.iam.errors import SYNTAX_ERRORS, MalformedPolicy, Place

__all__ = ["Leaf", "Listing", "Node", "Structure", "place_of", "read_document"]

_MAX_DEPTH = 16
_SPACES = " \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A string, boolean or null as itself, or a number as its text."""

    value: str | bool | None
    is_number: bool = False
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A JSON array."""

    items: tuple[Node, ...]
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A JSON object; ``end`` is the offset behind its closing brace."""

    members: Mapping[str, Node]
    start: int
    end: int


Node = Leaf | Listing | Structure


class _Number(str):
    """A JSON number, kept as it was written: ``300`` and ``300.0`` stay apart as texts."""

    __slots__ = ()


def place_of(text: str, offset: int) -> Place:
    """Return line and column of an offset."""
    return Place(line=text.count("\n", 0, offset) + 1, column=offset - text.rfind("\n", 0, offset))


def read_document(text: str) -> Node:
    """Read a whole JSON text.

    Raises:
        MalformedPolicy: it is no JSON, nests too deep, or repeats a key.
    """
    reader = _Reader(text)
    node, at = reader.value(reader.skip(0), depth=0)
    if at != len(text):
        reader.refuse(at, "text behind the end of the document")
    return node


class _Reader:
    """One pass over one text; every method takes an offset and returns the next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.scalars = json.JSONDecoder(
            parse_int=_Number, parse_float=_Number, parse_constant=self.constant
        )

    def refuse(self, at: int, detail: str) -> NoReturn:
        raise MalformedPolicy(SYNTAX_ERRORS, place=place_of(self.text, at), detail=detail)

    def constant(self, name: str) -> NoReturn:
        raise ValueError(f"`{name}` is no JSON number")

    def skip(self, at: int) -> int:
        while at < len(self.text) and self.text[at] in _SPACES:
            at += 1
        return at

    def value(self, at: int, *, depth: int) -> tuple[Node, int]:
        if depth > _MAX_DEPTH:
            self.refuse(at, f"nested deeper than {_MAX_DEPTH} levels")
        opening = self.text[at : at + 1]
        if opening == "{":
            return self.structure(at, depth=depth)
        if opening == "[":
            return self.listing(at, depth=depth)
        return self.leaf(at)

    def leaf(self, at: int) -> tuple[Leaf, int]:
        try:
            value, end = self.scalars.raw_decode(self.text, at)
        except ValueError as exc:
            self.refuse(at, f"no JSON: {exc}")
        is_number = isinstance(value, _Number)
        return Leaf(value=value, is_number=is_number, start=at), self.skip(end)

    def listing(self, start: int, *, depth: int) -> tuple[Listing, int]:
        items: list[Node] = []
        at = self.skip(start + 1)
        closed = self.text[at : at + 1] == "]"
        while not closed:
            item, at = self.value(at, depth=depth + 1)
            items.append(item)
            closed, at = self.separator(at, "]")
        return Listing(items=tuple(items), start=start), self.skip(at + 1)

    def structure(self, start: int, *, depth: int) -> tuple[Structure, int]:
        members: dict[str, Node] = {}
        at = self.skip(start + 1)
        closed = self.text[at : at + 1] == "}"
        while not closed:
            key, after = self.key(at)
            if key in members:
                self.refuse(at, f"key `{key}` comes twice in one object")
            members[key], at = self.value(after, depth=depth + 1)
            closed, at = self.separator(at, "}")
        return Structure(members=members, start=start, end=at + 1), self.skip(at + 1)

    def key(self, at: int) -> tuple[str, int]:
        """Read a key and its colon."""
        # Looked at first: the scalar reader would follow brackets to any depth.
        if self.text[at : at + 1] != '"':
            self.refuse(at, "expected a key in double quotes")
        leaf, at = self.leaf(at)
        if self.text[at : at + 1] != ":":
            self.refuse(at, "expected `:` after a key")
        return str(leaf.value), self.skip(at + 1)

    def separator(self, at: int, closing: str) -> tuple[bool, int]:
        """Tell whether the container ends here; otherwise step over the comma."""
        char = self.text[at : at + 1]
        if char == closing:
            return True, at
        if char != ",":
            self.refuse(at, f"expected `,` or `{closing}`")
        return False, self.skip(at + 1)
