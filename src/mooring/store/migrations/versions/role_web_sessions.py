"""Cookie sessions of roles, beside those of users."""

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0010"
down_revision = "0009"

TABLE = "web_sessions"
COLUMNS = ("access_key_id", "session_token")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add what a role's session is known by."""
    for name in COLUMNS:
        op.add_column(TABLE, sa.Column(name, TEXT, nullable=False, server_default=""))


def downgrade() -> None:
    """Forget the sessions of roles, and drop it."""
    op.execute(sa.text("DELETE FROM web_sessions WHERE access_key_id <> ''"))
    with op.batch_alter_table(TABLE) as table:
        for name in COLUMNS:
            table.drop_column(name)
