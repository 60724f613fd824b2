"""What is kept: the tables, for SQLite and PostgreSQL alike.

Columns hold integers, texts and bytes, nothing else, so that a compiled statement runs on the
raw driver of either database: times are microseconds since 1970 in UTC, enums and JSON are
texts. Texts compare by code point in both. Every key begins with the account; ids that are the
only thing a caller brings (nodes, access keys, tickets) are unique over all accounts besides.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

__all__ = [
    "ACCESS_KEYS",
    "ACCOUNTS",
    "ACTIVATIONS",
    "ATTACHMENTS",
    "AUDIT_EVENTS",
    "INLINE_POLICIES",
    "METADATA",
    "NODES",
    "POLICIES",
    "ROLES",
    "SESSIONS",
    "TICKETS",
    "USERS",
]

METADATA = MetaData()

TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
INTEGER: TypeEngine[int] = BigInteger()
BYTES: TypeEngine[bytes] = LargeBinary()


def _text(name: str) -> Column[str]:
    return Column(name, TEXT, nullable=False)


def _integer(name: str) -> Column[int]:
    return Column(name, INTEGER, nullable=False, autoincrement=False)


def _time(name: str) -> Column[int]:
    return _integer(name)


def _optional_time(name: str) -> Column[int | None]:
    return Column(name, INTEGER, nullable=True)


ACCOUNTS = Table(
    "accounts",
    METADATA,
    _text("account_id"),
    _text("name"),
    PrimaryKeyConstraint("account_id"),
)

NODES = Table(
    "nodes",
    METADATA,
    _text("account_id"),
    _text("node_id"),
    _text("region"),
    _text("name"),
    _text("role_name"),
    _text("activation_id"),
    _text("public_key"),
    _text("next_public_key"),
    _text("fingerprint"),
    _time("registered_at"),
    _text("platform"),
    _text("gateway"),
    _optional_time("connected_at"),
    _optional_time("last_seen"),
    _text("source_address"),
    _text("tags"),
    PrimaryKeyConstraint("account_id", "node_id"),
    UniqueConstraint("node_id", name="nodes_of_all"),
)

ACTIVATIONS = Table(
    "activations",
    METADATA,
    _text("account_id"),
    _text("activation_id"),
    _text("region"),
    _text("code_hash"),
    _text("description"),
    _text("default_instance_name"),
    _text("role_name"),
    _integer("registration_limit"),
    _integer("registrations"),
    _time("created_at"),
    _time("expires_at"),
    _text("tags"),
    PrimaryKeyConstraint("account_id", "activation_id"),
    UniqueConstraint("activation_id", name="activations_of_all"),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    _text("account_id"),
    _text("session_id"),
    _text("region"),
    _text("node_id"),
    _text("status"),
    _integer("active"),
    _text("owner"),
    _text("owner_user_id"),
    _text("document_name"),
    _text("reason"),
    _text("details"),
    _time("started_at"),
    _optional_time("ended_at"),
    _text("run_as"),
    PrimaryKeyConstraint("account_id", "session_id"),
    UniqueConstraint("session_id", name="sessions_of_all"),
    Index("sessions_by_start", "account_id", "active", "started_at", "session_id"),
)

USERS = Table(
    "users",
    METADATA,
    _text("account_id"),
    _text("name_key"),
    _text("name"),
    _text("path"),
    _text("user_id"),
    _time("created_at"),
    _text("boundary_arn"),
    _text("tags"),
    PrimaryKeyConstraint("account_id", "name_key"),
)

ROLES = Table(
    "roles",
    METADATA,
    _text("account_id"),
    _text("name_key"),
    _text("name"),
    _text("path"),
    _text("role_id"),
    _time("created_at"),
    _text("trust_policy"),
    _text("description"),
    _integer("max_session"),
    _text("boundary_arn"),
    _optional_time("revoked_before"),
    _text("tags"),
    PrimaryKeyConstraint("account_id", "name_key"),
)

ACCESS_KEYS = Table(
    "access_keys",
    METADATA,
    _text("account_id"),
    _text("access_key_id"),
    _text("user_key"),
    _text("user_name"),
    Column("sealed_secret", BYTES, nullable=False),
    _text("status"),
    _time("created_at"),
    PrimaryKeyConstraint("account_id", "access_key_id"),
    UniqueConstraint("access_key_id", name="access_keys_of_all"),
    Index("access_keys_of_user", "account_id", "user_key", "created_at", "access_key_id"),
)

POLICIES = Table(
    "policies",
    METADATA,
    _text("account_id"),
    _text("arn"),
    _text("name_key"),
    _text("name"),
    _text("path"),
    _text("policy_id"),
    _text("document"),
    _text("description"),
    _time("created_at"),
    _time("updated_at"),
    PrimaryKeyConstraint("account_id", "arn"),
    UniqueConstraint("account_id", "name_key", name="policies_by_name"),
)

INLINE_POLICIES = Table(
    "inline_policies",
    METADATA,
    _text("account_id"),
    _text("entity_kind"),
    _text("entity_key"),
    _text("policy_key"),
    _text("policy_name"),
    _text("document"),
    PrimaryKeyConstraint("account_id", "entity_kind", "entity_key", "policy_key"),
)

ATTACHMENTS = Table(
    "attachments",
    METADATA,
    _text("account_id"),
    _text("entity_kind"),
    _text("entity_key"),
    _text("policy_arn"),
    PrimaryKeyConstraint("account_id", "entity_kind", "entity_key", "policy_arn"),
    Index("attachments_by_policy", "account_id", "policy_arn"),
)

TICKETS = Table(
    "tickets",
    METADATA,
    _text("account_id"),
    _text("token_hash"),
    _text("kind"),
    _text("subject"),
    _text("bearer"),
    _time("expires_at"),
    PrimaryKeyConstraint("account_id", "token_hash"),
    UniqueConstraint("token_hash", name="tickets_of_all"),
    Index("tickets_by_subject", "account_id", "kind", "subject"),
    Index("tickets_by_expiry", "account_id", "expires_at"),
)

AUDIT_EVENTS = Table(
    "audit_events",
    METADATA,
    _text("account_id"),
    _integer("sequence"),
    _text("writer"),
    _text("previous_hash"),
    _text("hash"),
    _text("event_id"),
    _time("time"),
    _text("source"),
    _text("name"),
    _text("region"),
    _text("principal_arn"),
    _text("principal_id"),
    _text("access_key_id"),
    _text("source_address"),
    _text("user_agent"),
    _text("resources"),
    _text("request"),
    _text("response"),
    _text("error_code"),
    _text("error_message"),
    _integer("read_only"),
    PrimaryKeyConstraint("account_id", "sequence"),
    Index("audit_events_by_writer", "account_id", "writer", "sequence"),
)
