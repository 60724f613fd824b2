"""What is kept: the tables, for SQLite and PostgreSQL alike.

Every key begins with the account; ids that are the only thing a caller brings (nodes, access
keys, tickets) are unique over all accounts besides. ``columns`` says what a column may hold.
"""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from mooring.store.columns import METADATA, binary, integer, optional_time, text, time

__all__ = [
    "ACCESS_KEYS",
    "ACCOUNTS",
    "ACTIVATIONS",
    "ATTACHMENTS",
    "AUDIT_EVENTS",
    "INLINE_POLICIES",
    "NODES",
    "POLICIES",
    "ROLES",
    "SESSIONS",
    "TICKETS",
    "USERS",
]

ACCOUNTS = Table(
    "accounts",
    METADATA,
    text("account_id"),
    text("name"),
    PrimaryKeyConstraint("account_id"),
)

NODES = Table(
    "nodes",
    METADATA,
    text("account_id"),
    text("node_id"),
    text("region"),
    text("name"),
    text("role_name"),
    text("activation_id"),
    text("public_key"),
    text("next_public_key"),
    text("fingerprint"),
    time("registered_at"),
    text("platform"),
    text("gateway"),
    optional_time("connected_at"),
    optional_time("last_seen"),
    text("source_address"),
    text("tags"),
    PrimaryKeyConstraint("account_id", "node_id"),
    UniqueConstraint("node_id", name="nodes_of_all"),
)

ACTIVATIONS = Table(
    "activations",
    METADATA,
    text("account_id"),
    text("activation_id"),
    text("region"),
    text("code_hash"),
    text("description"),
    text("default_instance_name"),
    text("role_name"),
    integer("registration_limit"),
    integer("registrations"),
    time("created_at"),
    time("expires_at"),
    text("tags"),
    PrimaryKeyConstraint("account_id", "activation_id"),
    UniqueConstraint("activation_id", name="activations_of_all"),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    text("account_id"),
    text("session_id"),
    text("region"),
    text("node_id"),
    text("status"),
    integer("active"),
    text("owner"),
    text("owner_user_id"),
    text("document_name"),
    text("reason"),
    text("details"),
    time("started_at"),
    optional_time("ended_at"),
    text("run_as"),
    PrimaryKeyConstraint("account_id", "session_id"),
    UniqueConstraint("session_id", name="sessions_of_all"),
    Index("sessions_by_start", "account_id", "active", "started_at", "session_id"),
)

USERS = Table(
    "users",
    METADATA,
    text("account_id"),
    text("name_key"),
    text("name"),
    text("path"),
    text("user_id"),
    time("created_at"),
    text("boundary_arn"),
    text("tags"),
    PrimaryKeyConstraint("account_id", "name_key"),
    Index("users_by_id", "account_id", "user_id"),
    Index("users_by_boundary", "account_id", "boundary_arn", "name_key"),
)

ROLES = Table(
    "roles",
    METADATA,
    text("account_id"),
    text("name_key"),
    text("name"),
    text("path"),
    text("role_id"),
    time("created_at"),
    text("trust_policy"),
    text("description"),
    integer("max_session"),
    text("boundary_arn"),
    optional_time("revoked_before"),
    text("tags"),
    PrimaryKeyConstraint("account_id", "name_key"),
    Index("roles_by_id", "account_id", "role_id"),
    Index("roles_by_boundary", "account_id", "boundary_arn", "name_key"),
)

ACCESS_KEYS = Table(
    "access_keys",
    METADATA,
    text("account_id"),
    text("access_key_id"),
    text("user_key"),
    text("user_name"),
    binary("sealed_secret"),
    text("status"),
    time("created_at"),
    PrimaryKeyConstraint("account_id", "access_key_id"),
    UniqueConstraint("access_key_id", name="access_keys_of_all"),
    Index("access_keys_of_user", "account_id", "user_key", "created_at", "access_key_id"),
)

POLICIES = Table(
    "policies",
    METADATA,
    text("account_id"),
    text("arn"),
    text("name_key"),
    text("name"),
    text("path"),
    text("policy_id"),
    text("document"),
    text("description"),
    time("created_at"),
    time("updated_at"),
    integer("default_version"),
    integer("last_version"),
    text("tags"),
    PrimaryKeyConstraint("account_id", "arn"),
    UniqueConstraint("account_id", "name_key", name="policies_by_name"),
)

INLINE_POLICIES = Table(
    "inline_policies",
    METADATA,
    text("account_id"),
    text("entity_kind"),
    text("entity_key"),
    text("policy_key"),
    text("policy_name"),
    text("document"),
    PrimaryKeyConstraint("account_id", "entity_kind", "entity_key", "policy_key"),
)

ATTACHMENTS = Table(
    "attachments",
    METADATA,
    text("account_id"),
    text("entity_kind"),
    text("entity_key"),
    text("policy_arn"),
    PrimaryKeyConstraint("account_id", "entity_kind", "entity_key", "policy_arn"),
    Index("attachments_by_policy", "account_id", "policy_arn"),
)

TICKETS = Table(
    "tickets",
    METADATA,
    text("account_id"),
    text("token_hash"),
    text("kind"),
    text("subject"),
    text("bearer"),
    time("expires_at"),
    PrimaryKeyConstraint("account_id", "token_hash"),
    UniqueConstraint("token_hash", name="tickets_of_all"),
    Index("tickets_by_subject", "account_id", "kind", "subject"),
    Index("tickets_by_expiry", "account_id", "expires_at"),
)

AUDIT_EVENTS = Table(
    "audit_events",
    METADATA,
    text("account_id"),
    integer("sequence"),
    text("writer"),
    text("previous_hash"),
    text("hash"),
    text("event_id"),
    time("time"),
    text("source"),
    text("name"),
    text("region"),
    text("principal_arn"),
    text("principal_id"),
    text("access_key_id"),
    text("source_address"),
    text("user_agent"),
    text("resources"),
    text("request"),
    text("response"),
    text("error_code"),
    text("error_message"),
    integer("read_only"),
    text("more"),
    PrimaryKeyConstraint("account_id", "sequence"),
    Index("audit_events_by_writer", "account_id", "writer", "sequence"),
)
