"""How much an account has of everything, and how much it may have: IAM's GetAccountSummary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mooring.iam.identity import Total
from mooring.iam.size import (
    GROUP_INLINE_SIZE,
    MANAGED_SIZE,
    ROLE_INLINE_SIZE,
    TRUST_SIZE,
    USER_INLINE_SIZE,
)
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.entity_tables import GROUPS, POLICIES, PROFILES, ROLES, USERS
from mooring.ports.tables import Transaction

__all__ = ["get_account_summary"]

_SCAN: Final = 500
_FIXED: Final[Mapping[str, int]] = {
    "AccessKeysPerUserQuota": 2,
    "AccountAccessKeysPresent": 0,
    "AccountMFAEnabled": 0,
    "AccountPasswordPresent": 0,
    "AccountSigningCertificatesPresent": 0,
    "AssumeRolePolicySizeQuota": TRUST_SIZE,
    "AttachedPoliciesPerGroupQuota": 10,
    "AttachedPoliciesPerRoleQuota": 10,
    "AttachedPoliciesPerUserQuota": 10,
    "GlobalEndpointTokenVersion": 2,
    "GroupPolicySizeQuota": GROUP_INLINE_SIZE,
    "GroupsPerUserQuota": 10,
    "PolicySizeQuota": MANAGED_SIZE,
    "RolePolicySizeQuota": ROLE_INLINE_SIZE,
    "ServerCertificates": 0,
    "ServerCertificatesQuota": 0,
    "SigningCertificatesPerUserQuota": 0,
    "UserPolicySizeQuota": USER_INLINE_SIZE,
    "VersionsPerPolicyQuota": 5,
}
"""The root of an account has neither password nor keys here."""


async def get_account_summary(call: Call) -> Mapping[str, int]:
    """Return the numbers by their names.

    Raises:
        AccessDenied: not allowed.
    """
    await require(call, Question(action=call.action))
    return await call.read(_summary)


def _summary(tx: Transaction) -> Mapping[str, int]:
    devices, assigned = _devices(tx)
    return {
        **_FIXED,
        "Users": tx.totals.count(Total.USERS),
        "UsersQuota": USERS.quota[1],
        "Groups": tx.totals.count(Total.GROUPS),
        "GroupsQuota": GROUPS.quota[1],
        "Roles": tx.totals.count(Total.ROLES),
        "RolesQuota": ROLES.quota[1],
        "InstanceProfiles": tx.totals.count(Total.INSTANCE_PROFILES),
        "InstanceProfilesQuota": PROFILES.quota[1],
        "Policies": tx.totals.count(Total.POLICIES),
        "PoliciesQuota": POLICIES.quota[1],
        "PolicyVersionsInUse": tx.totals.count(Total.POLICY_VERSIONS),
        "PolicyVersionsInUseQuota": 5 * POLICIES.quota[1],
        "MFADevices": devices,
        "MFADevicesInUse": assigned,
    }


def _devices(tx: Transaction) -> tuple[int, int]:
    """Return how many virtual devices there are, and how many are somebody's."""
    count = assigned = 0
    after = ""
    while page := tx.second_factors.devices(after=after, limit=_SCAN):
        count += len(page)
        assigned += sum(1 for device in page if device.user_name)
        after = page[-1].serial
    return count, assigned
