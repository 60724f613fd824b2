"""A few connections that read, each from its own snapshot: on worker threads, or at a glance.

A thread costs more than a hundred look-ups by key (docs/decisions/0004), so those run where
the caller is, on a connection of their own that waits for nobody.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

import anyio
import anyio.to_thread

from mooring.ports.store import StoreUnavailable
from mooring.store.connection import is_refusal, unavailable

__all__ = ["ReadOnlyTransaction", "ReaderPool"]

T = TypeVar("T")

_PRIMARY_CODE = 0xFF
_CLOSED = "the store is closed"


class ReadOnlyTransaction(Exception):
    """A read tried to change something: a fault in the program, and nothing was changed."""


class ReaderPool:
    """Owns its connections until ``close``; as many reads run at a time as there are."""

    def __init__(
        self, connections: Sequence[sqlite3.Connection], *, at_a_glance: sqlite3.Connection
    ) -> None:
        self._at_a_glance = at_a_glance
        self._idle = deque(connections)
        self._size = len(connections)
        self._limiter = anyio.CapacityLimiter(self._size)
        self._closed = False

    async def run(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``look`` in a read transaction on a thread; a cancelled caller waits for its end.

        Raises:
            ReadOnlyTransaction: it tried to write.
            StoreUnavailable: the database refused, or the pool is closed.
        """
        return await anyio.to_thread.run_sync(self._look, look, limiter=self._limiter)

    async def glance(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``look`` here and now; where the database would make it wait, on a thread.

        Raises:
            ReadOnlyTransaction: it tried to write.
            StoreUnavailable: the database refused, or the pool is closed.
        """
        if self._closed:
            raise StoreUnavailable(_CLOSED)
        try:
            return _read(self._at_a_glance, look)
        except StoreUnavailable:
            return await self.run(look)

    async def close(self) -> None:
        """Wait for the reads under way and close the connections."""
        self._closed = True
        places = [object() for _ in range(self._size)]
        with anyio.CancelScope(shield=True):
            for place in places:
                await self._limiter.acquire_on_behalf_of(place)
        self._at_a_glance.close()
        while self._idle:
            self._idle.pop().close()
        # Those who still wait for a place get one, and are refused.
        for place in places:
            self._limiter.release_on_behalf_of(place)

    def _look(self, look: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise StoreUnavailable(_CLOSED)
        # INVARIANT: the limiter lets in as many threads as there are connections.
        connection = self._idle.pop()
        try:
            return _read(connection, look)
        finally:
            self._idle.append(connection)


def _read(connection: sqlite3.Connection, look: Callable[[sqlite3.Connection], T]) -> T:
    try:
        connection.execute("BEGIN DEFERRED")
        return look(connection)
    except sqlite3.DatabaseError as exc:
        if getattr(exc, "sqlite_errorcode", 0) & _PRIMARY_CODE == sqlite3.SQLITE_READONLY:
            raise ReadOnlyTransaction(str(exc)) from exc
        if is_refusal(exc):
            raise unavailable(exc) from exc
        raise
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
