"""Groups and who is in them, as rows. Names compare without case, as users' names do."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlalchemy import and_, select

from mooring.iam.identity import Group, User
from mooring.store.identity_rows import name_key, user_of
from mooring.store.rows import AccountRows, Row, from_micros, to_micros
from mooring.store.schema import USERS
from mooring.store.schema_iam import GROUP_MEMBERS, USER_GROUPS
from mooring.store.statement import (
    account_statement,
    delete_where,
    listing,
    of_account,
    param,
    put_row,
    select_where,
)

__all__ = ["GroupTable"]

_GET = account_statement(select_where(USER_GROUPS, "name_key"))
_PUT = account_statement(put_row(USER_GROUPS))
_DELETE = account_statement(delete_where(USER_GROUPS, "name_key"))
_PAGE = account_statement(listing(USER_GROUPS, USER_GROUPS.c.name_key))
_ADD = account_statement(put_row(GROUP_MEMBERS))
_REMOVE = account_statement(delete_where(GROUP_MEMBERS, "group_key", "user_key"))
_OF_USER = account_statement(
    select(*USER_GROUPS.c)
    .join(
        GROUP_MEMBERS,
        and_(
            GROUP_MEMBERS.c.account_id == USER_GROUPS.c.account_id,
            GROUP_MEMBERS.c.group_key == USER_GROUPS.c.name_key,
        ),
    )
    .where(*of_account(GROUP_MEMBERS, "user_key"))
    .order_by(USER_GROUPS.c.name_key)
)
_MEMBERS = account_statement(
    select(*USERS.c)
    .join(
        GROUP_MEMBERS,
        and_(
            GROUP_MEMBERS.c.account_id == USERS.c.account_id,
            GROUP_MEMBERS.c.user_key == USERS.c.name_key,
        ),
    )
    .where(*of_account(GROUP_MEMBERS, "group_key"), GROUP_MEMBERS.c.user_key > param("after"))
    .order_by(GROUP_MEMBERS.c.user_key)
    .limit(param("limit"))
)


class GroupTable:
    """The groups of one account and who is in them."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, name: str) -> Group | None:
        """Return the group, or None."""
        row = self._rows.one(_GET, name_key=name_key(name))
        return None if row is None else _group(row)

    def put(self, group: Group) -> None:
        """Insert or replace the group."""
        self._rows.check_owner(group.account_id)
        self._rows.change(
            _PUT,
            name_key=name_key(group.name),
            name=group.name,
            path=group.path,
            group_id=group.group_id,
            created_at=to_micros(group.created_at),
        )

    def delete(self, name: str) -> bool:
        """Forget the group; False when there was none. Who is in it is another matter."""
        return self._rows.change(_DELETE, name_key=name_key(name)) > 0

    def page(self, *, path_prefix: str, after: str, limit: int) -> Sequence[Group]:
        """Return groups by name, above ``after``."""
        rows = self._rows.all(
            _PAGE,
            path_prefix=path_prefix,
            prefix_length=len(path_prefix),
            after=name_key(after),
            limit=limit,
        )
        return [_group(row) for row in rows]

    def add_member(self, group_name: str, user_name: str) -> None:
        """Put a user into a group; twice is once."""
        self._rows.change(_ADD, group_key=name_key(group_name), user_key=name_key(user_name))

    def remove_member(self, group_name: str, user_name: str) -> bool:
        """Take a user out of a group; False when it was not in it."""
        changed = self._rows.change(
            _REMOVE, group_key=name_key(group_name), user_key=name_key(user_name)
        )
        return changed > 0

    def of_user(self, user_name: str) -> Sequence[Group]:
        """Return the groups that the user is in, by name."""
        return [_group(row) for row in self._rows.all(_OF_USER, user_key=name_key(user_name))]

    def members(self, group_name: str, *, after: str, limit: int) -> Sequence[User]:
        """Return the users in the group by name, above ``after``."""
        rows = self._rows.all(
            _MEMBERS, group_key=name_key(group_name), after=name_key(after), limit=limit
        )
        return [user_of(row) for row in rows]


def _group(row: Row) -> Group:
    account_id, _key, name, path, group_id, created_at = row
    return Group(
        account_id=account_id,
        name=name,
        path=path,
        group_id=group_id,
        created_at=from_micros(created_at),
    )
