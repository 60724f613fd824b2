"""Walk a table in pages until enough rows fit, without holding the table in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mooring.operations.call import Call
from mooring.ports.tables import Transaction

__all__ = ["SCAN", "Walk", "collect"]

SCAN = 500

RowT = TypeVar("RowT")
KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk(Generic[RowT, KeyT]):
    """How to go through a table: up to ``SCAN`` rows after a key, in order; fewer are the end."""

    page: Callable[[Transaction, KeyT], Sequence[RowT]]
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
    while len(found) <= limit:
        rows = await call.read(_reader(walk, at))
        found += [row for row in rows if is_match(row)]
        if len(rows) < SCAN:
            break
        at = walk.key_of(rows[-1])
    return tuple(found[:limit]), len(found) > limit


def _reader(walk: Walk[RowT, KeyT], at: KeyT) -> Callable[[Transaction], Sequence[RowT]]:
    return lambda tx: walk.page(tx, at)
