"""Signed heads of the audit logs, and what an event tells beyond its first columns."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

__all__ = ["downgrade", "upgrade"]

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table and add the column."""
    op.add_column("audit_events", sa.Column("more", TEXT, nullable=False, server_default=""))
    op.create_table(
        "audit_heads",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number"),
    )


def downgrade() -> None:
    """Refuse: a log without its heads proves less."""
    raise CommandError("signed heads are not thrown away")
