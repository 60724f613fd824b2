"""The tables of live revocation: what each live session was allowed by, and what changed when."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint, Table

from mooring.store.columns import METADATA, integer, text

__all__ = ["ACCESS_CHANGES", "SESSION_GRANTS"]

SESSION_GRANTS = Table(
    "session_grants",
    METADATA,
    text("account_id"),
    text("session_id"),
    text("facts"),
    text("session_token"),
    PrimaryKeyConstraint("account_id", "session_id"),
)

ACCESS_CHANGES = Table(
    "access_changes",
    METADATA,
    text("account_id"),
    text("scope"),
    integer("revision"),
    PrimaryKeyConstraint("account_id", "scope"),
)
