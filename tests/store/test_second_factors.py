"""Devices and passkeys come back as they were put, by the account they are of."""

import sqlite3
from dataclasses import replace

import pytest
from tests.store.login_rows import ACCOUNT, DEVICE, HOUR, NOW, OTHER, PASSKEY

from mooring.store.second_factors import SecondFactorTable


@pytest.fixture
def ours(connection: sqlite3.Connection) -> SecondFactorTable:
    return SecondFactorTable(connection, ACCOUNT)


@pytest.fixture
def theirs(connection: sqlite3.Connection) -> SecondFactorTable:
    return SecondFactorTable(connection, OTHER)


def test_a_device_comes_back_and_is_found_by_its_user(ours: SecondFactorTable) -> None:
    assigned = replace(
        DEVICE, user_name="Ann", user_id="AIDA1", enabled_at=NOW + HOUR, last_step=5, drift=-2
    )
    ours.put_device(DEVICE)

    assert ours.device(DEVICE.serial) == DEVICE
    assert ours.devices_of("Ann") == []
    assert ours.devices_of("") == []
    ours.put_device(assigned)
    assert ours.devices_of("ANN") == [assigned]
    assert ours.delete_device(DEVICE.serial)
    assert not ours.delete_device(DEVICE.serial)
    assert ours.device(DEVICE.serial) is None


def test_devices_are_listed_by_serial_number(ours: SecondFactorTable) -> None:
    made = [replace(DEVICE, serial=f"{DEVICE.serial}-{name}") for name in ("a", "b", "c")]
    for device in reversed(made):
        ours.put_device(device)

    assert ours.devices(after="", limit=2) == made[:2]
    assert ours.devices(after=made[1].serial, limit=2) == made[2:]


def test_a_passkey_comes_back_and_is_found_by_its_user(ours: SecondFactorTable) -> None:
    later = replace(PASSKEY, credential_id="aaa", created_at=NOW + HOUR)
    ours.put_passkey(later)
    ours.put_passkey(PASSKEY)
    used = replace(PASSKEY, sign_count=8, used_at=NOW + HOUR)

    assert ours.passkey("abc") == PASSKEY
    ours.put_passkey(used)
    assert ours.passkeys_of("ann") == [used, later]
    assert ours.delete_passkey("abc")
    assert not ours.delete_passkey("abc")
    assert ours.passkey("abc") is None


def test_the_other_account_has_none_of_it(
    ours: SecondFactorTable, theirs: SecondFactorTable
) -> None:
    ours.put_device(replace(DEVICE, user_name="Ann"))
    ours.put_passkey(PASSKEY)

    assert theirs.device(DEVICE.serial) is None
    assert theirs.devices_of("Ann") == []
    assert theirs.devices(after="", limit=9) == []
    assert theirs.passkey("abc") is None
    assert theirs.passkeys_of("Ann") == []
    assert not theirs.delete_device(DEVICE.serial)
    assert not theirs.delete_passkey("abc")
    with pytest.raises(ValueError, match="expected a row of account"):
        theirs.put_device(DEVICE)
    with pytest.raises(ValueError, match="expected a row of account"):
        theirs.put_passkey(PASSKEY)
