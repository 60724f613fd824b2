"""Groups, policy versions, instance profiles, last uses, alias and report of one account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mooring.iam.identity import (
    CredentialReport,
    Group,
    InstanceProfile,
    LastUse,
    PolicyVersion,
    Total,
    User,
)

__all__ = [
    "Aliases",
    "CredentialReports",
    "Groups",
    "InstanceProfiles",
    "LastUses",
    "PolicyVersions",
    "Totals",
]


class Groups(Protocol):
    """The groups of one account and who is in them. Names compare without case."""

    def get(self, name: str) -> Group | None:
        """Return the group, or None."""

    def put(self, group: Group) -> None:
        """Insert or replace the group."""

    def delete(self, name: str) -> bool:
        """Forget the group; False when there was none. Who is in it is another matter."""

    def page(self, *, path_prefix: str, after: str, limit: int) -> Sequence[Group]:
        """Return groups by name, above ``after``."""

    def add_member(self, group_name: str, user_name: str) -> None:
        """Put a user into a group; twice is once."""

    def remove_member(self, group_name: str, user_name: str) -> bool:
        """Take a user out of a group; False when it was not in it."""

    def of_user(self, user_name: str) -> Sequence[Group]:
        """Return the groups that the user is in, by name."""

    def members(self, group_name: str, *, after: str, limit: int) -> Sequence[User]:
        """Return the users in the group by name, above ``after``."""


class PolicyVersions(Protocol):
    """The versions of the customer policies of one account."""

    def get(self, policy_arn: str, number: int) -> PolicyVersion | None:
        """Return a version, or None."""

    def put(self, version: PolicyVersion) -> None:
        """Insert or replace a version."""

    def delete(self, policy_arn: str, number: int) -> bool:
        """Forget a version; False when there was none."""

    def delete_all(self, policy_arn: str) -> int:
        """Forget every version of the policy; say how many there were."""

    def of_policy(self, policy_arn: str) -> Sequence[PolicyVersion]:
        """Return the versions of the policy, newest first."""


class InstanceProfiles(Protocol):
    """The instance profiles of one account. Names compare without case."""

    def get(self, name: str) -> InstanceProfile | None:
        """Return the profile, or None."""

    def put(self, profile: InstanceProfile) -> None:
        """Insert or replace the profile."""

    def delete(self, name: str) -> bool:
        """Forget the profile; False when there was none."""

    def page(self, *, path_prefix: str, after: str, limit: int) -> Sequence[InstanceProfile]:
        """Return profiles by name, above ``after``."""

    def of_role(self, role_name: str) -> Sequence[InstanceProfile]:
        """Return the profiles that hold the role, by name."""


class LastUses(Protocol):
    """When keys and roles of one account were last used."""

    def get(self, subject: str) -> LastUse | None:
        """Return the last use that is kept, or None."""

    def put(self, use: LastUse) -> None:
        """Keep a use, unless a later one is kept."""

    def delete(self, subject: str) -> bool:
        """Forget the use; False when there was none."""


class Totals(Protocol):
    """How many of each thing one account has."""

    def count(self, what: Total) -> int:
        """Say how many there are."""


class Aliases(Protocol):
    """The alias of the account, unique over all accounts."""

    def get(self) -> str | None:
        """Return the alias, or None."""

    def put(self, alias: str) -> None:
        """Give the account an alias in place of the one it had.

        Raises:
            AlreadyExists: another account has it.
        """

    def delete(self) -> bool:
        """Forget the alias; False when there was none."""


class CredentialReports(Protocol):
    """The newest credential report of the account."""

    def get(self) -> CredentialReport | None:
        """Return the report, or None."""

    def put(self, report: CredentialReport) -> None:
        """Keep a report in place of the one before."""
