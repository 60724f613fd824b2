"""The first tables."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

__all__ = ["downgrade", "upgrade"]

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "access_keys",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("access_key_id", TEXT, nullable=False),
        sa.Column("user_key", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "access_key_id"),
        sa.UniqueConstraint("access_key_id", name="access_keys_of_all"),
    )
    op.create_index(
        "access_keys_of_user",
        "access_keys",
        ["account_id", "user_key", "created_at", "access_key_id"],
    )
    op.create_table(
        "accounts",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "activations",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("activation_id", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=False),
        sa.Column("code_hash", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("default_instance_name", TEXT, nullable=False),
        sa.Column("role_name", TEXT, nullable=False),
        sa.Column("registration_limit", sa.BigInteger(), nullable=False),
        sa.Column("registrations", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "activation_id"),
        sa.UniqueConstraint("activation_id", name="activations_of_all"),
    )
    op.create_table(
        "attachments",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("entity_kind", TEXT, nullable=False),
        sa.Column("entity_key", TEXT, nullable=False),
        sa.Column("policy_arn", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "entity_kind", "entity_key", "policy_arn"),
    )
    op.create_index("attachments_by_policy", "attachments", ["account_id", "policy_arn"])
    op.create_table(
        "audit_events",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("writer", TEXT, nullable=False),
        sa.Column("previous_hash", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=False),
        sa.Column("principal_arn", TEXT, nullable=False),
        sa.Column("principal_id", TEXT, nullable=False),
        sa.Column("access_key_id", TEXT, nullable=False),
        sa.Column("source_address", TEXT, nullable=False),
        sa.Column("user_agent", TEXT, nullable=False),
        sa.Column("resources", TEXT, nullable=False),
        sa.Column("request", TEXT, nullable=False),
        sa.Column("response", TEXT, nullable=False),
        sa.Column("error_code", TEXT, nullable=False),
        sa.Column("error_message", TEXT, nullable=False),
        sa.Column("read_only", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "sequence"),
    )
    op.create_index("audit_events_by_writer", "audit_events", ["account_id", "writer", "sequence"])
    op.create_table(
        "inline_policies",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("entity_kind", TEXT, nullable=False),
        sa.Column("entity_key", TEXT, nullable=False),
        sa.Column("policy_key", TEXT, nullable=False),
        sa.Column("policy_name", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "entity_kind", "entity_key", "policy_key"),
    )
    op.create_table(
        "nodes",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("node_id", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("role_name", TEXT, nullable=False),
        sa.Column("activation_id", TEXT, nullable=False),
        sa.Column("public_key", TEXT, nullable=False),
        sa.Column("next_public_key", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("gateway", TEXT, nullable=False),
        sa.Column("connected_at", sa.BigInteger(), nullable=True),
        sa.Column("last_seen", sa.BigInteger(), nullable=True),
        sa.Column("source_address", TEXT, nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "node_id"),
        sa.UniqueConstraint("node_id", name="nodes_of_all"),
    )
    op.create_table(
        "policies",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("arn", TEXT, nullable=False),
        sa.Column("name_key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("policy_id", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "arn"),
        sa.UniqueConstraint("account_id", "name_key", name="policies_by_name"),
    )
    op.create_table(
        "roles",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("name_key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("role_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("trust_policy", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("max_session", sa.BigInteger(), nullable=False),
        sa.Column("boundary_arn", TEXT, nullable=False),
        sa.Column("revoked_before", sa.BigInteger(), nullable=True),
        sa.Column("tags", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "name_key"),
    )
    op.create_table(
        "sessions",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=False),
        sa.Column("node_id", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("active", sa.BigInteger(), nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("owner_user_id", TEXT, nullable=False),
        sa.Column("document_name", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("details", TEXT, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("run_as", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "session_id"),
        sa.UniqueConstraint("session_id", name="sessions_of_all"),
    )
    op.create_index(
        "sessions_by_start", "sessions", ["account_id", "active", "started_at", "session_id"]
    )
    op.create_table(
        "tickets",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("token_hash", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("bearer", TEXT, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "token_hash"),
        sa.UniqueConstraint("token_hash", name="tickets_of_all"),
    )
    op.create_index("tickets_by_expiry", "tickets", ["account_id", "expires_at"])
    op.create_index("tickets_by_subject", "tickets", ["account_id", "kind", "subject"])
    op.create_table(
        "users",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("name_key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("boundary_arn", TEXT, nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "name_key"),
    )


def downgrade() -> None:
    """Refuse: before the first tables there is nothing to go back to."""
    raise CommandError("there is no version before the first")
