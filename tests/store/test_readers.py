"""Reads at a glance: here and now, on a thread where they would wait, never a change."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from mooring.ports.store import StoreUnavailable
from mooring.store.connection import connect_reader
from mooring.store.readers import ReaderPool, ReadOnlyTransaction


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("CREATE TABLE words (word TEXT)")
        made.execute("INSERT INTO words VALUES ('anchor')")
    return path


@pytest.fixture
async def pool(file: Path) -> AsyncIterator[ReaderPool]:
    opened = ReaderPool(
        [connect_reader(file, busy_timeout_s=5)],
        at_a_glance=connect_reader(file, busy_timeout_s=0),
    )
    yield opened
    await opened.close()


def words(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT word FROM words")]


async def test_a_glance_reads(pool: ReaderPool) -> None:
    assert await pool.glance(words) == ["anchor"]


async def test_a_glance_that_writes_is_named_and_the_next_one_reads(pool: ReaderPool) -> None:
    with pytest.raises(ReadOnlyTransaction):
        await pool.glance(lambda connection: connection.execute("DELETE FROM words"))

    assert await pool.glance(words) == ["anchor"]


async def test_a_glance_that_would_wait_goes_to_a_thread(pool: ReaderPool, file: Path) -> None:
    asked: list[int] = []

    def look(connection: sqlite3.Connection) -> list[str]:
        asked.append(len(asked))
        if len(asked) == 2:
            holder.execute("COMMIT")
        return words(connection)

    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as holder:
        holder.execute("BEGIN EXCLUSIVE")  # without WAL it keeps readers out
        found = await pool.glance(look)

    assert found == ["anchor"]
    assert asked == [0, 1]


async def test_a_closed_pool_refuses_a_glance(pool: ReaderPool) -> None:
    await pool.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        await pool.glance(words)
