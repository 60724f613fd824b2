"""Users, roles, access keys, policies and what is attached to whom.

Names of users, roles and policies are unique without case (IAM API, CreateUser: "names are not
distinguished by case"): a key column holds the lower-cased name, another the name as given.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlalchemy import Table, func, select

from mooring.iam.identity import (
    AccessKey,
    AttachedPolicies,
    CustomerPolicy,
    EntityKind,
    Role,
    User,
)
from mooring.store.identity_rows import (
    access_key_columns,
    access_key_of,
    name_key,
    policy_columns,
    policy_of,
    role_columns,
    role_of,
    user_columns,
    user_of,
)
from mooring.store.renames import follow
from mooring.store.rows import AccountRows, Row
from mooring.store.schema import (
    ACCESS_KEYS,
    ATTACHMENTS,
    INLINE_POLICIES,
    POLICIES,
    ROLES,
    USERS,
)
from mooring.store.statement import (
    AccountStatement,
    account_statement,
    delete_where,
    listing,
    of_account,
    put_row,
    select_where,
)

__all__ = ["IdentityTable"]


_USER = account_statement(select_where(USERS, "name_key"))
_PUT_USER = account_statement(put_row(USERS))
_DELETE_USER = account_statement(delete_where(USERS, "name_key"))
_USERS = account_statement(listing(USERS, USERS.c.name_key))
_ROLE = account_statement(select_where(ROLES, "name_key"))
_PUT_ROLE = account_statement(put_row(ROLES))
_DELETE_ROLE = account_statement(delete_where(ROLES, "name_key"))
_ROLES = account_statement(listing(ROLES, ROLES.c.name_key))
_ACCESS_KEY = account_statement(select_where(ACCESS_KEYS, "access_key_id"))
_PUT_ACCESS_KEY = account_statement(put_row(ACCESS_KEYS))
_DELETE_ACCESS_KEY = account_statement(delete_where(ACCESS_KEYS, "access_key_id"))
_ACCESS_KEYS = account_statement(
    select_where(ACCESS_KEYS, "user_key").order_by(
        ACCESS_KEYS.c.created_at, ACCESS_KEYS.c.access_key_id
    )
)
_POLICY = account_statement(select_where(POLICIES, "arn"))
_PUT_POLICY = account_statement(put_row(POLICIES))
_DELETE_POLICY = account_statement(delete_where(POLICIES, "arn"))
_POLICIES = account_statement(listing(POLICIES, POLICIES.c.name_key))
_POLICY_NAMED = account_statement(select_where(POLICIES, "name_key"))

_ENTITY = ("entity_kind", "entity_key")
_INLINE = account_statement(
    select(INLINE_POLICIES.c.policy_name, INLINE_POLICIES.c.document)
    .where(*of_account(INLINE_POLICIES, *_ENTITY))
    .order_by(INLINE_POLICIES.c.policy_key)
)
_PUT_INLINE = account_statement(put_row(INLINE_POLICIES))
_DELETE_INLINE = account_statement(delete_where(INLINE_POLICIES, *_ENTITY, "policy_key"))
_MANAGED = account_statement(
    select(ATTACHMENTS.c.policy_arn)
    .where(*of_account(ATTACHMENTS, *_ENTITY))
    .order_by(ATTACHMENTS.c.policy_arn)
)
_ATTACH = account_statement(put_row(ATTACHMENTS))
_DETACH = account_statement(delete_where(ATTACHMENTS, *_ENTITY, "policy_arn"))
_COUNT = account_statement(
    select(func.count()).select_from(ATTACHMENTS).where(*of_account(ATTACHMENTS, "policy_arn"))
)
_HOLDERS = account_statement(
    select(ATTACHMENTS.c.entity_kind, ATTACHMENTS.c.entity_key)
    .where(*of_account(ATTACHMENTS, "policy_arn"))
    .order_by(ATTACHMENTS.c.entity_kind, ATTACHMENTS.c.entity_key)
)


def _bounded(table: Table) -> AccountStatement:
    return account_statement(
        select(table.c.name_key)
        .where(*of_account(table, "boundary_arn"))
        .order_by(table.c.name_key)
    )


_BOUNDED_USERS = _bounded(USERS)
_BOUNDED_ROLES = _bounded(ROLES)


def _count_of(table: Table, column: str) -> AccountStatement:
    clause = select(func.count()).select_from(table)
    return account_statement(clause.where(*of_account(table, column)))


_BOUNDED_USER_COUNT = _count_of(USERS, "boundary_arn")
_BOUNDED_ROLE_COUNT = _count_of(ROLES, "boundary_arn")

_USER_OF_ID = account_statement(select_where(USERS, "user_id"))
_ROLE_OF_ID = account_statement(select_where(ROLES, "role_id"))


class IdentityTable:
    """The users, roles, keys and policies of one account. Names compare without case."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def user(self, name: str) -> User | None:
        """Return the user, or None."""
        row = self._rows.one(_USER, name_key=name_key(name))
        return None if row is None else user_of(row)

    def put_user(self, user: User) -> None:
        """Insert or replace the user."""
        self._rows.check_owner(user.account_id)
        self._rows.change(_PUT_USER, **user_columns(user))

    def delete_user(self, name: str) -> bool:
        """Forget the user; False when there was none."""
        return self._rows.change(_DELETE_USER, name_key=name_key(name)) > 0

    def users(self, *, path_prefix: str, after: str, limit: int) -> Sequence[User]:
        """Return users by name, above ``after``."""
        rows = self._list(_USERS, path_prefix, name_key(after), limit)
        return [user_of(row) for row in rows]

    def role(self, name: str) -> Role | None:
        """Return the role, or None."""
        row = self._rows.one(_ROLE, name_key=name_key(name))
        return None if row is None else role_of(row)

    def put_role(self, role: Role) -> None:
        """Insert or replace the role."""
        self._rows.check_owner(role.account_id)
        self._rows.change(_PUT_ROLE, **role_columns(role))

    def delete_role(self, name: str) -> bool:
        """Forget the role; False when there was none."""
        return self._rows.change(_DELETE_ROLE, name_key=name_key(name)) > 0

    def roles(self, *, path_prefix: str, after: str, limit: int) -> Sequence[Role]:
        """Return roles by name, above ``after``."""
        rows = self._list(_ROLES, path_prefix, name_key(after), limit)
        return [role_of(row) for row in rows]

    def access_key(self, access_key_id: str) -> AccessKey | None:
        """Return the key, or None."""
        row = self._rows.one(_ACCESS_KEY, access_key_id=access_key_id)
        return None if row is None else access_key_of(row)

    def put_access_key(self, key: AccessKey) -> None:
        """Insert or replace the key."""
        self._rows.check_owner(key.account_id)
        self._rows.change(_PUT_ACCESS_KEY, **access_key_columns(key))

    def delete_access_key(self, access_key_id: str) -> bool:
        """Forget the key; False when there was none."""
        return self._rows.change(_DELETE_ACCESS_KEY, access_key_id=access_key_id) > 0

    def access_keys(self, user_name: str) -> Sequence[AccessKey]:
        """Return the user's keys, oldest first."""
        rows = self._rows.all(_ACCESS_KEYS, user_key=name_key(user_name))
        return [access_key_of(row) for row in rows]

    def policy(self, arn: str) -> CustomerPolicy | None:
        """Return the customer policy, or None. ARNs compare exactly."""
        row = self._rows.one(_POLICY, arn=arn)
        return None if row is None else policy_of(row)

    def put_policy(self, policy: CustomerPolicy) -> None:
        """Insert or replace the customer policy.

        Raises:
            AlreadyExists: another ARN of the account has this name, whatever its path.
        """
        self._rows.check_owner(policy.account_id)
        self._rows.change(_PUT_POLICY, **policy_columns(policy))

    def delete_policy(self, arn: str) -> bool:
        """Forget the policy; False when there was none."""
        return self._rows.change(_DELETE_POLICY, arn=arn) > 0

    def policies(self, *, path_prefix: str, after: str, limit: int) -> Sequence[CustomerPolicy]:
        """Return customer policies by name, above ``after``."""
        rows = self._list(_POLICIES, path_prefix, name_key(after), limit)
        return [policy_of(row) for row in rows]

    def policy_named(self, name: str) -> CustomerPolicy | None:
        """Return the customer policy of this name, whatever its path, or None."""
        row = self._rows.one(_POLICY_NAMED, name_key=name_key(name))
        return None if row is None else policy_of(row)

    def attached(self, kind: EntityKind, name: str) -> AttachedPolicies:
        """Return everything attached to the user, group or role."""
        key = name_key(name)
        inline = self._rows.all(_INLINE, entity_kind=kind.value, entity_key=key)
        managed = self._rows.all(_MANAGED, entity_kind=kind.value, entity_key=key)
        return AttachedPolicies(
            inline=tuple((policy_name, document) for policy_name, document in inline),
            managed=tuple(arn for (arn,) in managed),
        )

    def put_inline(self, kind: EntityKind, name: str, policy_name: str, document: str) -> None:
        """Insert or replace an inline policy."""
        self._rows.change(
            _PUT_INLINE,
            entity_kind=kind.value,
            entity_key=name_key(name),
            policy_key=name_key(policy_name),
            policy_name=policy_name,
            document=document,
        )

    def delete_inline(self, kind: EntityKind, name: str, policy_name: str) -> bool:
        """Forget an inline policy; False when there was none."""
        changed = self._rows.change(
            _DELETE_INLINE,
            entity_kind=kind.value,
            entity_key=name_key(name),
            policy_key=name_key(policy_name),
        )
        return changed > 0

    def attach(self, kind: EntityKind, name: str, policy_arn: str) -> None:
        """Attach a managed policy; attaching twice is once."""
        self._rows.change(
            _ATTACH, entity_kind=kind.value, entity_key=name_key(name), policy_arn=policy_arn
        )

    def detach(self, kind: EntityKind, name: str, policy_arn: str) -> bool:
        """Detach a managed policy; False when it was not attached."""
        changed = self._rows.change(
            _DETACH, entity_kind=kind.value, entity_key=name_key(name), policy_arn=policy_arn
        )
        return changed > 0

    def attachment_count(self, policy_arn: str) -> int:
        """Say how many users, groups and roles the policy is attached to."""
        row = self._rows.one(_COUNT, policy_arn=policy_arn)
        count: int = 0 if row is None else row[0]
        return count

    def holders(self, policy_arn: str) -> Sequence[tuple[EntityKind, str]]:
        """Return whom the policy is attached to, by kind and by lower-case name."""
        rows = self._rows.all(_HOLDERS, policy_arn=policy_arn)
        return [(EntityKind(kind), key) for kind, key in rows]

    def bounded(self, policy_arn: str) -> Sequence[tuple[EntityKind, str]]:
        """Return whose permissions boundary the policy is, likewise."""
        roles = self._rows.all(_BOUNDED_ROLES, boundary_arn=policy_arn)
        users = self._rows.all(_BOUNDED_USERS, boundary_arn=policy_arn)
        return [
            *((EntityKind.ROLE, key) for (key,) in roles),
            *((EntityKind.USER, key) for (key,) in users),
        ]

    def boundary_count(self, policy_arn: str) -> int:
        """Say of how many users and roles the policy is the permissions boundary."""
        statements = (_BOUNDED_USER_COUNT, _BOUNDED_ROLE_COUNT)
        rows = [self._rows.one(statement, boundary_arn=policy_arn) for statement in statements]
        return sum(row[0] for row in rows if row is not None)

    def of_id(self, unique_id: str) -> User | Role | None:
        """Return the user or role of this unique id, or None."""
        user = self._rows.one(_USER_OF_ID, user_id=unique_id)
        if user is not None:
            return user_of(user)
        role = self._rows.one(_ROLE_OF_ID, role_id=unique_id)
        return None if role is None else role_of(role)

    def rename(self, kind: EntityKind, name: str, new_name: str) -> None:
        """Let what hangs on a user's or group's name follow to a new one, but not its own row."""
        follow(self._rows, kind, name, new_name)

    def _list(
        self, statement: AccountStatement, path_prefix: str, after: str, limit: int
    ) -> list[Row]:
        return self._rows.all(
            statement,
            path_prefix=path_prefix,
            prefix_length=len(path_prefix),
            after=after,
            limit=limit,
        )
