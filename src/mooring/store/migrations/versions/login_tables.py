"""Passwords, second factors, cookie sessions, and grants of command lines."""

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

TABLES = (
    "login_profiles",
    "password_policies",
    "mfa_devices",
    "passkeys",
    "web_sessions",
    "login_grants",
    "device_grants",
)


def upgrade() -> None:
    """Make them."""
    _login_profiles()
    _password_policies()
    _mfa_devices()
    _passkeys()
    _web_sessions()
    _login_grants()
    _device_grants()


def downgrade() -> None:
    """Forget them."""
    for name in TABLES:
        op.drop_table(name)


def _login_profiles() -> None:
    op.create_table(
        "login_profiles",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("user_key", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("reset_required", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "user_key"),
    )


def _password_policies() -> None:
    op.create_table(
        "password_policies",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("policy", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )


def _mfa_devices() -> None:
    op.create_table(
        "mfa_devices",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("user_key", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("sealed_seed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("enabled_at", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("drift", sa.BigInteger(), nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "serial"),
    )
    op.create_index("mfa_devices_of_user", "mfa_devices", ["account_id", "user_key", "serial"])


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("credential_id", TEXT, nullable=False),
        sa.Column("user_key", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("rp_id", TEXT, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "credential_id"),
    )
    op.create_index(
        "passkeys_of_user", "passkeys", ["account_id", "user_key", "created_at", "credential_id"]
    )


def _web_sessions() -> None:
    op.create_table(
        "web_sessions",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("token_hash", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("user_key", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False),
        sa.Column("mfa_at", sa.BigInteger(), nullable=True),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("user_agent", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "token_hash"),
    )
    op.create_index("web_sessions_of_user", "web_sessions", ["account_id", "user_key"])


def _login_grants() -> None:
    op.create_table(
        "login_grants",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("grant_id", TEXT, nullable=False),
        sa.Column("secret_hash", TEXT, nullable=False),
        sa.Column("user_key", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("client", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("mfa_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "grant_id"),
    )
    op.create_index(
        "login_grants_of_user", "login_grants", ["account_id", "user_key", "created_at", "grant_id"]
    )


def _device_grants() -> None:
    op.create_table(
        "device_grants",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("device_hash", TEXT, nullable=False),
        sa.Column("user_hash", TEXT, nullable=False),
        sa.Column("client", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("user_agent", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("grantee", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("mfa_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "device_hash"),
        sa.UniqueConstraint("account_id", "user_hash", name="device_grants_by_user_code"),
    )
