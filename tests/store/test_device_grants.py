"""Requests for grants come back by either code, are counted, and end by time."""

import sqlite3
from dataclasses import replace

import pytest
from tests.store.login_rows import ACCOUNT, HOUR, NOW, REQUEST

from mooring.iam.web_session import GrantStatus
from mooring.ports.store import AlreadyExists
from mooring.store.device_grants import DeviceGrantTable


@pytest.fixture
def table(connection: sqlite3.Connection) -> DeviceGrantTable:
    return DeviceGrantTable(connection, "")


def test_a_request_comes_back_by_either_code(table: DeviceGrantTable) -> None:
    approved = replace(
        REQUEST,
        status=GrantStatus.APPROVED,
        polled_at=NOW,
        account_id=ACCOUNT,
        user_name="Ann",
        user_id="AIDA1",
        mfa_at=NOW,
    )
    table.put(REQUEST)

    assert table.get("d") == table.of_user_code("u") == REQUEST
    table.put(approved)
    assert table.get("d") == approved
    assert table.get("u") is None
    assert table.of_user_code("d") is None


def test_two_requests_never_share_a_user_code(table: DeviceGrantTable) -> None:
    table.put(REQUEST)

    with pytest.raises(AlreadyExists):
        table.put(replace(REQUEST, device_hash="e"))


def test_requests_are_counted_and_end(table: DeviceGrantTable) -> None:
    table.put(REQUEST)
    table.put(replace(REQUEST, device_hash="e", user_hash="v", expires_at=NOW + 2 * HOUR))

    assert table.count() == 2
    assert table.purge(NOW + HOUR) == 1
    assert table.count() == 1
    assert table.delete("e")
    assert not table.delete("e")
    assert table.count() == 0
