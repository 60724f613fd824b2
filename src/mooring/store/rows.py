"""Running compiled statements for one account, and turning columns into values and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mooring.ports.store import AlreadyExists
from mooring.store.access_changes import ACCOUNT, note, scope_of
from mooring.store.statement import AccountStatement, Value

__all__ = [
    "AccountRows",
    "Row",
    "from_micros",
    "from_optional_micros",
    "from_tags",
    "to_micros",
    "to_optional_micros",
    "to_tags",
]

# The driver's rows are untyped; each table's row function gives the columns their types.
Row = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class AccountRows:
    """A connection for one account: no statement runs on it without that account's id."""

    __slots__ = ("_connection", "account_id")

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._connection = connection
        self.account_id = account_id

    def check_owner(self, account_id: str) -> None:
        """Refuse a row of another account.

        Raises:
            ValueError: it is one.
        """
        if account_id != self.account_id:
            raise ValueError(f"expected a row of account `{self.account_id}`, got `{account_id}`")

    def one(self, statement: AccountStatement, **values: Value) -> Row | None:
        """Return the first row, or None."""
        row: Row | None = self._run(statement, values).fetchone()
        return row

    def all(self, statement: AccountStatement, **values: Value) -> list[Row]:
        """Return every row."""
        return self._run(statement, values).fetchall()

    def each(self, statement: AccountStatement, **values: Value) -> Iterator[Row]:
        """Go through the rows without holding them all."""
        return self._run(statement, values)

    def change(self, statement: AccountStatement, **values: Value) -> int:
        """Run a change and say how many rows it touched.

        Raises:
            AlreadyExists: a key that must be unique is taken.
        """
        try:
            return self._run(statement, values).rowcount
        except sqlite3.IntegrityError as exc:
            raise AlreadyExists(str(exc)) from exc

    def _run(self, statement: AccountStatement, values: dict[str, Value]) -> sqlite3.Cursor:
        # INVARIANT: the account comes last, so that no value given can be taken for it.
        values.update(statement.fixed, account_id=self.account_id)
        scope = scope_of(statement.writes)
        if scope is not None:
            note(self._connection, self.account_id, scope)
        return self._connection.execute(statement.text, values)

    def note_access_change(self) -> None:
        """Note what a write to a quiet table means for once; see ``access_changes``."""
        note(self._connection, self.account_id, ACCOUNT)


def to_micros(time: datetime) -> int:
    """Express a time as microseconds since 1970 in UTC, exactly."""
    return (time - _EPOCH) // _MICROSECOND


def from_micros(count: int) -> datetime:
    """Undo ``to_micros``."""
    return _EPOCH + timedelta(microseconds=count)


def to_optional_micros(time: datetime | None) -> int | None:
    """Express a time that may be missing."""
    return None if time is None else to_micros(time)


def from_optional_micros(count: int | None) -> datetime | None:
    """Undo ``to_optional_micros``."""
    return None if count is None else from_micros(count)


def to_tags(tags: Mapping[str, str]) -> str:
    """Write tags as a JSON text of ASCII characters only: any text survives any database."""
    return json.dumps(dict(tags), separators=(",", ":")) if tags else "{}"


def from_tags(text: str) -> Mapping[str, str]:
    """Undo ``to_tags``."""
    tags: dict[str, str] = json.loads(text)
    return tags
