"""Single-use tokens as rows, by the hash of the token."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from mooring.ports.records import Ticket
from mooring.store.rows import AccountRows, Row, from_micros, to_micros
from mooring.store.schema import TICKETS
from mooring.store.statement import account_statement, delete_where, insert_row, param

__all__ = ["TicketTable"]

_PUT = account_statement(insert_row(TICKETS))
_TAKE = account_statement(delete_where(TICKETS, "token_hash").returning(*TICKETS.c))
_REVOKE = account_statement(delete_where(TICKETS, "kind", "subject"))
_PURGE = account_statement(delete_where(TICKETS).where(TICKETS.c.expires_at <= param("now")))


class TicketTable:
    """The single-use tokens of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def put(self, ticket: Ticket) -> None:
        """Keep a ticket.

        Raises:
            AlreadyExists: there is one of this hash; it stays as it is.
        """
        self._rows.change(
            _PUT,
            token_hash=ticket.token_hash,
            kind=ticket.kind,
            subject=ticket.subject,
            bearer=ticket.bearer,
            expires_at=to_micros(ticket.expires_at),
        )

    def take(self, token_hash: str) -> Ticket | None:
        """Return the ticket and forget it; None when unknown or already used."""
        rows = self._rows.all(_TAKE, token_hash=token_hash)
        return _ticket(rows[0]) if rows else None

    def revoke(self, *, kind: str, subject: str) -> int:
        """Forget every ticket of this kind for this subject; say how many there were."""
        return self._rows.change(_REVOKE, kind=kind, subject=subject)

    def purge(self, now: datetime) -> int:
        """Forget tickets that have expired; say how many."""
        return self._rows.change(_PURGE, now=to_micros(now))


def _ticket(row: Row) -> Ticket:
    _account_id, token_hash, kind, subject, bearer, expires_at = row
    return Ticket(
        token_hash=token_hash,
        kind=kind,
        subject=subject,
        bearer=bearer,
        expires_at=from_micros(expires_at),
    )
