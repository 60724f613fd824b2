"""Session rows written durably: ours, in groups, beside a commit for each change.

Run with ``python -m bench.store``. Both sides run the same compiled statement (insert a session,
then replace it) on SQLite in WAL mode with ``synchronous=FULL``, for the same number of callers
that each wait for their own commit. The rounds interleave, and what counts is the ratio of the
medians; the target is 8 (15 was measured with the statements written by hand).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from mooring.ports.tables import Transaction
from mooring.sessions.session import Session, SessionStatus
from mooring.store.connection import connect_writer
from mooring.store.database import open_store
from mooring.store.transaction import AccountTransaction

__all__ = ["compare", "main"]

ACCOUNT = "123456789012"
CALLERS = 32
PAIRS_EACH = 60
ROUNDS = 5
TARGET = 8.0

Work = Callable[[Transaction], None]
Write = Callable[[Work], Awaitable[None]]


def a_session(number: str) -> Session:
    """A session as StartSession makes it."""
    return Session(
        account_id=ACCOUNT,
        region="ap-northeast-1",
        session_id=f"alice-{number:>017}",
        node_id="mi-0123456789abcdef0",
        status=SessionStatus.CONNECTING,
        owner=f"arn:aws:iam::{ACCOUNT}:user/alice",
        owner_user_id="AIDACKCEVSQ6C2EXAMPLE",
        document_name="SSM-SessionManagerRunShell",
        started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


def _changes(label: str) -> list[Work]:
    """An insert and an update, as often as one caller makes them; made before the clock runs."""
    changes: list[Work] = []
    for turn in range(PAIRS_EACH):
        session = a_session(f"{label}{turn:04x}")
        connected = replace(session, status=SessionStatus.CONNECTED)
        changes += [partial(_put, session), partial(_put, connected)]
    return changes


def _put(session: Session, tx: Transaction) -> None:
    tx.sessions.put(session)


async def _pairs_per_second(write: Write, label: str) -> float:
    async def caller(changes: list[Work]) -> None:
        for change in changes:
            await write(change)

    work = [_changes(f"{label}{number:02x}") for number in range(CALLERS)]
    start = time.perf_counter()
    async with anyio.create_task_group() as group:
        for changes in work:
            group.start_soon(caller, changes)
    return CALLERS * PAIRS_EACH / (time.perf_counter() - start)


async def compare(directory: Path) -> tuple[float, float]:
    """Return the medians of pairs per second: in groups, and with a commit for each change."""
    groups: list[float] = []
    alone: list[float] = []
    beside = connect_writer(directory / "each.db", busy_timeout_s=5.0)
    one_at_a_time = anyio.CapacityLimiter(1)

    def commit(work: Work) -> None:
        beside.execute("BEGIN IMMEDIATE")
        work(AccountTransaction(beside, ACCOUNT, "bench"))
        beside.execute("COMMIT")

    async with open_store(directory / "each.db"):
        pass  # It made the tables for the other side.
    async with open_store(directory / "groups.db") as store:
        for turn in range(ROUNDS):
            groups.append(await _pairs_per_second(partial(store.write, ACCOUNT), f"{turn:x}"))
            alone.append(
                await _pairs_per_second(
                    lambda work: anyio.to_thread.run_sync(commit, work, limiter=one_at_a_time),
                    f"{turn:x}",
                )
            )
    beside.close()
    return statistics.median(groups), statistics.median(alone)


async def main() -> None:
    """Print both figures and their ratio."""
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as directory:
        groups, alone = await compare(Path(directory))
    sys.stdout.write(
        f"session rows, insert and update, durable, {CALLERS} callers: "
        f"in groups {groups:,.0f} pairs/s, a commit each {alone:,.0f} pairs/s, "
        f"ratio {groups / alone:.1f} (target >= {TARGET:g})\n"
    )


if __name__ == "__main__":
    anyio.run(main, backend_options={"use_uvloop": True})
