"""The one writer: a thread that commits in groups.

A commit that survives a power cut waits for the disk, and the disk takes as long for one change
as for a hundred. So changes queue up while a commit runs, and the next commit takes all of
them. Each runs in its own savepoint: one that raises is undone alone, the others are kept.
Nobody is answered before the commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import anyio
import anyio.to_thread

from mooring.ports.store import StoreUnavailable
from mooring.store.connection import is_refusal, unavailable

__all__ = ["GroupCommitWriter"]

T = TypeVar("T")


class _Job(Generic[T]):
    """A change in the queue, and what became of it."""

    __slots__ = ("_error", "_future", "_result", "_run")

    def __init__(self, run: Callable[[sqlite3.Connection], T], future: asyncio.Future[T]) -> None:
        self._run = run
        self._future = future
        self._result: T
        self._error: BaseException | None = None

    def attempt(self, connection: sqlite3.Connection) -> None:
        """Run in a savepoint, on the writer's thread.

        Raises:
            sqlite3.Error: SQLite gave up the whole transaction, others' changes too.
        """
        connection.execute("SAVEPOINT work")
        try:
            self._result = self._run(connection)
        except BaseException as exc:
            if not connection.in_transaction:
                raise sqlite3.OperationalError(f"the transaction was undone: {exc}") from exc
            connection.execute("ROLLBACK TO work")
            self._error = unavailable(exc) if is_refusal(exc) else exc
        connection.execute("RELEASE work")

    def fail(self, cause: Exception) -> None:
        """Say that nothing was kept, whatever the change itself came to."""
        self._error = unavailable(cause)

    def settle(self) -> None:
        """Answer the caller, unless it has gone; on the event loop."""
        if self._future.done():
            return
        if self._error is None:
            self._future.set_result(self._result)
        else:
            self._future.set_exception(self._error)


class GroupCommitWriter:
    """Owns the writing connection from ``start`` to ``close``.

    At most ``max_waiting`` changes are in the queue or at work; further callers wait.
    """

    def __init__(self, connection: sqlite3.Connection, *, max_waiting: int) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._room = anyio.Semaphore(max_waiting, fast_acquire=True)
        self._coming: list[_Job[Any]] = []
        self._queue: queue.SimpleQueue[list[_Job[Any]] | None] = queue.SimpleQueue()
        # A daemon, because a program that crashes must not wait for it: what was not committed
        # was not answered either.
        self._thread = threading.Thread(target=self._serve, name="store writer", daemon=True)
        self._closed = False

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    async def submit(self, run: Callable[[sqlite3.Connection], T]) -> T:
        """Run a change on the writer's thread and return its result once it is durable.

        Cancelling the wait for the result does not undo the change.

        Raises:
            StoreUnavailable: the database refused, or the writer is closed.
        """
        await self._room.acquire()
        if self._closed:
            self._room.release()
            raise StoreUnavailable("the store is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._coming.append(_Job(run, future))
        if len(self._coming) == 1:
            # Not at once: whoever else runs in this turn of the loop joins, and a commit that
            # woke many callers is not followed by one for the first of them alone.
            self._loop.call_soon(self._send)
        return await future

    async def close(self) -> None:
        """Finish what is queued, refuse the rest, close the connection."""
        self._closed = True
        self._send()
        self._queue.put(None)
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._thread.join)
        self._connection.close()

    def _send(self) -> None:
        if self._coming:
            self._queue.put(self._coming)
            self._coming = []

    def _serve(self) -> None:
        is_open = True
        while is_open:
            group, is_open = self._take()
            if group:
                self._commit(group)
                self._loop.call_soon_threadsafe(self._settle, group)

    def _take(self) -> tuple[list[_Job[Any]], bool]:
        """Wait for changes, then take all that are there; False when it was the last time."""
        group: list[_Job[Any]] = []
        jobs = self._queue.get()
        while jobs is not None:
            group += jobs
            try:
                jobs = self._queue.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, group: list[_Job[Any]]) -> None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in group:
                job.attempt(connection)
            connection.execute("COMMIT")
        except Exception as exc:  # noqa: BLE001 callers must be answered, whatever it is
            # When even this fails, the next BEGIN will say so.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            for job in group:
                job.fail(exc)

    def _settle(self, group: list[_Job[Any]]) -> None:
        for job in group:
            job.settle()
            self._room.release()
