"""What live sessions were allowed by, and what changed when."""

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0005"
down_revision = "0004"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "session_grants",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("facts", TEXT, nullable=False),
        sa.Column("session_token", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "session_id"),
    )
    op.create_table(
        "access_changes",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "scope"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("access_changes")
    op.drop_table("session_grants")
