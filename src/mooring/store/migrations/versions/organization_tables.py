"""Tables of organizations."""

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _integer(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "organizations",
        _text("account_id"),
        _text("organization_id"),
        _text("root_id"),
        _integer("created_at"),
        _integer("controls"),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "organization_units",
        _text("account_id"),
        _text("unit_id"),
        _text("parent_id"),
        _text("name"),
        sa.PrimaryKeyConstraint("account_id", "unit_id"),
    )
    op.create_index(
        "organization_units_of_parent",
        "organization_units",
        ["account_id", "parent_id", "unit_id"],
    )
    op.create_table(
        "organization_members",
        _text("account_id"),
        _text("member_id"),
        _text("parent_id"),
        _text("name"),
        _text("email"),
        _integer("joined_at"),
        _integer("was_created"),
        sa.PrimaryKeyConstraint("account_id", "member_id"),
        sa.UniqueConstraint("member_id", name="organization_members_of_all"),
    )
    op.create_index(
        "organization_members_of_parent",
        "organization_members",
        ["account_id", "parent_id", "member_id"],
    )
    _policies()
    op.create_table(
        "organization_requests",
        _text("account_id"),
        _text("request_id"),
        _text("member_id"),
        _text("name"),
        _text("role_name"),
        _integer("requested_at"),
        _text("state"),
        _text("failure"),
        _integer("completed_at", nullable=True),
        sa.PrimaryKeyConstraint("account_id", "request_id"),
    )
    op.create_index(
        "organization_requests_by_state",
        "organization_requests",
        ["account_id", "state", "request_id"],
    )


def _policies() -> None:
    op.create_table(
        "organization_policies",
        _text("account_id"),
        _text("policy_id"),
        _text("name"),
        _text("description"),
        _text("document"),
        sa.PrimaryKeyConstraint("account_id", "policy_id"),
    )
    op.create_table(
        "organization_attachments",
        _text("account_id"),
        _text("target_id"),
        _text("policy_id"),
        sa.PrimaryKeyConstraint("account_id", "target_id", "policy_id"),
    )
    op.create_index(
        "organization_attachments_by_policy",
        "organization_attachments",
        ["account_id", "policy_id", "target_id"],
    )


def downgrade() -> None:
    """Forget organizations; accounts stay, each by itself."""
    for name in ("requests", "attachments", "policies", "members", "units"):
        op.drop_table(f"organization_{name}")
    op.drop_table("organizations")
