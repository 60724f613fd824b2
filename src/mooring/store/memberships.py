"""What an organization means for one of its accounts: the one narrow look into another's rows.

A member account's decisions need the service control policies above it, which are rows of the
management account. So this reads over the border, and only this: it begins at the row that names
the asking account as a member and follows it upwards; no id given by a caller leads anywhere.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import and_, select

from mooring.iam.organization import FULL_ACCESS, FULL_ACCESS_ID, Membership
from mooring.store.schema_organizations import (
    ORGANIZATION_ATTACHMENTS,
    ORGANIZATION_MEMBERS,
    ORGANIZATION_POLICIES,
    ORGANIZATION_UNITS,
    ORGANIZATIONS,
)
from mooring.store.statement import GlobalStatement, Value, global_statement, param

__all__ = ["MembershipTable"]

_MEMBER = ORGANIZATION_MEMBERS.c
_HOME = ORGANIZATIONS.c
_UNIT = ORGANIZATION_UNITS.c
_ATTACHED = ORGANIZATION_ATTACHMENTS.c
_POLICY = ORGANIZATION_POLICIES.c

_OF_MEMBER = global_statement(
    select(
        _HOME.account_id, _HOME.organization_id, _HOME.root_id, _HOME.controls, _MEMBER.parent_id
    )
    .join_from(ORGANIZATION_MEMBERS, ORGANIZATIONS, _HOME.account_id == _MEMBER.account_id)
    .where(_MEMBER.member_id == param("member_id"))
)
_PARENT = global_statement(
    select(_UNIT.parent_id).where(
        _UNIT.account_id == param("management_id"), _UNIT.unit_id == param("unit_id")
    )
)
# A root, five units and an account.
_TARGETS = tuple(f"target_{number}" for number in range(7))
_ATTACHED_TO = global_statement(
    select(_ATTACHED.target_id, _ATTACHED.policy_id, _POLICY.document)
    .join_from(
        ORGANIZATION_ATTACHMENTS,
        ORGANIZATION_POLICIES,
        and_(_POLICY.account_id == _ATTACHED.account_id, _POLICY.policy_id == _ATTACHED.policy_id),
        isouter=True,
    )
    .where(
        _ATTACHED.account_id == param("management_id"),
        _ATTACHED.target_id.in_([param(name) for name in _TARGETS]),
    )
    .order_by(_ATTACHED.policy_id)
)


class MembershipTable:
    """Where one account stands."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def get(self) -> Membership | None:
        """Return where the account stands, or None when it is in no organization."""
        found = self._run(_OF_MEMBER, member_id=self._account_id).fetchone()
        if found is None:
            return None
        management_id, organization_id, root_id, controls, parent_id = found
        return Membership(
            management_id=management_id,
            organization_id=organization_id,
            member_id=self._account_id,
            path=(root_id, *self._units(management_id, root_id, parent_id)),
            controls=bool(controls),
        )

    def levels(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Return the policies that bind the account: name and document, level by level."""
        place = self.get()
        if place is None or place.is_management or not place.controls:
            return ()
        targets = (*place.path, self._account_id)
        levels: dict[str, list[tuple[str, str]]] = {target: [] for target in targets}
        wanted: dict[str, Value] = dict.fromkeys(_TARGETS, "")
        wanted.update(zip(_TARGETS, targets, strict=False))
        rows = self._run(_ATTACHED_TO, management_id=place.management_id, **wanted)
        for target, policy_id, document in rows:
            text = FULL_ACCESS.document if policy_id == FULL_ACCESS_ID else document
            levels[target].append((policy_id, text))
        return tuple(tuple(level) for level in levels.values())

    def _units(self, management_id: str, root_id: str, parent_id: str) -> list[str]:
        """Return the units between the root and the account, from above."""
        units: list[str] = []
        at: str | None = parent_id
        while at is not None and at != root_id:
            units.insert(0, at)
            row = self._run(_PARENT, management_id=management_id, unit_id=at).fetchone()
            at = None if row is None else row[0]
        return units

    def _run(self, statement: GlobalStatement, **values: Value) -> Any:  # noqa: ANN401 - a cursor of untyped rows
        return self._connection.execute(statement.text, {**statement.fixed, **values})
