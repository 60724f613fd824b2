"""The writer answers everybody, whatever the database does."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from mooring.ports.store import StoreUnavailable
from mooring.store.writer import GroupCommitWriter


@asynccontextmanager
async def writing(
    connection: sqlite3.Connection, *, max_waiting: int = 100
) -> AsyncIterator[GroupCommitWriter]:
    writer = GroupCommitWriter(connection, max_waiting=max_waiting)
    writer.start()
    try:
        yield writer
    finally:
        await writer.close()


def note(text: str) -> Callable[[sqlite3.Connection], None]:
    def run(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO notes VALUES (?)", (text,))

    return run


async def submit_all(
    writer: GroupCommitWriter, runs: list[Callable[[sqlite3.Connection], None]]
) -> list[BaseException | None]:
    """Submit all in one turn of the loop, so in one group; return what each came to."""
    outcomes: list[BaseException | None] = [None] * len(runs)

    async def submit(place: int, run: Callable[[sqlite3.Connection], None]) -> None:
        try:
            await writer.submit(run)
        except Exception as exc:  # noqa: BLE001 the outcome is what is asked for
            outcomes[place] = exc

    async with anyio.create_task_group() as group:
        for place, run in enumerate(runs):
            group.start_soon(submit, place, run)
    return outcomes


@pytest.fixture
def notes(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("CREATE TABLE notes (text TEXT)")
    return connection


async def kept(writer: GroupCommitWriter) -> list[str]:
    return await writer.submit(
        lambda connection: [row[0] for row in connection.execute("SELECT text FROM notes")]
    )


async def test_changes_of_one_turn_are_committed_at_once(notes: sqlite3.Connection) -> None:
    seen: list[str] = []
    notes.set_trace_callback(seen.append)

    async with writing(notes) as writer:
        outcomes = await submit_all(writer, [note(str(number)) for number in range(50)])

    assert outcomes == [None] * 50
    assert seen.count("COMMIT") == 1


async def test_a_commit_that_fails_is_told_to_all(notes: sqlite3.Connection) -> None:
    notes.execute("PRAGMA foreign_keys = ON")
    notes.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
    notes.execute(
        "CREATE TABLE children (id REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"
    )

    def orphan(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO children VALUES (1)")

    def own_fault(_: sqlite3.Connection) -> None:
        raise KeyError

    async with writing(notes) as writer:
        outcomes = await submit_all(writer, [note("before"), orphan, own_fault, note("after")])
        await writer.submit(note("next"))

        assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 4
        assert await kept(writer) == ["next"]


async def test_a_full_disk_is_told_and_later_writes_go_on(notes: sqlite3.Connection) -> None:
    (pages,) = notes.execute("PRAGMA page_count").fetchone()
    notes.execute(f"PRAGMA max_page_count = {pages + 2}")

    def big(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO notes VALUES (?)", ("x" * 1_000_000,))

    async with writing(notes) as writer:
        outcomes = await submit_all(writer, [note("one"), big, note("two")])
        await writer.submit(note("next"))

        survivors = [
            text
            for text, outcome in zip(("one", "two"), outcomes[::2], strict=True)
            if outcome is None
        ]
        assert isinstance(outcomes[1], StoreUnavailable)
        assert await kept(writer) == [*survivors, "next"]


async def test_work_that_swallows_the_loss_of_the_transaction_is_not_believed(
    notes: sqlite3.Connection,
) -> None:
    def lose(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")

    async with writing(notes) as writer:
        outcomes = await submit_all(writer, [note("one"), lose])

        assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 2
        assert await kept(writer) == []


async def test_a_fault_of_the_program_is_not_the_databases(notes: sqlite3.Connection) -> None:
    def wrong(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO notes VALUES (?)", (object(),))

    async with writing(notes) as writer:
        with pytest.raises(sqlite3.ProgrammingError):
            await writer.submit(wrong)


async def test_callers_wait_while_the_queue_is_full(notes: sqlite3.Connection) -> None:
    async with writing(notes, max_waiting=3) as writer:
        outcomes = await submit_all(writer, [note(str(number)) for number in range(20)])

        assert outcomes == [None] * 20
        assert sorted(await kept(writer), key=int) == [str(number) for number in range(20)]


async def test_places_of_cancelled_callers_come_free(notes: sqlite3.Connection) -> None:
    async with writing(notes, max_waiting=2) as writer:
        for _ in range(10):
            async with anyio.create_task_group() as group:
                group.start_soon(writer.submit, note("x"))
                group.start_soon(writer.submit, note("x"))
                await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()

        with anyio.fail_after(5):
            await writer.submit(note("y"))


async def test_a_closed_writer_refuses(notes: sqlite3.Connection) -> None:
    async with writing(notes) as writer:
        pass

    with pytest.raises(StoreUnavailable):
        await writer.submit(note("late"))
