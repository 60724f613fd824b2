"""Virtual devices and passkeys as rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from mooring.iam.login import MfaDevice, Passkey
from mooring.store.identity_rows import name_key
from mooring.store.rows import (
    AccountRows,
    Row,
    from_micros,
    from_optional_micros,
    from_tags,
    to_micros,
    to_optional_micros,
    to_tags,
)
from mooring.store.schema_login import MFA_DEVICES, PASSKEYS
from mooring.store.statement import (
    account_statement,
    delete_where,
    param,
    put_row,
    select_where,
)

__all__ = ["SecondFactorTable"]

_DEVICE = account_statement(select_where(MFA_DEVICES, "serial"))
_PUT_DEVICE = account_statement(put_row(MFA_DEVICES))
_DELETE_DEVICE = account_statement(delete_where(MFA_DEVICES, "serial"))
_DEVICES_OF = account_statement(
    select_where(MFA_DEVICES, "user_key").order_by(MFA_DEVICES.c.serial)
)
_DEVICES = account_statement(
    select_where(MFA_DEVICES)
    .where(MFA_DEVICES.c.serial > param("after"))
    .order_by(MFA_DEVICES.c.serial)
    .limit(param("limit"))
)
_PASSKEY = account_statement(select_where(PASSKEYS, "credential_id"))
_PUT_PASSKEY = account_statement(put_row(PASSKEYS))
_DELETE_PASSKEY = account_statement(delete_where(PASSKEYS, "credential_id"))
_PASSKEYS_OF = account_statement(
    select_where(PASSKEYS, "user_key").order_by(PASSKEYS.c.created_at, PASSKEYS.c.credential_id)
)


class SecondFactorTable:
    """The virtual devices and passkeys of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def device(self, serial: str) -> MfaDevice | None:
        """Return the device, or None."""
        row = self._rows.one(_DEVICE, serial=serial)
        return None if row is None else _device(row)

    def put_device(self, device: MfaDevice) -> None:
        """Insert or replace the device."""
        self._rows.check_owner(device.account_id)
        self._rows.change(
            _PUT_DEVICE,
            serial=device.serial,
            user_key=name_key(device.user_name),
            user_name=device.user_name,
            user_id=device.user_id,
            sealed_seed=device.sealed_seed,
            created_at=to_micros(device.created_at),
            enabled_at=to_optional_micros(device.enabled_at),
            last_step=device.last_step,
            drift=device.drift,
            tags=to_tags(device.tags),
        )

    def delete_device(self, serial: str) -> bool:
        """Forget the device; False when there was none."""
        return self._rows.change(_DELETE_DEVICE, serial=serial) > 0

    def devices_of(self, user_name: str) -> Sequence[MfaDevice]:
        """Return the devices that are assigned to a user, by serial number."""
        rows = self._rows.all(_DEVICES_OF, user_key=name_key(user_name)) if user_name else []
        return [_device(row) for row in rows]

    def devices(self, *, after: str, limit: int) -> Sequence[MfaDevice]:
        """Return devices with a serial number above ``after``, at most ``limit``."""
        return [_device(row) for row in self._rows.all(_DEVICES, after=after, limit=limit)]

    def passkey(self, credential_id: str) -> Passkey | None:
        """Return the passkey, or None."""
        row = self._rows.one(_PASSKEY, credential_id=credential_id)
        return None if row is None else _passkey(row)

    def put_passkey(self, passkey: Passkey) -> None:
        """Insert or replace the passkey."""
        self._rows.check_owner(passkey.account_id)
        self._rows.change(
            _PUT_PASSKEY,
            credential_id=passkey.credential_id,
            user_key=name_key(passkey.user_name),
            user_name=passkey.user_name,
            user_id=passkey.user_id,
            name=passkey.name,
            rp_id=passkey.rp_id,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            created_at=to_micros(passkey.created_at),
            used_at=to_optional_micros(passkey.used_at),
        )

    def delete_passkey(self, credential_id: str) -> bool:
        """Forget the passkey; False when there was none."""
        return self._rows.change(_DELETE_PASSKEY, credential_id=credential_id) > 0

    def passkeys_of(self, user_name: str) -> Sequence[Passkey]:
        """Return the user's passkeys, oldest first."""
        rows = self._rows.all(_PASSKEYS_OF, user_key=name_key(user_name))
        return [_passkey(row) for row in rows]


def _device(row: Row) -> MfaDevice:
    account_id, serial, _key, name, user_id, seed, created, enabled, last_step, drift, tags = row
    return MfaDevice(
        account_id=account_id,
        serial=serial,
        sealed_seed=seed,
        created_at=from_micros(created),
        user_name=name,
        user_id=user_id,
        enabled_at=from_optional_micros(enabled),
        last_step=last_step,
        drift=drift,
        tags=from_tags(tags),
    )


def _passkey(row: Row) -> Passkey:
    account_id, credential_id, _key, user_name, user_id, name, rp_id, *rest = row
    public_key, sign_count, created, used = rest
    return Passkey(
        account_id=account_id,
        credential_id=credential_id,
        user_name=user_name,
        user_id=user_id,
        name=name,
        rp_id=rp_id,
        public_key=public_key,
        sign_count=sign_count,
        created_at=from_micros(created),
        used_at=from_optional_micros(used),
    )
