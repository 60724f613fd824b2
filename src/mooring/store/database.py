"""The store on SQLite: one file, one writer, a few readers."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
from alembic.util import CommandError

from mooring.ports.tables import Directory, Transaction
from mooring.store.connection import connect_reader, connect_writer, make_private, unavailable
from mooring.store.directory import DirectoryTable, insert_account
from mooring.store.migrate import migrate
from mooring.store.readers import ReaderPool
from mooring.store.transaction import AccountTransaction
from mooring.store.writer import GroupCommitWriter

__all__ = ["SqliteStore", "open_store"]

T = TypeVar("T")


class SqliteStore:
    """The ``Store`` port on a writer and readers that somebody else opens and closes."""

    def __init__(self, writer: GroupCommitWriter, readers: ReaderPool, *, writer_id: str) -> None:
        self._writer = writer
        self._readers = readers
        self._writer_id = writer_id

    async def write(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` alone and durably, and return what it returns.

        Raises:
            StoreUnavailable: the database refused; nothing was kept.
        """
        writer_id = self._writer_id
        return await self._writer.submit(
            lambda connection: work(AccountTransaction(connection, account_id, writer_id))
        )

    async def read(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` on a consistent snapshot; it must change nothing.

        Raises:
            ReadOnlyTransaction: it tried to.
            StoreUnavailable: the database refused.
        """
        writer_id = self._writer_id
        return await self._readers.run(
            lambda connection: work(AccountTransaction(connection, account_id, writer_id))
        )

    async def glance(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        """Read a few rows by their keys, faster than ``read`` does; never a page.

        Raises:
            ReadOnlyTransaction: it tried to change something.
            StoreUnavailable: the database refused.
        """
        writer_id = self._writer_id
        return await self._readers.glance(
            lambda connection: work(AccountTransaction(connection, account_id, writer_id))
        )

    async def find(self, look: Callable[[Directory], T]) -> T:
        """Ask which account an id belongs to.

        Raises:
            StoreUnavailable: the database refused.
        """
        return await self._readers.glance(lambda connection: look(DirectoryTable(connection)))

    async def create_account(self, account_id: str, name: str) -> None:
        """Make an account.

        Raises:
            AlreadyExists: it is there.
            StoreUnavailable: the database refused.
        """
        await self._writer.submit(lambda connection: insert_account(connection, account_id, name))


@asynccontextmanager
async def open_store(
    path: Path,
    *,
    writer: str = "server",
    readers: int = 4,
    max_waiting: int = 1024,
    busy_timeout_s: float = 5.0,
) -> AsyncIterator[SqliteStore]:
    """Open the database at ``path``, made and migrated when need be, for as long as the block.

    ``writer`` names this process in the audit chain. ``max_waiting`` bounds the changes that
    wait for a commit; ``busy_timeout_s`` is how long another process may hold the file.

    Raises:
        StoreUnavailable: the file cannot be opened, is no database, or a newer version's.
    """
    connections = await anyio.to_thread.run_sync(_open, path, readers, busy_timeout_s)
    pool = ReaderPool(connections[2:], at_a_glance=connections[1])
    group_commit = GroupCommitWriter(connections[0], max_waiting=max_waiting)
    group_commit.start()
    try:
        yield SqliteStore(group_commit, pool, writer_id=writer)
    finally:
        try:
            await group_commit.close()
        finally:
            await pool.close()


def _open(path: Path, readers: int, busy_timeout_s: float) -> list[sqlite3.Connection]:
    """Open the writer's connection, the one for glances, and the readers'; all or none."""
    opened: list[sqlite3.Connection] = []
    try:
        make_private(path)
        migrate(path, busy_timeout_s=busy_timeout_s)
        opened.append(connect_writer(path, busy_timeout_s=busy_timeout_s))
        opened.append(connect_reader(path, busy_timeout_s=0.0))
        for _ in range(readers):
            opened.append(connect_reader(path, busy_timeout_s=busy_timeout_s))  # noqa: PERF401 those opened so far must be closed when one fails
    except (OSError, sqlite3.Error, CommandError) as exc:
        for connection in opened:
            connection.close()
        raise unavailable(exc) from exc
    return opened
