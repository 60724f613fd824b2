"""Who exists in an account: users, groups, roles, keys, policies and profiles, as values.

Source of the shapes: the IAM API, types User, Group, Role, AccessKey, Policy, PolicyVersion,
InstanceProfile, AccessKeyLastUsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "AccessKey",
    "AttachedPolicies",
    "CredentialReport",
    "CustomerPolicy",
    "Entity",
    "EntityKind",
    "Group",
    "InstanceProfile",
    "KeyStatus",
    "LastUse",
    "PolicyVersion",
    "Role",
    "Total",
    "User",
]


class EntityKind(StrEnum):
    """What a policy can be attached to."""

    USER = "user"
    GROUP = "group"
    ROLE = "role"


class Total(StrEnum):
    """What an account's things are counted by."""

    USERS = "Users"
    GROUPS = "Groups"
    ROLES = "Roles"
    POLICIES = "Policies"
    POLICY_VERSIONS = "PolicyVersions"
    INSTANCE_PROFILES = "InstanceProfiles"
    ACCESS_KEYS = "AccessKeys"


class KeyStatus(StrEnum):
    """Whether an access key works."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An IAM user; ``boundary_arn`` names its permissions boundary, empty for none."""

    account_id: str
    name: str
    path: str = "/"
    user_id: str
    created_at: datetime
    boundary_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The user's ARN, path included."""
        return f"arn:aws:iam::{self.account_id}:user{self.path}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of users; IAM gives groups neither tags nor a permissions boundary."""

    account_id: str
    name: str
    path: str = "/"
    group_id: str
    created_at: datetime

    @property
    def arn(self) -> str:
        """The group's ARN, path included."""
        return f"arn:aws:iam::{self.account_id}:group{self.path}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An IAM role; sessions issued before ``revoked_before`` are no longer good."""

    account_id: str
    name: str
    path: str = "/"
    role_id: str
    created_at: datetime
    trust_policy: str
    description: str = ""
    max_session: timedelta = timedelta(hours=1)
    boundary_arn: str = ""
    revoked_before: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The role's ARN, path included."""
        return f"arn:aws:iam::{self.account_id}:role{self.path}{self.name}"


Entity = User | Group | Role
"""Whatever a policy can be attached to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceProfile:
    """What an instance is given instead of a role; ``role_name`` is empty for none."""

    account_id: str
    name: str
    path: str = "/"
    profile_id: str
    created_at: datetime
    role_name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The profile's ARN, path included."""
        return f"arn:aws:iam::{self.account_id}:instance-profile{self.path}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A long-term key; the secret is sealed by the key ring, because SigV4 needs it back."""

    account_id: str
    access_key_id: str
    user_name: str
    sealed_secret: bytes
    status: KeyStatus = KeyStatus.ACTIVE
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPolicy:
    """A managed policy that the account wrote.

    ``document`` is that of the default version, which is the one that counts. Version numbers
    are never given twice: ``last_version`` is the highest that ever was.
    """

    account_id: str
    name: str
    path: str = "/"
    policy_id: str
    document: str
    description: str = ""
    created_at: datetime
    updated_at: datetime
    default_version: int = 1
    last_version: int = 1
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The policy's ARN, path included."""
        return f"arn:aws:iam::{self.account_id}:policy{self.path}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedPolicies:
    """What is attached to a user, group or role: inline (name, document), managed by ARN."""

    inline: tuple[tuple[str, str], ...] = ()
    managed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """One version of a customer policy."""

    policy_arn: str
    number: int
    document: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LastUse:
    """When an access key or a role (by its unique id) was last used, and for which service."""

    subject: str
    used_at: datetime
    service: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialReport:
    """The account's credential report as it was when somebody asked for one."""

    generated_at: datetime
    content: bytes
