"""Walk a table in pages until enough rows fit, without holding the table in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mooring.operations.call import Call
from mooring.ports.tables import Transaction

__all__ = ["Walk", "collect"]

_GLANCE = 64
"""Rows that are read where the caller is: what most lists have, and no more than a hop costs."""
_SCAN = 512
"""Rows of each further stretch, read on a thread."""

RowT = TypeVar("RowT")
KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk(Generic[RowT, KeyT]):
    """How to go through a table: so many rows after a key, in order; fewer are the end."""

    page: Callable[[Transaction, KeyT, int], Sequence[RowT]]
    key_of: Callable[[RowT], KeyT]


async def collect(
    call: Call,
    walk: Walk[RowT, KeyT],
    *,
    start: KeyT,
    is_match: Callable[[RowT], bool],
    limit: int,
) -> tuple[tuple[RowT, ...], bool]:
    """Return at most ``limit`` rows that match, and whether there are more."""
    found: list[RowT] = []
    at = start
    read, size = call.glance, _GLANCE
    while len(found) <= limit:
        rows = await read(_reader(walk, at, size))
        found += [row for row in rows if is_match(row)]
        if len(rows) < size:
            break
        at = walk.key_of(rows[-1])
        read, size = call.read, _SCAN
    return tuple(found[:limit]), len(found) > limit


def _reader(walk: Walk[RowT, KeyT], at: KeyT, size: int) -> Callable[[Transaction], Sequence[RowT]]:
    return lambda tx: walk.page(tx, at, size)
