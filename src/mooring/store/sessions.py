"""Sessions as rows. Whether one is listed as active is a column, so that pages use an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import tuple_

from mooring.sessions.session import Session, SessionStatus, is_active
from mooring.store.rows import (
    AccountRows,
    Row,
    from_micros,
    from_optional_micros,
    to_micros,
    to_optional_micros,
)
from mooring.store.schema import SESSIONS
from mooring.store.statement import account_statement, param, put_row, select_where

__all__ = ["SessionTable"]

_END_OF_TIME = (2**63 - 1, "")

_GET = account_statement(select_where(SESSIONS, "session_id"))
_PUT = account_statement(put_row(SESSIONS))
_PAGE = account_statement(
    select_where(SESSIONS, "active")
    .where(
        tuple_(SESSIONS.c.started_at, SESSIONS.c.session_id)
        < tuple_(param("before_time"), param("before_id"))
    )
    .order_by(SESSIONS.c.started_at.desc(), SESSIONS.c.session_id.desc())
    .limit(param("limit"))
)


class SessionTable:
    """The sessions of one account, live and kept."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, session_id: str) -> Session | None:
        """Return the session, or None."""
        row = self._rows.one(_GET, session_id=session_id)
        return None if row is None else _session(row)

    def put(self, session: Session) -> None:
        """Insert or replace the session."""
        self._rows.check_owner(session.account_id)
        self._rows.change(
            _PUT,
            session_id=session.session_id,
            region=session.region,
            node_id=session.node_id,
            status=session.status.value,
            active=int(is_active(session)),
            owner=session.owner,
            owner_user_id=session.owner_user_id,
            document_name=session.document_name,
            reason=session.reason,
            details=session.details,
            started_at=to_micros(session.started_at),
            ended_at=to_optional_micros(session.ended_at),
            run_as=session.run_as,
        )

    def page(
        self, *, active: bool, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Session]:
        """Return sessions newest first, started before ``before`` (time, id), at most ``limit``."""
        time, session_id = _END_OF_TIME if before is None else (to_micros(before[0]), before[1])
        rows = self._rows.all(
            _PAGE, active=int(active), before_time=time, before_id=session_id, limit=limit
        )
        return [_session(row) for row in rows]


def _session(row: Row) -> Session:
    account_id, session_id, region, node_id, status, _active, owner, *rest = row
    owner_user_id, document_name, reason, details, started_at, ended_at, run_as = rest
    return Session(
        account_id=account_id,
        region=region,
        session_id=session_id,
        node_id=node_id,
        status=SessionStatus(status),
        owner=owner,
        owner_user_id=owner_user_id,
        document_name=document_name,
        reason=reason,
        details=details,
        started_at=from_micros(started_at),
        ended_at=from_optional_micros(ended_at),
        run_as=run_as,
    )
