"""What live sessions were allowed by, as rows."""

from __future__ import annotations

import sqlite3

from mooring.ports.revocation import SessionGrant
from mooring.store.rows import AccountRows
from mooring.store.schema_revocation import SESSION_GRANTS
from mooring.store.statement import account_statement, delete_where, put_row, select_where

__all__ = ["SessionGrantTable"]

_GET = account_statement(select_where(SESSION_GRANTS, "session_id"))
_PUT = account_statement(put_row(SESSION_GRANTS))
_DELETE = account_statement(delete_where(SESSION_GRANTS, "session_id"))


class SessionGrantTable:
    """The grants of one account's live sessions."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, session_id: str) -> SessionGrant | None:
        """Return the grant, or None."""
        row = self._rows.one(_GET, session_id=session_id)
        if row is None:
            return None
        _account_id, session_id, facts, session_token = row
        return SessionGrant(session_id=session_id, facts=facts, session_token=session_token)

    def put(self, grant: SessionGrant) -> None:
        """Insert or replace the grant."""
        self._rows.change(
            _PUT,
            session_id=grant.session_id,
            facts=grant.facts,
            session_token=grant.session_token,
        )

    def delete(self, session_id: str) -> bool:
        """Forget the grant; False when there was none."""
        return self._rows.change(_DELETE, session_id=session_id) > 0
