"""Grants that act for role sessions, beside those of users."""

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0011"
down_revision = "0010"

TABLES = ("login_grants", "device_grants")
COLUMNS = ("access_key_id", "session_token")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add what a role session is known by."""
    for table in TABLES:
        for name in COLUMNS:
            op.add_column(table, sa.Column(name, TEXT, nullable=False, server_default=""))


def downgrade() -> None:
    """Forget the grants of role sessions, and drop it."""
    op.execute(sa.text("DELETE FROM login_grants WHERE access_key_id <> ''"))
    op.execute(sa.text("DELETE FROM device_grants WHERE access_key_id <> ''"))
    for table in TABLES:
        with op.batch_alter_table(table) as altered:
            for name in COLUMNS:
                altered.drop_column(name)
