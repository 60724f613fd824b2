"""Instance profiles as rows, each with the one role it may hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from mooring.iam.identity import InstanceProfile
from mooring.store.identity_rows import name_key
from mooring.store.rows import AccountRows, Row, from_micros, from_tags, to_micros, to_tags
from mooring.store.schema_iam import INSTANCE_PROFILES
from mooring.store.statement import (
    account_statement,
    delete_where,
    listing,
    put_row,
    select_where,
)

__all__ = ["InstanceProfileTable"]

_GET = account_statement(select_where(INSTANCE_PROFILES, "name_key"))
_PUT = account_statement(put_row(INSTANCE_PROFILES))
_DELETE = account_statement(delete_where(INSTANCE_PROFILES, "name_key"))
_PAGE = account_statement(listing(INSTANCE_PROFILES, INSTANCE_PROFILES.c.name_key))
_OF_ROLE = account_statement(
    select_where(INSTANCE_PROFILES, "role_key").order_by(INSTANCE_PROFILES.c.name_key)
)


class InstanceProfileTable:
    """The instance profiles of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, name: str) -> InstanceProfile | None:
        """Return the profile, or None."""
        row = self._rows.one(_GET, name_key=name_key(name))
        return None if row is None else _profile(row)

    def put(self, profile: InstanceProfile) -> None:
        """Insert or replace the profile."""
        self._rows.check_owner(profile.account_id)
        self._rows.change(
            _PUT,
            name_key=name_key(profile.name),
            name=profile.name,
            path=profile.path,
            profile_id=profile.profile_id,
            created_at=to_micros(profile.created_at),
            role_key=name_key(profile.role_name),
            role_name=profile.role_name,
            tags=to_tags(profile.tags),
        )

    def delete(self, name: str) -> bool:
        """Forget the profile; False when there was none."""
        return self._rows.change(_DELETE, name_key=name_key(name)) > 0

    def page(self, *, path_prefix: str, after: str, limit: int) -> Sequence[InstanceProfile]:
        """Return profiles by name, above ``after``."""
        rows = self._rows.all(
            _PAGE,
            path_prefix=path_prefix,
            prefix_length=len(path_prefix),
            after=name_key(after),
            limit=limit,
        )
        return [_profile(row) for row in rows]

    def of_role(self, role_name: str) -> Sequence[InstanceProfile]:
        """Return the profiles that hold the role, by name."""
        return [_profile(row) for row in self._rows.all(_OF_ROLE, role_key=name_key(role_name))]


def _profile(row: Row) -> InstanceProfile:
    account_id, _key, name, path, profile_id, created_at, _role_key, role_name, tags = row
    return InstanceProfile(
        account_id=account_id,
        name=name,
        path=path,
        profile_id=profile_id,
        created_at=from_micros(created_at),
        role_name=role_name,
        tags=from_tags(tags),
    )
