"""Groups, policy versions, instance profiles, last uses, account aliases, credential reports."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

__all__ = ["downgrade", "upgrade"]

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them; every policy there is becomes its own version 1."""
    _policies()
    _boundaries()
    _groups()
    _profiles()
    _accounts()


def _policies() -> None:
    for name in ("default_version", "last_version"):
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="1")
        op.add_column("policies", column)
    op.add_column("policies", sa.Column("tags", TEXT, nullable=False, server_default="{}"))
    op.create_table(
        "policy_versions",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("policy_arn", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "policy_arn", "number"),
    )
    op.execute(
        "INSERT INTO policy_versions (account_id, policy_arn, number, document, created_at) "
        "SELECT account_id, arn, 1, document, updated_at FROM policies"
    )


def _boundaries() -> None:
    for table in ("users", "roles"):
        op.create_index(f"{table}_by_boundary", table, ["account_id", "boundary_arn", "name_key"])


def _groups() -> None:
    op.create_table(
        "user_groups",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("name_key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("group_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "name_key"),
    )
    op.create_table(
        "group_members",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("user_key", TEXT, nullable=False),
        sa.Column("group_key", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "user_key", "group_key"),
    )
    op.create_index(
        "group_members_by_group", "group_members", ["account_id", "group_key", "user_key"]
    )


def _profiles() -> None:
    op.create_table(
        "instance_profiles",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("name_key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("profile_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("role_key", TEXT, nullable=False),
        sa.Column("role_name", TEXT, nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "name_key"),
    )
    op.create_index(
        "instance_profiles_by_role", "instance_profiles", ["account_id", "role_key", "name_key"]
    )


def _accounts() -> None:
    op.create_table(
        "last_uses",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.Column("service", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "subject"),
    )
    op.create_table(
        "account_aliases",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("alias", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("alias", name="account_aliases_of_all"),
    )
    op.create_table(
        "credential_reports",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("generated_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )


def downgrade() -> None:
    """Refuse: what the new tables hold would be lost."""
    raise CommandError("a downgrade would lose groups and policy versions")
