"""A valid input for every registered operation, made of its model and a few real ids.

A member whose name is in the table, or whose path (``CreatePolicy.Content``), gets the real value,
required or not; any other required member gets the least value that its shape allows.
A shape for which nothing fits fails the test of its operation, with the member that the table
lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from tests.api.protocol.shapes import MODELS

from mooring.api.operations import OPERATIONS
from mooring.api.protocol.patterns import compile_pattern

__all__ = ["REGISTERED", "input_of"]

REGISTERED = [(service, name) for service, rows in OPERATIONS.items() for name in rows]

_CANDIDATES = (
    "aaa",
    "1" * 6,
    "a" * 16,
    "1" * 12,
    "/",
    "11111111-2222-4333-8444-555555555555",
    "a:b:c",
)


def input_of(service: str, operation: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input of an operation."""
    shape = MODELS[service].operation_model(operation).input_shape
    made: dict[str, Any] = {} if shape is None else _value(shape, known, operation)
    return made


def _value(shape: Shape, known: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any member
    if isinstance(shape, StructureShape):
        return {
            name: _member(name, member, known, f"{path}.{name}")
            for name, member in shape.members.items()
            if name in shape.required_members or name in known or f"{path}.{name}" in known
        }
    if isinstance(shape, ListShape):
        return [_value(shape.member, known, path)] * max(1, shape.metadata.get("min", 0))
    if isinstance(shape, MapShape):
        return {}
    return _scalar(shape, path)


def _member(name: str, shape: Shape, known: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any member
    if path in known:
        return known[path]
    return known[name] if name in known else _value(shape, known, path)


def _scalar(shape: Shape, path: str) -> Any:  # noqa: ANN401 - any member
    if shape.type_name == "string":
        return _text(shape, path)
    least = shape.metadata.get("min", 1)
    values = {
        "boolean": False,
        "integer": least,
        "long": least,
        "float": float(least),
        "double": float(least),
        "blob": b"a",
        "timestamp": datetime(2026, 1, 2, tzinfo=UTC),
    }
    return values[shape.type_name]


def _text(shape: Shape, path: str) -> str:
    facts = shape.metadata
    if facts.get("enum"):
        return str(facts["enum"][0])
    least, most = facts.get("min", 1), facts.get("max", 1 << 20)
    for text in ("a" * max(1, least), *_CANDIDATES):
        fits = least <= len(text) <= most
        if fits and ("pattern" not in facts or compile_pattern(facts["pattern"]).fullmatch(text)):
            return text
    raise AssertionError(f"no value is known for `{path}`: give one in the table of real ids")
