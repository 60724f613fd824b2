"""The table of OpenID Connect providers."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint, Table

from mooring.store.columns import METADATA, text, time

__all__ = ["OIDC_PROVIDERS"]

OIDC_PROVIDERS = Table(
    "oidc_providers",
    METADATA,
    text("account_id"),
    text("url"),
    text("client_ids"),
    text("thumbprints"),
    time("created_at"),
    text("tags"),
    PrimaryKeyConstraint("account_id", "url"),
)
