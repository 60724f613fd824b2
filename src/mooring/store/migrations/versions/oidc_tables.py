"""OpenID Connect providers."""

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0008"
down_revision = "0007"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "oidc_providers",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("client_ids", TEXT, nullable=False),
        sa.Column("thumbprints", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "url"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("oidc_providers")
