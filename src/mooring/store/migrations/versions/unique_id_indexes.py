"""Users and roles are found by their unique ids, which trust policies hold."""

from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("users_by_id", "users", ["account_id", "user_id"])
    op.create_index("roles_by_id", "roles", ["account_id", "role_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("roles_by_id", "roles")
    op.drop_index("users_by_id", "users")
