"""What is kept of people's sign-in: passwords, second factors, cookie sessions, grants."""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from mooring.store.columns import METADATA, binary, integer, optional_time, text, time

__all__ = [
    "DEVICE_GRANTS",
    "LOGIN_GRANTS",
    "LOGIN_PROFILES",
    "MFA_DEVICES",
    "PASSKEYS",
    "PASSWORD_POLICIES",
    "WEB_SESSIONS",
]

LOGIN_PROFILES = Table(
    "login_profiles",
    METADATA,
    text("account_id"),
    text("user_key"),
    text("user_name"),
    text("user_id"),
    text("password_hash"),
    text("previous"),
    integer("reset_required"),
    time("created_at"),
    time("changed_at"),
    PrimaryKeyConstraint("account_id", "user_key"),
)

PASSWORD_POLICIES = Table(
    "password_policies",
    METADATA,
    text("account_id"),
    text("policy"),
    PrimaryKeyConstraint("account_id"),
)

MFA_DEVICES = Table(
    "mfa_devices",
    METADATA,
    text("account_id"),
    text("serial"),
    text("user_key"),
    text("user_name"),
    text("user_id"),
    binary("sealed_seed"),
    time("created_at"),
    optional_time("enabled_at"),
    integer("last_step"),
    integer("drift"),
    text("tags"),
    PrimaryKeyConstraint("account_id", "serial"),
    Index("mfa_devices_of_user", "account_id", "user_key", "serial"),
)

PASSKEYS = Table(
    "passkeys",
    METADATA,
    text("account_id"),
    text("credential_id"),
    text("user_key"),
    text("user_name"),
    text("user_id"),
    text("name"),
    text("rp_id"),
    binary("public_key"),
    integer("sign_count"),
    time("created_at"),
    optional_time("used_at"),
    PrimaryKeyConstraint("account_id", "credential_id"),
    Index("passkeys_of_user", "account_id", "user_key", "created_at", "credential_id"),
)

WEB_SESSIONS = Table(
    "web_sessions",
    METADATA,
    text("account_id"),
    text("token_hash"),
    text("stage"),
    text("method"),
    text("user_key"),
    text("user_name"),
    text("user_id"),
    time("created_at"),
    time("authenticated_at"),
    optional_time("mfa_at"),
    time("last_seen"),
    time("expires_at"),
    text("address"),
    text("user_agent"),
    text("access_key_id"),
    text("session_token"),
    PrimaryKeyConstraint("account_id", "token_hash"),
    Index("web_sessions_of_user", "account_id", "user_key"),
)

LOGIN_GRANTS = Table(
    "login_grants",
    METADATA,
    text("account_id"),
    text("grant_id"),
    text("secret_hash"),
    text("user_key"),
    text("user_name"),
    text("user_id"),
    text("client"),
    text("address"),
    optional_time("mfa_at"),
    time("created_at"),
    optional_time("used_at"),
    time("expires_at"),
    text("access_key_id"),
    text("session_token"),
    PrimaryKeyConstraint("account_id", "grant_id"),
    Index("login_grants_of_user", "account_id", "user_key", "created_at", "grant_id"),
)

# Requests come before it is known whose they are: ``account_id`` is empty, and ``grantee`` is
# the account that approved.
DEVICE_GRANTS = Table(
    "device_grants",
    METADATA,
    text("account_id"),
    text("device_hash"),
    text("user_hash"),
    text("client"),
    text("address"),
    text("user_agent"),
    time("created_at"),
    time("expires_at"),
    optional_time("polled_at"),
    text("status"),
    text("grantee"),
    text("user_name"),
    text("user_id"),
    optional_time("mfa_at"),
    text("access_key_id"),
    text("session_token"),
    PrimaryKeyConstraint("account_id", "device_hash"),
    UniqueConstraint("account_id", "user_hash", name="device_grants_by_user_code"),
)
