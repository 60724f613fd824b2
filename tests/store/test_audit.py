"""The chain of audit events shows what was altered or taken out."""

import hashlib
import json
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import anyio
import pytest
from tests.contracts.rows import ACCOUNT, NOW, OTHER, an_event

from mooring.ports.store import AlreadyExists
from mooring.store.audit import AuditTable
from mooring.store.database import SqliteStore, open_store
from mooring.wire.audit_chain import SignedHead

EVENTS = 5


@pytest.fixture
def audit(connection: sqlite3.Connection) -> AuditTable:
    table = AuditTable(connection, ACCOUNT, "gateway-1")
    for number in range(EVENTS):
        table.append(an_event(f"Event{number}"))
    return table


def test_a_whole_chain_holds(audit: AuditTable) -> None:
    assert audit.verify() == EVENTS


def test_the_hash_is_over_the_one_before_and_the_event_as_json(
    connection: sqlite3.Connection, audit: AuditTable
) -> None:
    assert audit.verify()
    cursor = connection.execute("SELECT * FROM audit_events ORDER BY sequence LIMIT 2")
    names = [column[0] for column in cursor.description]
    first, second = (dict(zip(names, row, strict=True)) for row in cursor)

    expected = first.pop("hash")
    assert first.pop("previous_hash") == "0" * 64
    assert first.pop("more") == ""
    canonical = json.dumps(first, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(("0" * 64 + canonical).encode()).hexdigest() == expected
    assert second["previous_hash"] == expected


@pytest.mark.parametrize(
    ("change", "sequence"),
    [
        ("UPDATE audit_events SET principal_arn = 'mallory' WHERE sequence = 3", 3),
        ("UPDATE audit_events SET time = time + 1 WHERE sequence = 1", 1),
        ("UPDATE audit_events SET read_only = 0 WHERE sequence = 5", 5),
        ("UPDATE audit_events SET writer = 'other' WHERE sequence = 2", 2),
        ("UPDATE audit_events SET hash = previous_hash WHERE sequence = 4", 4),
        ("UPDATE audit_events SET previous_hash = hash WHERE sequence = 4", 4),
        ("DELETE FROM audit_events WHERE sequence = 3", 3),
        ("DELETE FROM audit_events WHERE sequence = 1", 1),
    ],
)
def test_any_change_names_the_first_bad_event(
    connection: sqlite3.Connection, audit: AuditTable, change: str, sequence: int
) -> None:
    connection.execute(change)

    with pytest.raises(ValueError, match=f"broken at {sequence}:"):
        audit.verify()


def test_each_writer_has_a_chain_and_numbers_run_over_all(
    connection: sqlite3.Connection, audit: AuditTable
) -> None:
    other = AuditTable(connection, ACCOUNT, "gateway-2")

    other.append(an_event())
    audit.append(an_event())
    other.append(an_event())

    rows = list(
        connection.execute(
            "SELECT sequence, writer, previous_hash, hash FROM audit_events ORDER BY sequence"
        )
    )
    assert [row[0] for row in rows] == list(range(1, EVENTS + 4))
    assert rows[5][2] == "0" * 64
    assert rows[6][2] == rows[4][3]
    assert rows[7][2] == rows[5][3]
    assert audit.verify() == EVENTS + 3


def test_each_account_has_its_own_numbers(
    connection: sqlite3.Connection, audit: AuditTable
) -> None:
    other = AuditTable(connection, OTHER, "gateway-1")

    other.append(an_event())

    assert other.page(before=None, limit=9) == [(1, an_event())]
    assert audit.verify() == EVENTS


def test_what_an_event_tells_more_is_kept_and_hashed(
    connection: sqlite3.Connection, audit: AuditTable
) -> None:
    told = replace(
        an_event(),
        request_id="a request",
        issuer_arn="arn:aws:iam::111111111111:role/path/Role",
        issued_at=NOW,
        mfa_at=NOW - timedelta(minutes=1),
    )

    audit.append(told)

    assert audit.page(before=None, limit=1) == [(EVENTS + 1, told)]
    connection.execute("UPDATE audit_events SET more = '' WHERE sequence = 6")
    with pytest.raises(ValueError, match="broken at 6: the event was altered"):
        audit.verify()


def test_lines_and_heads_come_in_order_from_where_one_left_off(audit: AuditTable) -> None:
    heads = [SignedHead(text=f"head {number}", signature="00") for number in (1, 2, 3)]
    for number, head in enumerate(heads, start=1):
        audit.put_head(number, head)

    lines = audit.lines(after=2, limit=2)

    assert [json.loads(line.text)["sequence"] for line in lines] == [3, 4]
    assert audit.heads(after=1, limit=9) == heads[1:]
    assert audit.last_head() == heads[2]
    assert audit.last_sequence() == EVENTS
    with pytest.raises(AlreadyExists):
        audit.put_head(3, heads[0])


async def test_two_writer_processes_share_the_numbers_and_neither_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mooring.db"
    async with open_store(path, writer="one") as one, open_store(path, writer="two") as two:

        async def write(store: SqliteStore) -> None:
            for _ in range(40):
                await store.write(ACCOUNT, lambda tx: tx.audit.append(an_event()))

        async with anyio.create_task_group() as tasks:
            for store in (one, two, one, two):
                tasks.start_soon(write, store)

        assert await one.read(ACCOUNT, lambda tx: tx.audit.verify()) == 160
        places = await two.read(ACCOUNT, lambda tx: tx.audit.writers())
        assert set(places) == {"one", "two"}
        assert max(sequence for sequence, _ in places.values()) == 160
