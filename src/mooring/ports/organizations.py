"""The organization of a management account, and what an organization means for one account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mooring.iam.organization import (
    AccountRequest,
    ControlPolicy,
    MemberAccount,
    Membership,
    Organization,
    OrganizationalUnit,
)

__all__ = ["AccountRequests", "ControlPolicies", "Memberships", "Organizations"]


class Organizations(Protocol):
    """The organization that the account manages, its units and its accounts."""

    def get(self) -> Organization | None:
        """Return the organization, or None."""

    def put(self, organization: Organization) -> None:
        """Insert or replace the organization."""

    def delete(self) -> bool:
        """Forget the organization with all that is in it; False when there was none."""

    def unit(self, unit_id: str) -> OrganizationalUnit | None:
        """Return the unit, or None."""

    def put_unit(self, unit: OrganizationalUnit) -> None:
        """Insert or replace the unit."""

    def delete_unit(self, unit_id: str) -> bool:
        """Forget the unit; False when there was none."""

    def units(self, *, parent_id: str, after: str, limit: int) -> Sequence[OrganizationalUnit]:
        """Return the units directly below a parent, by id, above ``after``."""

    def member(self, member_id: str) -> MemberAccount | None:
        """Return the account, or None."""

    def put_member(self, member: MemberAccount) -> None:
        """Insert or replace the account; AlreadyExists when it is in another organization."""

    def delete_member(self, member_id: str) -> bool:
        """Forget that the account is a member; False when it was none."""

    def members(self, *, parent_id: str, after: str, limit: int) -> Sequence[MemberAccount]:
        """Return accounts by id, above ``after``: of a parent, or of all for an empty one."""


class ControlPolicies(Protocol):
    """The service control policies of the organization, and what they are attached to."""

    def get(self, policy_id: str) -> ControlPolicy | None:
        """Return the policy, or None."""

    def put(self, policy: ControlPolicy) -> None:
        """Insert or replace the policy."""

    def delete(self, policy_id: str) -> bool:
        """Forget the policy; False when there was none."""

    def page(self, *, after: str, limit: int) -> Sequence[ControlPolicy]:
        """Return policies by id, above ``after``."""

    def attach(self, policy_id: str, target_id: str) -> None:
        """Attach; twice is once."""

    def detach(self, policy_id: str, target_id: str) -> bool:
        """Detach; False when it was not attached."""

    def detach_all(self) -> int:
        """Detach every policy from everything; say how many those were."""

    def of_target(self, target_id: str) -> Sequence[str]:
        """Return the ids of the policies attached to a root, unit or account."""

    def targets_of(self, policy_id: str) -> Sequence[str]:
        """Return the ids of what a policy is attached to."""


class AccountRequests(Protocol):
    """Requests for new accounts."""

    def get(self, request_id: str) -> AccountRequest | None:
        """Return the request, or None."""

    def put(self, request: AccountRequest) -> None:
        """Insert or replace the request."""

    def page(self, *, after: str, limit: int) -> Sequence[AccountRequest]:
        """Return requests by id, above ``after``."""

    def open_requests(self) -> Sequence[AccountRequest]:
        """Return those that are neither done nor failed."""


class Memberships(Protocol):
    """What an organization, whoever manages it, means for this one account; nothing more of it."""

    def get(self) -> Membership | None:
        """Return where the account stands, or None when it is in no organization."""

    def levels(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Return the policies that bind the account: name and document, level by level.

        From the root by its units down to the account; empty when nothing binds it, as is so for
        the management account.
        """
