"""All the tables at once: importing this fills the collection that migrations are held to."""

from __future__ import annotations

from mooring.store import (
    schema,
    schema_audit,
    schema_documents,
    schema_iam,
    schema_login,
    schema_oidc,
    schema_organizations,
    schema_revocation,
)
from mooring.store.columns import METADATA

__all__ = ["METADATA", "SCHEMAS"]

SCHEMAS = (
    schema,
    schema_audit,
    schema_documents,
    schema_iam,
    schema_login,
    schema_oidc,
    schema_organizations,
    schema_revocation,
)
"""The modules that define tables."""
