"""When keys and roles were last used, as rows; several processes may report, the latest stays."""

from __future__ import annotations

import sqlite3

from mooring.iam.identity import LastUse
from mooring.store.rows import AccountRows, from_micros, to_micros
from mooring.store.schema_iam import LAST_USES
from mooring.store.statement import account_statement, delete_where, put_row, select_where

__all__ = ["LastUseTable"]

_GET = account_statement(select_where(LAST_USES, "subject"))
_PUT = account_statement(put_row(LAST_USES))
_DELETE = account_statement(delete_where(LAST_USES, "subject"))


class LastUseTable:
    """The last uses in one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, subject: str) -> LastUse | None:
        """Return the last use that is kept, or None."""
        row = self._rows.one(_GET, subject=subject)
        if row is None:
            return None
        _account_id, _subject, used_at, service, region = row
        return LastUse(
            subject=subject, used_at=from_micros(used_at), service=service, region=region
        )

    def put(self, use: LastUse) -> None:
        """Keep a use, unless a later one is kept."""
        kept = self.get(use.subject)
        if kept is not None and kept.used_at >= use.used_at:
            return
        self._rows.change(
            _PUT,
            subject=use.subject,
            used_at=to_micros(use.used_at),
            service=use.service,
            region=use.region,
        )

    def delete(self, subject: str) -> bool:
        """Forget the use; False when there was none."""
        return self._rows.change(_DELETE, subject=subject) > 0
