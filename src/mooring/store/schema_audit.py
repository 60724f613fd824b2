"""Table of the audit log's signed heads; the events themselves are in ``schema``."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint, Table

from mooring.store.columns import METADATA, integer, text

__all__ = ["AUDIT_HEADS"]

AUDIT_HEADS = Table(
    "audit_heads",
    METADATA,
    text("account_id"),
    integer("number"),
    text("text"),
    text("signature"),
    PrimaryKeyConstraint("account_id", "number"),
)
