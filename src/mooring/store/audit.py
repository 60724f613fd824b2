"""Audit events as rows, in the hash chain of ``wire.audit_chain``, and its signed heads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from mooring.ports.records import AuditEvent
from mooring.store.rows import AccountRows, Row, from_micros, to_micros
from mooring.store.schema import AUDIT_EVENTS
from mooring.store.schema_audit import AUDIT_HEADS
from mooring.store.statement import (
    Value,
    account_statement,
    insert_row,
    of_account,
    param,
    select_where,
)
from mooring.wire.audit_chain import (
    FIRST_PREVIOUS_HASH,
    AuditLine,
    SignedHead,
    event_hash,
    verify_audit,
)

__all__ = ["AuditTable"]

_LAST_SEQUENCE = 2**63 - 1
_CHAIN_COLUMNS = 5

_APPEND = account_statement(insert_row(AUDIT_EVENTS))
_LAST = account_statement(
    select(func.max(AUDIT_EVENTS.c.sequence)).where(*of_account(AUDIT_EVENTS))
)
_LAST_OF = account_statement(
    select(AUDIT_EVENTS.c.hash, AUDIT_EVENTS.c.sequence)
    .where(*of_account(AUDIT_EVENTS, "writer"))
    .order_by(AUDIT_EVENTS.c.sequence.desc())
    .limit(1)
)
_NEXT_WRITER = account_statement(
    select(func.min(AUDIT_EVENTS.c.writer)).where(
        *of_account(AUDIT_EVENTS), AUDIT_EVENTS.c.writer > param("after")
    )
)
_PAGE = account_statement(
    select_where(AUDIT_EVENTS)
    .where(AUDIT_EVENTS.c.sequence < param("before"))
    .order_by(AUDIT_EVENTS.c.sequence.desc())
    .limit(param("limit"))
)
_LINES = account_statement(
    select_where(AUDIT_EVENTS)
    .where(AUDIT_EVENTS.c.sequence > param("after"))
    .order_by(AUDIT_EVENTS.c.sequence)
    .limit(param("limit"))
)
_ALL = account_statement(select_where(AUDIT_EVENTS).order_by(AUDIT_EVENTS.c.sequence))
_PUT_HEAD = account_statement(insert_row(AUDIT_HEADS))
_LAST_HEAD = account_statement(
    select_where(AUDIT_HEADS).order_by(AUDIT_HEADS.c.number.desc()).limit(1)
)
_HEADS = account_statement(
    select_where(AUDIT_HEADS)
    .where(AUDIT_HEADS.c.number > param("after"))
    .order_by(AUDIT_HEADS.c.number)
    .limit(param("limit"))
)


class AuditTable:
    """The audit events of one account; this process appends to the chain of ``writer``."""

    def __init__(self, connection: sqlite3.Connection, account_id: str, writer: str) -> None:
        self._rows = AccountRows(connection, account_id)
        self._writer = writer

    def append(self, event: AuditEvent) -> None:
        """Add the event at the end of the chain."""
        sequence = self.last_sequence() + 1
        last = self._rows.one(_LAST_OF, writer=self._writer)
        previous = FIRST_PREVIOUS_HASH if last is None else last[0]
        columns = _columns(event)
        text = self._text(self._writer, sequence, columns)
        self._rows.change(
            _APPEND,
            sequence=sequence,
            writer=self._writer,
            previous_hash=previous,
            hash=event_hash(previous, text),
            **columns,
        )

    def last_sequence(self) -> int:
        """Return the newest event's number, 0 when there is none."""
        row = self._rows.one(_LAST)
        last: int | None = None if row is None else row[0]
        return last or 0

    def page(self, *, before: int | None, limit: int) -> Sequence[tuple[int, AuditEvent]]:
        """Return events newest first with their sequence numbers, below ``before``."""
        bound = _LAST_SEQUENCE if before is None else before
        return [(row[1], _event(row)) for row in self._rows.all(_PAGE, before=bound, limit=limit)]

    def lines(self, *, after: int, limit: int) -> Sequence[AuditLine]:
        """Return events as they are hashed, oldest first, above the number ``after``."""
        return [self._line(row) for row in self._rows.all(_LINES, after=after, limit=limit)]

    def writers(self) -> Mapping[str, tuple[int, str]]:
        """Return where each writer stands: the number and hash of its newest event."""
        places: dict[str, tuple[int, str]] = {}
        after = ""
        while (row := self._rows.one(_NEXT_WRITER, after=after)) is not None and row[0]:
            after = row[0]
            last = self._rows.one(_LAST_OF, writer=after)
            if last is not None:
                places[after] = (last[1], last[0])
        return places

    def put_head(self, number: int, head: SignedHead) -> None:
        """Keep a signed head.

        Raises:
            AlreadyExists: there is one of this number.
        """
        self._rows.change(_PUT_HEAD, number=number, text=head.text, signature=head.signature)

    def last_head(self) -> SignedHead | None:
        """Return the newest signed head."""
        row = self._rows.one(_LAST_HEAD)
        return None if row is None else _head(row)

    def heads(self, *, after: int, limit: int) -> Sequence[SignedHead]:
        """Return signed heads in order, above the number ``after``."""
        return [_head(row) for row in self._rows.all(_HEADS, after=after, limit=limit)]

    def verify(self) -> int:
        """Check the whole chain and say how many events it holds.

        Raises:
            ValueError: the chain is broken; the text names the first bad sequence number.
        """
        verdict = verify_audit(
            map(self._line, self._rows.each(_ALL)),
            (),
            account_id=self._rows.account_id,
            public_key_verify=_no_key,
        )
        if not verdict.is_whole:
            raise ValueError(
                f"the audit chain is broken at {verdict.detail.removeprefix('event ')}"
            )
        return verdict.events

    def _line(self, row: Row) -> AuditLine:
        _account_id, sequence, writer, previous, kept = row[:_CHAIN_COLUMNS]
        return AuditLine(
            text=self._text(writer, sequence, _kept_columns(row)), previous=previous, hash=kept
        )

    def _text(self, writer: str, sequence: int, columns: Mapping[str, Value]) -> str:
        place = {"account_id": self._rows.account_id, "writer": writer, "sequence": sequence}
        # `more` is a later column: events that say nothing in it hash as they did before it.
        kept = {name: value for name, value in columns.items() if name != "more" or value}
        return json.dumps({**kept, **place}, sort_keys=True, separators=(",", ":"))


def _no_key(_key_id: str, _signature: bytes, _message: bytes) -> bool:
    return False


def _head(row: Row) -> SignedHead:
    _account_id, _number, text, signature = row
    return SignedHead(text=text, signature=signature)


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
        "more": _more(event),
    }


def _storable(text: str) -> str:
    """Escape what a database refuses in a text: evidence must not fail for a caller's odd bytes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _more(event: AuditEvent) -> str:
    facts: dict[str, Value] = {
        "request_id": event.request_id,
        "issuer_arn": event.issuer_arn,
        "issued_at": _optional(event.issued_at),
        "mfa_at": _optional(event.mfa_at),
    }
    told = {name: value for name, value in facts.items() if value not in ("", None)}
    return json.dumps(told, separators=(",", ":")) if told else ""


def _optional(time: datetime | None) -> int | None:
    return None if time is None else to_micros(time)


_NAMES = tuple(column.name for column in AUDIT_EVENTS.c)[_CHAIN_COLUMNS:]


def _kept_columns(row: Row) -> dict[str, Value]:
    return dict(zip(_NAMES, row[_CHAIN_COLUMNS:], strict=True))


def _event(row: Row) -> AuditEvent:
    kept = dict(zip(_NAMES, row[_CHAIN_COLUMNS:], strict=True))
    more = json.loads(kept.pop("more") or "{}")
    for name in ("issued_at", "mfa_at"):
        if name in more:
            more[name] = from_micros(more[name])
    kept["time"] = from_micros(kept["time"])
    kept["resources"] = tuple(json.loads(kept["resources"]))
    kept["read_only"] = bool(kept["read_only"])
    return AuditEvent(**kept, **more)
