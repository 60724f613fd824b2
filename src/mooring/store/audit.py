"""Audit events as rows, in a hash chain.

Each event carries the hash of the one before it from the same writer process, and its own::

    hash = sha256( previous hash in hex | canonical JSON of account, writer, sequence, event )

A writer's first event follows 64 zeros. Numbers run from 1 without a gap over all writers of an
account, so an event taken out of the middle shows as a missing number, and one altered as a
wrong hash. What no chain without a key can show is the loss of its newest events.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from mooring.ports.records import AuditEvent
from mooring.store.rows import AccountRows, Row, from_micros, to_micros
from mooring.store.schema import AUDIT_EVENTS
from mooring.store.statement import (
    Value,
    account_statement,
    insert_row,
    of_account,
    param,
    select_where,
)

__all__ = ["FIRST_PREVIOUS_HASH", "AuditTable", "event_hash"]

FIRST_PREVIOUS_HASH = "0" * 64
_LAST_SEQUENCE = 2**63 - 1
_CHAIN_COLUMNS = 5

_APPEND = account_statement(insert_row(AUDIT_EVENTS))
_LAST = account_statement(
    select(func.max(AUDIT_EVENTS.c.sequence)).where(*of_account(AUDIT_EVENTS))
)
_LAST_HASH = account_statement(
    select(AUDIT_EVENTS.c.hash)
    .where(*of_account(AUDIT_EVENTS, "writer"))
    .order_by(AUDIT_EVENTS.c.sequence.desc())
    .limit(1)
)
_PAGE = account_statement(
    select_where(AUDIT_EVENTS)
    .where(AUDIT_EVENTS.c.sequence < param("before"))
    .order_by(AUDIT_EVENTS.c.sequence.desc())
    .limit(param("limit"))
)
_ALL = account_statement(select_where(AUDIT_EVENTS).order_by(AUDIT_EVENTS.c.sequence))


class AuditTable:
    """The audit events of one account; this process appends to the chain of ``writer``."""

    def __init__(self, connection: sqlite3.Connection, account_id: str, writer: str) -> None:
        self._rows = AccountRows(connection, account_id)
        self._writer = writer

    def append(self, event: AuditEvent) -> None:
        """Add the event at the end of the chain."""
        sequence = self._last_sequence() + 1
        last = self._rows.one(_LAST_HASH, writer=self._writer)
        previous = FIRST_PREVIOUS_HASH if last is None else last[0]
        columns = _columns(event)
        place = self._place(self._writer, sequence)
        self._rows.change(
            _APPEND,
            sequence=sequence,
            writer=self._writer,
            previous_hash=previous,
            hash=event_hash(previous, {**columns, **place}),
            **columns,
        )

    def page(self, *, before: int | None, limit: int) -> Sequence[tuple[int, AuditEvent]]:
        """Return events newest first with their sequence numbers, below ``before``."""
        bound = _LAST_SEQUENCE if before is None else before
        return [(row[1], _event(row)) for row in self._rows.all(_PAGE, before=bound, limit=limit)]

    def verify(self) -> int:
        """Check the whole chain and say how many events it holds.

        Raises:
            ValueError: the chain is broken; the text names the first bad sequence number.
        """
        heads: dict[str, str] = {}
        count = 0
        for row in self._rows.each(_ALL):
            count += 1
            _account_id, sequence, writer, previous, kept = row[:_CHAIN_COLUMNS]
            if sequence != count:
                raise ValueError(f"the audit chain is broken at {count}: the event is missing")
            if previous != heads.get(writer, FIRST_PREVIOUS_HASH):
                raise ValueError(f"the audit chain is broken at {sequence}: wrong previous hash")
            if kept != event_hash(
                previous, {**_kept_columns(row), **self._place(writer, sequence)}
            ):
                raise ValueError(f"the audit chain is broken at {sequence}: the event was altered")
            heads[writer] = kept
        return count

    def _place(self, writer: str, sequence: int) -> dict[str, Value]:
        return {"account_id": self._rows.account_id, "writer": writer, "sequence": sequence}

    def _last_sequence(self) -> int:
        row = self._rows.one(_LAST)
        last: int | None = None if row is None else row[0]
        return last or 0


def event_hash(previous: str, columns: Mapping[str, Value]) -> str:
    """Return the hash of an event that follows the one with hash ``previous``."""
    canonical = json.dumps(columns, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(previous.encode() + canonical.encode()).hexdigest()


def _columns(event: AuditEvent) -> dict[str, Value]:
    return {
        "event_id": event.event_id,
        "time": to_micros(event.time),
        "source": event.source,
        "name": event.name,
        "region": event.region,
        "principal_arn": event.principal_arn,
        "principal_id": event.principal_id,
        "access_key_id": event.access_key_id,
        "source_address": event.source_address,
        "user_agent": _storable(event.user_agent),
        "resources": json.dumps(event.resources, separators=(",", ":")),
        "request": _storable(event.request),
        "response": _storable(event.response),
        "error_code": event.error_code,
        "error_message": _storable(event.error_message),
        "read_only": int(event.read_only),
    }


def _storable(text: str) -> str:
    """Escape what a database refuses in a text: evidence must not fail for a caller's odd bytes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


_NAMES = tuple(column.name for column in AUDIT_EVENTS.c)[_CHAIN_COLUMNS:]


def _kept_columns(row: Row) -> dict[str, Value]:
    return dict(zip(_NAMES, row[_CHAIN_COLUMNS:], strict=True))


def _event(row: Row) -> AuditEvent:
    event_id, time, source, name, region, principal_arn, *rest = row[_CHAIN_COLUMNS:]
    principal_id, access_key_id, source_address, user_agent, resources, *answer = rest
    request, response, error_code, error_message, read_only = answer
    return AuditEvent(
        event_id=event_id,
        time=from_micros(time),
        source=source,
        name=name,
        region=region,
        principal_arn=principal_arn,
        principal_id=principal_id,
        access_key_id=access_key_id,
        source_address=source_address,
        user_agent=user_agent,
        resources=tuple(json.loads(resources)),
        request=request,
        response=response,
        error_code=error_code,
        error_message=error_message,
        read_only=bool(read_only),
    )
