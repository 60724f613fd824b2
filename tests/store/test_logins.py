"""Passwords and their policy come back as they were put, by the account they are of."""

import sqlite3
from dataclasses import replace

import pytest
from tests.store.login_rows import ACCOUNT, NOW, OTHER, PROFILE

from mooring.iam.login import PasswordPolicy
from mooring.store.logins import LoginTable


@pytest.fixture
def ours(connection: sqlite3.Connection) -> LoginTable:
    return LoginTable(connection, ACCOUNT)


@pytest.fixture
def theirs(connection: sqlite3.Connection) -> LoginTable:
    return LoginTable(connection, OTHER)


def test_a_password_comes_back_by_the_name_in_any_case(ours: LoginTable) -> None:
    ours.put_profile(PROFILE)
    changed = replace(PROFILE, password_hash="new", previous=(), reset_required=False)  # noqa: S106

    assert ours.profile("aNN") == PROFILE
    ours.put_profile(changed)
    assert ours.profile("Ann") == changed
    assert ours.delete_profile("ANN")
    assert not ours.delete_profile("Ann")
    assert ours.profile("Ann") is None


def test_the_other_account_has_none_of_it(ours: LoginTable, theirs: LoginTable) -> None:
    ours.put_profile(PROFILE)
    ours.put_password_policy(PasswordPolicy())

    assert theirs.profile("Ann") is None
    assert not theirs.delete_profile("Ann")
    assert theirs.password_policy() is None
    assert not theirs.delete_password_policy()
    with pytest.raises(ValueError, match="expected a row of account"):
        theirs.put_profile(PROFILE)
    theirs.put_profile(replace(PROFILE, account_id=OTHER, changed_at=NOW))
    assert ours.profile("Ann") == PROFILE


def test_a_policy_comes_back_whole(ours: LoginTable) -> None:
    policy = PasswordPolicy(
        minimum_length=14, require_symbols=True, max_age_days=90, reuse_prevention=5
    )

    assert ours.password_policy() is None
    ours.put_password_policy(PasswordPolicy())
    ours.put_password_policy(policy)
    assert ours.password_policy() == policy
    assert ours.delete_password_policy()
    assert ours.password_policy() is None
