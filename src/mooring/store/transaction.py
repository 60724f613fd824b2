"""The tables of one account on one connection."""

from __future__ import annotations

import sqlite3

from mooring.store.activations import ActivationTable
from mooring.store.audit import AuditTable
from mooring.store.identities import IdentityTable
from mooring.store.nodes import NodeTable
from mooring.store.sessions import SessionTable
from mooring.store.tickets import TicketTable

__all__ = ["AccountTransaction"]


class AccountTransaction:
    """What a unit of work sees: nothing of any other account."""

    __slots__ = ("_account_id", "_connection", "_writer")

    def __init__(self, connection: sqlite3.Connection, account_id: str, writer: str) -> None:
        self._connection = connection
        self._account_id = account_id
        self._writer = writer

    @property
    def nodes(self) -> NodeTable:
        """The account's nodes."""
        return NodeTable(self._connection, self._account_id)

    @property
    def activations(self) -> ActivationTable:
        """The account's activations."""
        return ActivationTable(self._connection, self._account_id)

    @property
    def sessions(self) -> SessionTable:
        """The account's sessions."""
        return SessionTable(self._connection, self._account_id)

    @property
    def identities(self) -> IdentityTable:
        """The account's users, roles, keys and policies."""
        return IdentityTable(self._connection, self._account_id)

    @property
    def tickets(self) -> TicketTable:
        """The account's single-use tokens."""
        return TicketTable(self._connection, self._account_id)

    @property
    def audit(self) -> AuditTable:
        """The account's audit events."""
        return AuditTable(self._connection, self._account_id, self._writer)
