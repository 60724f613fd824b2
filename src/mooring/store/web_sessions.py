"""Cookie sessions and the grants of command lines, as rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_

from mooring.iam.web_session import LoginGrant, Method, Stage, WebSession
from mooring.store.identity_rows import name_key
from mooring.store.rows import (
    AccountRows,
    Row,
    from_micros,
    from_optional_micros,
    to_micros,
    to_optional_micros,
)
from mooring.store.schema_login import LOGIN_GRANTS, WEB_SESSIONS
from mooring.store.statement import (
    account_statement,
    delete_where,
    param,
    put_row,
    select_where,
)

__all__ = ["WebSessionTable"]

_GET = account_statement(select_where(WEB_SESSIONS, "token_hash"))
_PUT = account_statement(put_row(WEB_SESSIONS))
_DELETE = account_statement(delete_where(WEB_SESSIONS, "token_hash"))
_DELETE_OF = account_statement(delete_where(WEB_SESSIONS, "user_key"))
_PURGE = account_statement(
    delete_where(WEB_SESSIONS).where(
        or_(
            WEB_SESSIONS.c.expires_at <= param("now"),
            WEB_SESSIONS.c.last_seen <= param("idle_since"),
        )
    )
)
_GRANT = account_statement(select_where(LOGIN_GRANTS, "grant_id"))
_PUT_GRANT = account_statement(put_row(LOGIN_GRANTS))
_DELETE_GRANT = account_statement(delete_where(LOGIN_GRANTS, "grant_id"))
_DELETE_GRANTS_OF = account_statement(delete_where(LOGIN_GRANTS, "user_key"))
_GRANTS_OF = account_statement(
    select_where(LOGIN_GRANTS, "user_key").order_by(
        LOGIN_GRANTS.c.created_at, LOGIN_GRANTS.c.grant_id
    )
)
_PURGE_GRANTS = account_statement(
    delete_where(LOGIN_GRANTS).where(LOGIN_GRANTS.c.expires_at <= param("now"))
)


class WebSessionTable:
    """The cookie sessions and grants of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, token_hash: str) -> WebSession | None:
        """Return the session, or None."""
        row = self._rows.one(_GET, token_hash=token_hash)
        return None if row is None else _session(row)

    def put(self, session: WebSession) -> None:
        """Insert or replace the session."""
        self._rows.check_owner(session.account_id)
        self._rows.change(
            _PUT,
            token_hash=session.token_hash,
            stage=session.stage.value,
            method=session.method.value,
            user_key=name_key(session.user_name),
            user_name=session.user_name,
            user_id=session.user_id,
            created_at=to_micros(session.created_at),
            authenticated_at=to_micros(session.authenticated_at),
            mfa_at=to_optional_micros(session.mfa_at),
            last_seen=to_micros(session.last_seen),
            expires_at=to_micros(session.expires_at),
            address=session.address,
            user_agent=session.user_agent,
            access_key_id=session.access_key_id,
            session_token=session.session_token,
        )

    def delete(self, token_hash: str) -> bool:
        """Forget the session; False when there was none."""
        return self._rows.change(_DELETE, token_hash=token_hash) > 0

    def delete_of(self, user_name: str) -> int:
        """Forget every session and grant of a user; say how many there were."""
        key = name_key(user_name)
        return self._rows.change(_DELETE_OF, user_key=key) + self._rows.change(
            _DELETE_GRANTS_OF, user_key=key
        )

    def grant(self, grant_id: str) -> LoginGrant | None:
        """Return the grant, or None."""
        row = self._rows.one(_GRANT, grant_id=grant_id)
        return None if row is None else _grant(row)

    def put_grant(self, grant: LoginGrant) -> None:
        """Insert or replace the grant."""
        self._rows.check_owner(grant.account_id)
        self._rows.change(
            _PUT_GRANT,
            grant_id=grant.grant_id,
            secret_hash=grant.secret_hash,
            user_key=name_key(grant.user_name),
            user_name=grant.user_name,
            user_id=grant.user_id,
            client=grant.client,
            address=grant.address,
            mfa_at=to_optional_micros(grant.mfa_at),
            created_at=to_micros(grant.created_at),
            used_at=to_optional_micros(grant.used_at),
            expires_at=to_micros(grant.expires_at),
            access_key_id=grant.access_key_id,
            session_token=grant.session_token,
        )

    def delete_grant(self, grant_id: str) -> bool:
        """Forget the grant; False when there was none."""
        return self._rows.change(_DELETE_GRANT, grant_id=grant_id) > 0

    def grants_of(self, user_name: str) -> Sequence[LoginGrant]:
        """Return the user's grants, oldest first."""
        return [_grant(row) for row in self._rows.all(_GRANTS_OF, user_key=name_key(user_name))]

    def purge(self, *, now: datetime, idle_since: datetime) -> int:
        """Forget what has expired, or was idle since then; say how many."""
        at = to_micros(now)
        gone = self._rows.change(_PURGE, now=at, idle_since=to_micros(idle_since))
        return gone + self._rows.change(_PURGE_GRANTS, now=at)


def _session(row: Row) -> WebSession:
    account_id, token_hash, stage, method, _key, user_name, user_id, *rest = row
    created, authenticated, mfa, seen, expires, address, user_agent, key_id, token = rest
    return WebSession(
        account_id=account_id,
        token_hash=token_hash,
        stage=Stage(stage),
        method=Method(method),
        user_name=user_name,
        user_id=user_id,
        created_at=from_micros(created),
        authenticated_at=from_micros(authenticated),
        mfa_at=from_optional_micros(mfa),
        last_seen=from_micros(seen),
        expires_at=from_micros(expires),
        address=address,
        user_agent=user_agent,
        access_key_id=key_id,
        session_token=token,
    )


def _grant(row: Row) -> LoginGrant:
    account_id, grant_id, secret_hash, _key, user_name, user_id, *rest = row
    client, address, mfa, created, used, expires, key_id, token = rest
    return LoginGrant(
        account_id=account_id,
        grant_id=grant_id,
        secret_hash=secret_hash,
        user_name=user_name,
        user_id=user_id,
        client=client,
        address=address,
        mfa_at=from_optional_micros(mfa),
        created_at=from_micros(created),
        used_at=from_optional_micros(used),
        expires_at=from_micros(expires),
        access_key_id=key_id,
        session_token=token,
    )
