"""The alias of an account as a row; an alias belongs to one account of all."""

from __future__ import annotations

import sqlite3

from mooring.store.rows import AccountRows
from mooring.store.schema_iam import ACCOUNT_ALIASES
from mooring.store.statement import account_statement, delete_where, put_row, select_where

__all__ = ["AliasTable"]

_GET = account_statement(select_where(ACCOUNT_ALIASES))
_PUT = account_statement(put_row(ACCOUNT_ALIASES))
_DELETE = account_statement(delete_where(ACCOUNT_ALIASES))


class AliasTable:
    """The alias of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self) -> str | None:
        """Return the alias, or None."""
        row = self._rows.one(_GET)
        return None if row is None else row[1]

    def put(self, alias: str) -> None:
        """Give the account an alias in place of the one it had.

        Raises:
            AlreadyExists: another account has it.
        """
        self._rows.change(_PUT, alias=alias)

    def delete(self) -> bool:
        """Forget the alias; False when there was none."""
        return self._rows.change(_DELETE) > 0
