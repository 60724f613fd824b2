"""Requests of command lines to act for somebody, as rows; they belong to no account yet."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from sqlalchemy import func, select

from mooring.iam.web_session import DeviceGrant, GrantStatus
from mooring.store.rows import (
    AccountRows,
    Row,
    from_micros,
    from_optional_micros,
    to_micros,
    to_optional_micros,
)
from mooring.store.schema_login import DEVICE_GRANTS
from mooring.store.statement import (
    account_statement,
    delete_where,
    of_account,
    param,
    put_row,
    select_where,
)

__all__ = ["DeviceGrantTable"]

_GET = account_statement(select_where(DEVICE_GRANTS, "device_hash"))
_OF_USER_CODE = account_statement(select_where(DEVICE_GRANTS, "user_hash"))
_PUT = account_statement(put_row(DEVICE_GRANTS))
_DELETE = account_statement(delete_where(DEVICE_GRANTS, "device_hash"))
_COUNT = account_statement(
    select(func.count()).select_from(DEVICE_GRANTS).where(*of_account(DEVICE_GRANTS))
)
_PURGE = account_statement(
    delete_where(DEVICE_GRANTS).where(DEVICE_GRANTS.c.expires_at <= param("now"))
)


class DeviceGrantTable:
    """The requests; the account is the empty one."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, device_hash: str) -> DeviceGrant | None:
        """Return the request by the hash of its device code."""
        row = self._rows.one(_GET, device_hash=device_hash)
        return None if row is None else _request(row)

    def of_user_code(self, user_hash: str) -> DeviceGrant | None:
        """Return the request by the hash of its user code."""
        row = self._rows.one(_OF_USER_CODE, user_hash=user_hash)
        return None if row is None else _request(row)

    def put(self, grant: DeviceGrant) -> None:
        """Insert or replace the request."""
        self._rows.change(
            _PUT,
            device_hash=grant.device_hash,
            user_hash=grant.user_hash,
            client=grant.client,
            address=grant.address,
            user_agent=grant.user_agent,
            created_at=to_micros(grant.created_at),
            expires_at=to_micros(grant.expires_at),
            polled_at=to_optional_micros(grant.polled_at),
            status=grant.status.value,
            grantee=grant.account_id,
            user_name=grant.user_name,
            user_id=grant.user_id,
            mfa_at=to_optional_micros(grant.mfa_at),
            access_key_id=grant.access_key_id,
            session_token=grant.session_token,
        )

    def delete(self, device_hash: str) -> bool:
        """Forget it; False when there was none."""
        return self._rows.change(_DELETE, device_hash=device_hash) > 0

    def count(self) -> int:
        """Say how many there are."""
        row = self._rows.one(_COUNT)
        return 0 if row is None else int(row[0])

    def purge(self, now: datetime) -> int:
        """Forget those that have expired; say how many."""
        return self._rows.change(_PURGE, now=to_micros(now))


def _request(row: Row) -> DeviceGrant:
    _nobody, device_hash, user_hash, client, address, user_agent, created, expires, *rest = row
    polled, status, grantee, user_name, user_id, mfa, key_id, token = rest
    return DeviceGrant(
        device_hash=device_hash,
        user_hash=user_hash,
        client=client,
        address=address,
        user_agent=user_agent,
        created_at=from_micros(created),
        expires_at=from_micros(expires),
        polled_at=from_optional_micros(polled),
        status=GrantStatus(status),
        account_id=grantee,
        user_name=user_name,
        user_id=user_id,
        mfa_at=from_optional_micros(mfa),
        access_key_id=key_id,
        session_token=token,
    )
