"""Passwords and what they must be, as rows."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from mooring.iam.login import LoginProfile, PasswordPolicy
from mooring.store.identity_rows import name_key
from mooring.store.rows import AccountRows, from_micros, to_micros
from mooring.store.schema_login import LOGIN_PROFILES, PASSWORD_POLICIES
from mooring.store.statement import account_statement, delete_where, put_row, select_where

__all__ = ["LoginTable"]

_GET = account_statement(select_where(LOGIN_PROFILES, "user_key"))
_PUT = account_statement(put_row(LOGIN_PROFILES))
_DELETE = account_statement(delete_where(LOGIN_PROFILES, "user_key"))
_GET_POLICY = account_statement(select_where(PASSWORD_POLICIES))
_PUT_POLICY = account_statement(put_row(PASSWORD_POLICIES))
_DELETE_POLICY = account_statement(delete_where(PASSWORD_POLICIES))


class LoginTable:
    """The passwords of one account, and its password policy."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def profile(self, user_name: str) -> LoginProfile | None:
        """Return the user's password, or None."""
        row = self._rows.one(_GET, user_key=name_key(user_name))
        if row is None:
            return None
        account_id, _key, name, user_id, password_hash, previous, reset, created, changed = row
        return LoginProfile(
            account_id=account_id,
            user_name=name,
            user_id=user_id,
            password_hash=password_hash,
            previous=tuple(json.loads(previous)),
            reset_required=bool(reset),
            created_at=from_micros(created),
            changed_at=from_micros(changed),
        )

    def put_profile(self, profile: LoginProfile) -> None:
        """Insert or replace it."""
        self._rows.check_owner(profile.account_id)
        self._rows.change(
            _PUT,
            user_key=name_key(profile.user_name),
            user_name=profile.user_name,
            user_id=profile.user_id,
            password_hash=profile.password_hash,
            previous=json.dumps(profile.previous),
            reset_required=int(profile.reset_required),
            created_at=to_micros(profile.created_at),
            changed_at=to_micros(profile.changed_at),
        )

    def delete_profile(self, user_name: str) -> bool:
        """Forget it; False when there was none."""
        return self._rows.change(_DELETE, user_key=name_key(user_name)) > 0

    def password_policy(self) -> PasswordPolicy | None:
        """Return the account's policy, or None where it set none."""
        row = self._rows.one(_GET_POLICY)
        return None if row is None else PasswordPolicy(**json.loads(row[1]))

    def put_password_policy(self, policy: PasswordPolicy) -> None:
        """Insert or replace the policy."""
        self._rows.change(_PUT_POLICY, policy=json.dumps(asdict(policy)))

    def delete_password_policy(self) -> bool:
        """Forget it; False when there was none."""
        return self._rows.change(_DELETE_POLICY) > 0
