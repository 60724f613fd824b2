"""Organizations: which accounts belong together, and the service control policies that bind them.

Everything here is kept with the management account. A root holds units, units hold units (five
deep at most) and accounts, and each of the three has service control policies attached.

Source: the Organizations API reference and user guide, "Service control policies".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = [
    "FULL_ACCESS",
    "FULL_ACCESS_ID",
    "AccountRequest",
    "ControlPolicy",
    "MemberAccount",
    "Membership",
    "Organization",
    "OrganizationalUnit",
    "RequestState",
]

FULL_ACCESS_ID = "p-FullAWSAccess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An organization and its root; ``account_id`` is the management account's.

    ``controls`` tells whether service control policies are switched on in the root.
    """

    account_id: str
    organization_id: str
    root_id: str
    created_at: datetime
    controls: bool = True

    @property
    def arn(self) -> str:
        """The organization's ARN."""
        return f"arn:aws:organizations::{self.account_id}:organization/{self.organization_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationalUnit:
    """A unit below the root or another unit."""

    account_id: str
    unit_id: str
    parent_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAccount:
    """An account of the organization; the management account is one too."""

    account_id: str
    member_id: str
    parent_id: str
    name: str
    email: str
    joined_at: datetime
    was_created: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPolicy:
    """A service control policy."""

    account_id: str
    policy_id: str
    name: str
    description: str
    document: str


FULL_ACCESS = ControlPolicy(
    account_id="aws",
    policy_id=FULL_ACCESS_ID,
    name="FullAWSAccess",
    description="Allows access to every operation",
    document=(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    ),
)
"""The policy that is attached everywhere until somebody takes it off."""


class RequestState(StrEnum):
    """How far the making of an account has come."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRequest:
    """A request for a new account, and what became of it."""

    account_id: str
    request_id: str
    member_id: str
    name: str
    role_name: str
    requested_at: datetime
    state: RequestState = RequestState.IN_PROGRESS
    failure: str = ""
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Where one account stands: ``path`` is the root's id and the units' below it, in order.

    ``controls`` tells whether the organization's service control policies are switched on.
    """

    management_id: str
    organization_id: str
    member_id: str
    path: tuple[str, ...]
    controls: bool

    @property
    def is_management(self) -> bool:
        """Whether it is the management account, which no service control policy binds."""
        return self.member_id == self.management_id

    @property
    def path_text(self) -> str:
        """Return the path as ``aws:PrincipalOrgPaths`` writes it."""
        return "/".join((self.organization_id, *self.path, ""))
