"""The store on SQLite: the contracts, and what is its own."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from tests.contracts.rows import ACCOUNT, OTHER, a_node, an_event
from tests.contracts.store_contract import StoreContract
from tests.contracts.tables_contract import RoundTrips, TablesContract
from tests.contracts.tenants_contract import TenantsContract

from mooring.ports.store import Store, StoreUnavailable
from mooring.ports.tables import Transaction
from mooring.store.database import SqliteStore, open_store
from mooring.store.readers import ReadOnlyTransaction

CRASHING = Path(__file__).parent / "crashing_writer.py"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "mooring.db") as opened:
        await opened.create_account(ACCOUNT, "one")
        await opened.create_account(OTHER, "two")
        yield opened


class TestSqliteStore(StoreContract):
    """Transactions on SQLite."""


class TestSqliteTables(TablesContract):
    """Tables on SQLite."""


class TestSqliteRoundTrips(RoundTrips):
    """Rows on SQLite."""


class TestSqliteTenants(TenantsContract):
    """Tenants on SQLite."""


def acknowledged(process: subprocess.Popen[str], count: int) -> list[str]:
    """Read what a writing child says it has kept, kill it, and read what it had said by then."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(count)]
    os.kill(process.pid, signal.SIGKILL)
    lines += process.stdout.readlines()
    return [line.strip() for line in lines if line.endswith("\n")]


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, str(CRASHING), str(tmp_path / "mooring.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:  # noqa: ASYNC220, S603 our own program, and nothing else to do meanwhile
        kept = await anyio.to_thread.run_sync(acknowledged, process, 200)

    async with open_store(tmp_path / "mooring.db") as store:
        nodes = await store.read(ACCOUNT, lambda tx: tx.nodes.page(after="", limit=1_000_000))
        events = await store.read(ACCOUNT, lambda tx: tx.audit.verify())

    assert len(kept) >= 200
    assert set(kept) <= {node.node_id for node in nodes}
    assert events == len(nodes)


async def test_what_was_written_is_there_when_opened_again(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db", writer="first") as store:
        await store.create_account(ACCOUNT, "one")
        await store.write(ACCOUNT, lambda tx: tx.audit.append(an_event()))

    async with open_store(tmp_path / "mooring.db", writer="second") as store:
        await store.write(ACCOUNT, lambda tx: tx.audit.append(an_event()))

        assert await store.read(ACCOUNT, lambda tx: tx.audit.verify()) == 2


async def test_the_files_are_for_their_owner_alone(store: Store, tmp_path: Path) -> None:
    await store.write(ACCOUNT, lambda tx: tx.nodes.put(a_node()))

    modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in os.listdir(tmp_path)}
    assert set(modes) == {"mooring.db", "mooring.db-wal", "mooring.db-shm"}
    assert set(modes.values()) == {0o600}


async def test_writes_that_wait_are_finished_when_the_store_closes(tmp_path: Path) -> None:
    done: list[str] = []

    async def write(opened: SqliteStore, name: str) -> None:
        await opened.write(ACCOUNT, lambda tx: tx.nodes.put(a_node(name)))
        done.append(name)

    async with anyio.create_task_group() as group, open_store(tmp_path / "mooring.db") as opened:
        for number in range(50):
            group.start_soon(write, opened, f"mi-{number}")
        await anyio.lowlevel.checkpoint()

    assert len(done) == 50


async def test_a_closed_store_refuses(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db") as store:
        pass

    with pytest.raises(StoreUnavailable):
        await store.write(ACCOUNT, lambda tx: tx.nodes.get("mi-0"))
    with pytest.raises(StoreUnavailable):
        await store.read(ACCOUNT, lambda tx: tx.nodes.get("mi-0"))


async def test_a_read_that_writes_is_named(store: Store) -> None:
    with pytest.raises(ReadOnlyTransaction):
        await store.read(ACCOUNT, lambda tx: tx.nodes.put(a_node()))


async def test_a_database_that_another_holds_is_unavailable_and_recovers(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db", busy_timeout_s=0.01) as store:
        other = sqlite3.connect(tmp_path / "mooring.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.write(ACCOUNT, lambda tx: tx.nodes.put(a_node()))
        other.execute("ROLLBACK")
        other.close()

        await store.write(ACCOUNT, lambda tx: tx.nodes.put(a_node()))

        assert await store.read(ACCOUNT, lambda tx: tx.nodes.get("mi-0")) == a_node()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    await anyio.Path(tmp_path / "mooring.db").write_bytes(b"not a database" * 100)

    with pytest.raises(StoreUnavailable):
        async with open_store(tmp_path / "mooring.db"):
            pass


async def test_a_database_of_a_newer_version_is_unavailable(database: Path) -> None:
    with sqlite3.connect(database) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()

    with pytest.raises(StoreUnavailable, match="9999"):
        async with open_store(database):
            pass


async def test_a_directory_that_is_missing_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        async with open_store(tmp_path / "missing" / "mooring.db"):
            pass


async def test_a_read_sees_one_state_from_beginning_to_end(tmp_path: Path) -> None:
    path = tmp_path / "mooring.db"
    async with open_store(path) as reading, open_store(path) as writing:
        await writing.write(ACCOUNT, lambda tx: tx.nodes.put(a_node("mi-0")))
        counts: list[int] = []

        def add_another() -> None:
            anyio.from_thread.run(writing.write, ACCOUNT, lambda tx: tx.nodes.put(a_node("mi-1")))

        def read_twice(tx: Transaction) -> None:
            counts.append(len(tx.nodes.page(after="", limit=9)))
            add_another()
            counts.append(len(tx.nodes.page(after="", limit=9)))

        await reading.read(ACCOUNT, read_twice)

        assert counts == [1, 1]
        after = await reading.read(ACCOUNT, lambda tx: tx.nodes.page(after="", limit=9))
        assert len(after) == 2
