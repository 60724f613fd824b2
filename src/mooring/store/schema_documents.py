"""The tables of documents, their versions, and what sessions were started to do."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint, Table

from mooring.store.columns import METADATA, integer, text, time

__all__ = ["DOCUMENTS", "DOCUMENT_VERSIONS", "SESSION_PLANS"]

DOCUMENTS = Table(
    "documents",
    METADATA,
    text("account_id"),
    text("region"),
    text("name"),
    text("document_type"),
    integer("default_version"),
    integer("latest_version"),
    integer("next_version"),
    time("created_at"),
    text("tags"),
    text("shared_with"),
    PrimaryKeyConstraint("account_id", "region", "name"),
)

DOCUMENT_VERSIONS = Table(
    "document_versions",
    METADATA,
    text("account_id"),
    text("region"),
    text("name"),
    integer("version"),
    text("version_name"),
    text("display_name"),
    text("target_type"),
    text("platforms"),
    text("format"),
    text("content"),
    text("hash"),
    time("created_at"),
    PrimaryKeyConstraint("account_id", "region", "name", "version"),
)

SESSION_PLANS = Table(
    "session_plans",
    METADATA,
    text("account_id"),
    text("session_id"),
    text("document_arn"),
    integer("document_version"),
    text("session_type"),
    text("parameters"),
    text("properties"),
    integer("idle_timeout_us"),
    integer("max_duration_us"),
    PrimaryKeyConstraint("account_id", "session_id"),
)
