"""The tables of groups, policy versions, instance profiles and what is known of a whole account."""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from mooring.store.columns import METADATA, binary, integer, text, time

__all__ = [
    "ACCOUNT_ALIASES",
    "CREDENTIAL_REPORTS",
    "GROUP_MEMBERS",
    "INSTANCE_PROFILES",
    "LAST_USES",
    "POLICY_VERSIONS",
    "USER_GROUPS",
]

USER_GROUPS = Table(
    "user_groups",
    METADATA,
    text("account_id"),
    text("name_key"),
    text("name"),
    text("path"),
    text("group_id"),
    time("created_at"),
    PrimaryKeyConstraint("account_id", "name_key"),
)

GROUP_MEMBERS = Table(
    "group_members",
    METADATA,
    text("account_id"),
    text("user_key"),
    text("group_key"),
    PrimaryKeyConstraint("account_id", "user_key", "group_key"),
    Index("group_members_by_group", "account_id", "group_key", "user_key"),
)

POLICY_VERSIONS = Table(
    "policy_versions",
    METADATA,
    text("account_id"),
    text("policy_arn"),
    integer("number"),
    text("document"),
    time("created_at"),
    PrimaryKeyConstraint("account_id", "policy_arn", "number"),
)

INSTANCE_PROFILES = Table(
    "instance_profiles",
    METADATA,
    text("account_id"),
    text("name_key"),
    text("name"),
    text("path"),
    text("profile_id"),
    time("created_at"),
    text("role_key"),
    text("role_name"),
    text("tags"),
    PrimaryKeyConstraint("account_id", "name_key"),
    Index("instance_profiles_by_role", "account_id", "role_key", "name_key"),
)

LAST_USES = Table(
    "last_uses",
    METADATA,
    text("account_id"),
    text("subject"),
    time("used_at"),
    text("service"),
    text("region"),
    PrimaryKeyConstraint("account_id", "subject"),
)

ACCOUNT_ALIASES = Table(
    "account_aliases",
    METADATA,
    text("account_id"),
    text("alias"),
    PrimaryKeyConstraint("account_id"),
    UniqueConstraint("alias", name="account_aliases_of_all"),
)

CREDENTIAL_REPORTS = Table(
    "credential_reports",
    METADATA,
    text("account_id"),
    time("generated_at"),
    binary("content"),
    PrimaryKeyConstraint("account_id"),
)
