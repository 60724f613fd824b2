"""How many of each thing an account has: for quotas and summaries."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from sqlalchemy import Table, func, select

from mooring.iam.identity import Total
from mooring.store.rows import AccountRows
from mooring.store.schema import ACCESS_KEYS, POLICIES, ROLES, USERS
from mooring.store.schema_iam import INSTANCE_PROFILES, POLICY_VERSIONS, USER_GROUPS
from mooring.store.statement import AccountStatement, account_statement, of_account

__all__ = ["TotalTable"]


def _count(table: Table) -> AccountStatement:
    return account_statement(select(func.count()).select_from(table).where(*of_account(table)))


_COUNTS: Mapping[Total, AccountStatement] = {
    Total.USERS: _count(USERS),
    Total.GROUPS: _count(USER_GROUPS),
    Total.ROLES: _count(ROLES),
    Total.POLICIES: _count(POLICIES),
    Total.POLICY_VERSIONS: _count(POLICY_VERSIONS),
    Total.INSTANCE_PROFILES: _count(INSTANCE_PROFILES),
    Total.ACCESS_KEYS: _count(ACCESS_KEYS),
}


class TotalTable:
    """The numbers of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def count(self, what: Total) -> int:
        """Say how many there are."""
        row = self._rows.one(_COUNTS[what])
        count: int = 0 if row is None else row[0]
        return count
