"""Tables of organizations, all of them kept with the management account."""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from mooring.store.columns import METADATA, integer, optional_time, text, time

__all__ = [
    "ORGANIZATIONS",
    "ORGANIZATION_ATTACHMENTS",
    "ORGANIZATION_MEMBERS",
    "ORGANIZATION_POLICIES",
    "ORGANIZATION_REQUESTS",
    "ORGANIZATION_UNITS",
]

ORGANIZATIONS = Table(
    "organizations",
    METADATA,
    text("account_id"),
    text("organization_id"),
    text("root_id"),
    time("created_at"),
    integer("controls"),
    PrimaryKeyConstraint("account_id"),
)

ORGANIZATION_UNITS = Table(
    "organization_units",
    METADATA,
    text("account_id"),
    text("unit_id"),
    text("parent_id"),
    text("name"),
    PrimaryKeyConstraint("account_id", "unit_id"),
    Index("organization_units_of_parent", "account_id", "parent_id", "unit_id"),
)

ORGANIZATION_MEMBERS = Table(
    "organization_members",
    METADATA,
    text("account_id"),
    text("member_id"),
    text("parent_id"),
    text("name"),
    text("email"),
    time("joined_at"),
    integer("was_created"),
    PrimaryKeyConstraint("account_id", "member_id"),
    UniqueConstraint("member_id", name="organization_members_of_all"),
    Index("organization_members_of_parent", "account_id", "parent_id", "member_id"),
)

ORGANIZATION_POLICIES = Table(
    "organization_policies",
    METADATA,
    text("account_id"),
    text("policy_id"),
    text("name"),
    text("description"),
    text("document"),
    PrimaryKeyConstraint("account_id", "policy_id"),
)

ORGANIZATION_ATTACHMENTS = Table(
    "organization_attachments",
    METADATA,
    text("account_id"),
    text("target_id"),
    text("policy_id"),
    PrimaryKeyConstraint("account_id", "target_id", "policy_id"),
    Index("organization_attachments_by_policy", "account_id", "policy_id", "target_id"),
)

ORGANIZATION_REQUESTS = Table(
    "organization_requests",
    METADATA,
    text("account_id"),
    text("request_id"),
    text("member_id"),
    text("name"),
    text("role_name"),
    time("requested_at"),
    text("state"),
    text("failure"),
    optional_time("completed_at"),
    PrimaryKeyConstraint("account_id", "request_id"),
    Index("organization_requests_by_state", "account_id", "state", "request_id"),
)
