"""Who exists in an account: users, roles, access keys and customer policies, as values.

Source of the shapes: the IAM API, types User, Role, AccessKey, Policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "AccessKey",
    "AttachedPolicies",
    "CustomerPolicy",
    "EntityKind",
    "KeyStatus",
    "Role",
    "User",
]


class EntityKind(StrEnum):
    """What a policy can be attached to."""

    USER = "user"
    ROLE = "role"


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
    """A managed policy that the account wrote, in its one version so far."""

    account_id: str
    name: str
    path: str = "/"
    policy_id: str
    document: str
    description: str = ""
    created_at: datetime
    updated_at: datetime

    @property
    def arn(self) -> str:
        """The policy's ARN, path included."""
        return f"arn:aws:iam::{self.account_id}:policy{self.path}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedPolicies:
    """What is attached to a user or role: inline (name, document), managed by ARN."""

    inline: tuple[tuple[str, str], ...] = ()
    managed: tuple[str, ...] = ()
