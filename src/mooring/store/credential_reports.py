"""The newest credential report of an account as a row."""

from __future__ import annotations

import sqlite3

from mooring.iam.identity import CredentialReport
from mooring.store.rows import AccountRows, from_micros, to_micros
from mooring.store.schema_iam import CREDENTIAL_REPORTS
from mooring.store.statement import account_statement, put_row, select_where

__all__ = ["CredentialReportTable"]

_GET = account_statement(select_where(CREDENTIAL_REPORTS))
_PUT = account_statement(put_row(CREDENTIAL_REPORTS))


class CredentialReportTable:
    """The report of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self) -> CredentialReport | None:
        """Return the report, or None."""
        row = self._rows.one(_GET)
        if row is None:
            return None
        _account_id, generated_at, content = row
        return CredentialReport(generated_at=from_micros(generated_at), content=content)

    def put(self, report: CredentialReport) -> None:
        """Keep a report in place of the one before."""
        self._rows.change(_PUT, generated_at=to_micros(report.generated_at), content=report.content)
