"""The accounts, and which of them an id belongs to: the only questions over all accounts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlalchemy import Column, select

from mooring.ports.revocation import AccessChange
from mooring.ports.store import AlreadyExists
from mooring.store.access_changes import all_changes
from mooring.store.schema import ACCESS_KEYS, ACCOUNTS, ACTIVATIONS, NODES, SESSIONS, TICKETS
from mooring.store.statement import (
    GlobalStatement,
    account_statement,
    global_statement,
    insert_row,
    param,
)

__all__ = ["DirectoryTable", "insert_account"]


def _owner_of(column: Column[str]) -> GlobalStatement:
    return global_statement(select(column.table.c.account_id).where(column == param("id")))


_CREATE = account_statement(insert_row(ACCOUNTS))
_ACCOUNTS = global_statement(select(ACCOUNTS.c.account_id).order_by(ACCOUNTS.c.account_id))
_OF_ACCESS_KEY = _owner_of(ACCESS_KEYS.c.access_key_id)
_OF_ACTIVATION = _owner_of(ACTIVATIONS.c.activation_id)
_OF_NODE = _owner_of(NODES.c.node_id)
_OF_SESSION = _owner_of(SESSIONS.c.session_id)
_OF_TICKET = _owner_of(TICKETS.c.token_hash)


class DirectoryTable:
    """Answers with account ids and nothing else."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def account_of_access_key(self, access_key_id: str) -> str | None:
        """Return the account of a long-term key."""
        return self._find(_OF_ACCESS_KEY, access_key_id)

    def account_of_activation(self, activation_id: str) -> str | None:
        """Return the account of an activation."""
        return self._find(_OF_ACTIVATION, activation_id)

    def account_of_node(self, node_id: str) -> str | None:
        """Return the account of a node."""
        return self._find(_OF_NODE, node_id)

    def account_of_session(self, session_id: str) -> str | None:
        """Return the account of a session."""
        return self._find(_OF_SESSION, session_id)

    def account_of_ticket(self, token_hash: str) -> str | None:
        """Return the account of a single-use token."""
        return self._find(_OF_TICKET, token_hash)

    def accounts(self) -> Sequence[str]:
        """Return every account id."""
        return [row[0] for row in self._connection.execute(_ACCOUNTS.text, _ACCOUNTS.fixed)]

    def access_changes(self) -> Sequence[AccessChange]:
        """Return the newest change of each account and scope."""
        return all_changes(self._connection)

    def _find(self, statement: GlobalStatement, wanted: str) -> str | None:
        bound = {**statement.fixed, "id": wanted}
        row: tuple[str] | None = self._connection.execute(statement.text, bound).fetchone()
        return None if row is None else row[0]


def insert_account(connection: sqlite3.Connection, account_id: str, name: str) -> None:
    """Make an account.

    Raises:
        AlreadyExists: it is there.
    """
    try:
        connection.execute(_CREATE.text, {"account_id": account_id, "name": name})
    except sqlite3.IntegrityError as exc:
        raise AlreadyExists(f"account `{account_id}`") from exc
