"""Documents, their versions, and what sessions were started to do."""

import sqlalchemy as sa
from alembic import op

__all__ = ["TABLES", "downgrade", "upgrade"]

revision = "0007"
down_revision = "0006"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TABLES = ("documents", "document_versions", "session_plans")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "documents",
        _text("account_id"),
        _text("region"),
        _text("name"),
        _text("document_type"),
        _integer("default_version"),
        _integer("latest_version"),
        _integer("next_version"),
        _integer("created_at"),
        _text("tags"),
        _text("shared_with"),
        sa.PrimaryKeyConstraint("account_id", "region", "name"),
    )
    op.create_table(
        "document_versions",
        _text("account_id"),
        _text("region"),
        _text("name"),
        _integer("version"),
        _text("version_name"),
        _text("display_name"),
        _text("target_type"),
        _text("platforms"),
        _text("format"),
        _text("content"),
        _text("hash"),
        _integer("created_at"),
        sa.PrimaryKeyConstraint("account_id", "region", "name", "version"),
    )
    op.create_table(
        "session_plans",
        _text("account_id"),
        _text("session_id"),
        _text("document_arn"),
        _integer("document_version"),
        _text("session_type"),
        _text("parameters"),
        _text("properties"),
        _integer("idle_timeout_us"),
        _integer("max_duration_us"),
        sa.PrimaryKeyConstraint("account_id", "session_id"),
    )


def downgrade() -> None:
    """Drop them."""
    for name in reversed(TABLES):
        op.drop_table(name)
