"""Cookie sessions and grants come back as they were put, and end by time or by user."""

import sqlite3
from dataclasses import replace

import pytest
from tests.store.login_rows import ACCOUNT, GRANT, HOUR, NOW, OTHER, SESSION

from mooring.iam.web_session import Method, Stage
from mooring.store.web_sessions import WebSessionTable


@pytest.fixture
def ours(connection: sqlite3.Connection) -> WebSessionTable:
    return WebSessionTable(connection, ACCOUNT)


@pytest.fixture
def theirs(connection: sqlite3.Connection) -> WebSessionTable:
    return WebSessionTable(connection, OTHER)


def test_a_session_comes_back(ours: WebSessionTable) -> None:
    done = replace(SESSION, stage=Stage.DONE, method=Method.PASSKEY, mfa_at=NOW)
    ours.put(SESSION)

    assert ours.get("0f") == SESSION
    ours.put(done)
    assert ours.get("0f") == done
    assert ours.delete("0f")
    assert not ours.delete("0f")
    assert ours.get("0f") is None


def test_a_grant_comes_back(ours: WebSessionTable) -> None:
    used = replace(GRANT, used_at=NOW + HOUR, mfa_at=None)
    later = replace(GRANT, grant_id="g0", created_at=NOW + HOUR)
    ours.put_grant(GRANT)
    ours.put_grant(later)

    assert ours.grant("g1") == GRANT
    ours.put_grant(used)
    assert ours.grants_of("ANN") == [used, later]
    assert ours.delete_grant("g1")
    assert not ours.delete_grant("g1")
    assert ours.grant("g1") is None


def test_a_user_takes_sessions_and_grants_along(ours: WebSessionTable) -> None:
    ours.put(SESSION)
    ours.put(replace(SESSION, token_hash="1f", user_name="Bob"))  # noqa: S106
    ours.put_grant(GRANT)

    assert ours.delete_of("ann") == 2
    assert ours.get("1f") is not None


def test_what_is_over_or_idle_goes(ours: WebSessionTable) -> None:
    ours.put(SESSION)
    ours.put(replace(SESSION, token_hash="seen", last_seen=NOW + 2 * HOUR))  # noqa: S106
    ours.put(replace(SESSION, token_hash="over", last_seen=NOW + HOUR, expires_at=NOW))  # noqa: S106
    ours.put_grant(GRANT)

    gone = ours.purge(now=NOW + HOUR, idle_since=NOW)

    assert gone == 3
    assert ours.get("seen") is not None


def test_the_other_account_has_none_of_it(ours: WebSessionTable, theirs: WebSessionTable) -> None:
    ours.put(SESSION)
    ours.put_grant(GRANT)

    assert theirs.get("0f") is None
    assert not theirs.delete("0f")
    assert theirs.delete_of("Ann") == 0
    assert theirs.grant("g1") is None
    assert not theirs.delete_grant("g1")
    assert theirs.grants_of("Ann") == []
    assert theirs.purge(now=NOW + 99 * HOUR, idle_since=NOW + 99 * HOUR) == 0
    with pytest.raises(ValueError, match="expected a row of account"):
        theirs.put(SESSION)
    with pytest.raises(ValueError, match="expected a row of account"):
        theirs.put_grant(GRANT)
