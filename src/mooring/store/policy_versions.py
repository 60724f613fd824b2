"""The versions of customer policies as rows. Which is the default stands in the policy's row."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from mooring.iam.identity import PolicyVersion
from mooring.store.rows import AccountRows, Row, from_micros, to_micros
from mooring.store.schema_iam import POLICY_VERSIONS
from mooring.store.statement import account_statement, delete_where, put_row, select_where

__all__ = ["PolicyVersionTable"]

_GET = account_statement(select_where(POLICY_VERSIONS, "policy_arn", "number"))
_PUT = account_statement(put_row(POLICY_VERSIONS))
_DELETE = account_statement(delete_where(POLICY_VERSIONS, "policy_arn", "number"))
_DELETE_ALL = account_statement(delete_where(POLICY_VERSIONS, "policy_arn"))
_OF_POLICY = account_statement(
    select_where(POLICY_VERSIONS, "policy_arn").order_by(POLICY_VERSIONS.c.number.desc())
)


class PolicyVersionTable:
    """The versions of the customer policies of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, policy_arn: str, number: int) -> PolicyVersion | None:
        """Return a version, or None."""
        row = self._rows.one(_GET, policy_arn=policy_arn, number=number)
        return None if row is None else _version(row)

    def put(self, version: PolicyVersion) -> None:
        """Insert or replace a version."""
        self._rows.change(
            _PUT,
            policy_arn=version.policy_arn,
            number=version.number,
            document=version.document,
            created_at=to_micros(version.created_at),
        )

    def delete(self, policy_arn: str, number: int) -> bool:
        """Forget a version; False when there was none."""
        return self._rows.change(_DELETE, policy_arn=policy_arn, number=number) > 0

    def delete_all(self, policy_arn: str) -> int:
        """Forget every version of the policy; say how many there were."""
        return self._rows.change(_DELETE_ALL, policy_arn=policy_arn)

    def of_policy(self, policy_arn: str) -> Sequence[PolicyVersion]:
        """Return the versions of the policy, newest first."""
        return [_version(row) for row in self._rows.all(_OF_POLICY, policy_arn=policy_arn)]


def _version(row: Row) -> PolicyVersion:
    _account_id, policy_arn, number, document, created_at = row
    return PolicyVersion(
        policy_arn=policy_arn,
        number=number,
        document=document,
        created_at=from_micros(created_at),
    )
