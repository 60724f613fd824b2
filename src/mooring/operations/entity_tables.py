"""The kinds of things that IAM keeps by name, each with its limits, its words and its conflicts.

Whatever else must be gone before a user can be deleted is added to ``USERS.conflicts`` here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mooring.iam.identity import (
    CustomerPolicy,
    Entity,
    EntityKind,
    Group,
    InstanceProfile,
    Role,
    Total,
    User,
)
from mooring.operations.call import Call
from mooring.operations.identities import Conflict, EntityTable, require_on
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = ["GROUPS", "POLICIES", "PROFILES", "ROLES", "USERS", "find_entity", "get_of_kind"]

_CANNOT = "Cannot delete entity, must "


def _bare(kind: EntityKind) -> tuple[Conflict, Conflict]:
    return (
        (
            lambda tx, name: tx.identities.attached(kind, name).managed,
            f"{_CANNOT}detach all policies first.",
        ),
        (
            lambda tx, name: tx.identities.attached(kind, name).inline,
            f"{_CANNOT}delete policies first.",
        ),
    )


def _forget_user(tx: Transaction, user: User) -> None:
    tx.identities.delete_user(user.name)
    tx.tickets.revoke(kind="sign-in", subject=user.name)
    tx.web_sessions.delete_of(user.name)


def _forget_role(tx: Transaction, role: Role) -> None:
    tx.identities.delete_role(role.name)
    tx.last_uses.delete(role.role_id)


def _forget_group(tx: Transaction, group: Group) -> None:
    tx.groups.delete(group.name)


def _forget_profile(tx: Transaction, profile: InstanceProfile) -> None:
    tx.instance_profiles.delete(profile.name)


def _forget_policy(tx: Transaction, policy: CustomerPolicy) -> None:
    tx.identities.delete_policy(policy.arn)
    tx.policy_versions.delete_all(policy.arn)


USERS: Final[EntityTable[User]] = EntityTable(
    word="user",
    missing="The user with name {} cannot be found.",
    taken="User with name {} already exists.",
    total=Total.USERS,
    quota=("UsersPerAccount", 5000),
    find=lambda tx, name: tx.identities.user(name),
    put=lambda tx, user: tx.identities.put_user(user),
    forget=_forget_user,
    page=lambda tx, prefix, after, limit: tx.identities.users(
        path_prefix=prefix, after=after, limit=limit
    ),
    conflicts=(
        (
            lambda tx, name: tx.identities.access_keys(name),
            f"{_CANNOT}delete access keys first.",
        ),
        (
            lambda tx, name: tx.logins.profile(name),
            f"{_CANNOT}delete login profile first.",
        ),
        (
            lambda tx, name: tx.second_factors.devices_of(name),
            f"{_CANNOT}delete MFA device first.",
        ),
        (
            lambda tx, name: tx.second_factors.passkeys_of(name),
            f"{_CANNOT}delete MFA device first.",
        ),
        (lambda tx, name: tx.groups.of_user(name), f"{_CANNOT}remove users from group first."),
        *_bare(EntityKind.USER),
    ),
)

GROUPS: Final[EntityTable[Group]] = EntityTable(
    word="group",
    missing="The group with name {} cannot be found.",
    taken="Group with name {} already exists.",
    total=Total.GROUPS,
    quota=("GroupsPerAccount", 500),
    find=lambda tx, name: tx.groups.get(name),
    put=lambda tx, group: tx.groups.put(group),
    forget=_forget_group,
    page=lambda tx, prefix, after, limit: tx.groups.page(
        path_prefix=prefix, after=after, limit=limit
    ),
    conflicts=(
        (
            lambda tx, name: tx.groups.members(name, after="", limit=1),
            f"{_CANNOT}remove users from group first.",
        ),
        *_bare(EntityKind.GROUP),
    ),
)

ROLES: Final[EntityTable[Role]] = EntityTable(
    word="role",
    missing="The role with name {} cannot be found.",
    taken="Role with name {} already exists.",
    total=Total.ROLES,
    quota=("RolesPerAccount", 5000),
    find=lambda tx, name: tx.identities.role(name),
    put=lambda tx, role: tx.identities.put_role(role),
    forget=_forget_role,
    page=lambda tx, prefix, after, limit: tx.identities.roles(
        path_prefix=prefix, after=after, limit=limit
    ),
    conflicts=(
        (
            lambda tx, name: tx.instance_profiles.of_role(name),
            f"{_CANNOT}remove roles from instance profile first.",
        ),
        *_bare(EntityKind.ROLE),
    ),
)

PROFILES: Final[EntityTable[InstanceProfile]] = EntityTable(
    word="instance-profile",
    missing="Instance Profile {} cannot be found.",
    taken="Instance Profile {} already exists.",
    total=Total.INSTANCE_PROFILES,
    quota=("InstanceProfilesPerAccount", 5000),
    find=lambda tx, name: tx.instance_profiles.get(name),
    put=lambda tx, profile: tx.instance_profiles.put(profile),
    forget=_forget_profile,
    page=lambda tx, prefix, after, limit: tx.instance_profiles.page(
        path_prefix=prefix, after=after, limit=limit
    ),
    conflicts=(
        (
            lambda tx, name: (profile := tx.instance_profiles.get(name)) and profile.role_name,
            f"{_CANNOT}remove roles from instance profile first.",
        ),
    ),
)

POLICIES: Final[EntityTable[CustomerPolicy]] = EntityTable(
    word="policy",
    missing="Policy {} was not found.",
    taken="A policy called {} already exists. Duplicate names are not allowed.",
    total=Total.POLICIES,
    quota=("PoliciesPerAccount", 5000),
    find=lambda tx, arn: tx.identities.policy(arn),
    put=lambda tx, policy: tx.identities.put_policy(policy),
    forget=_forget_policy,
    page=lambda tx, prefix, after, limit: tx.identities.policies(
        path_prefix=prefix, after=after, limit=limit
    ),
)
"""Customer policies, found by their ARN; those of AWS are not in it."""

_FIND: Mapping[EntityKind, Callable[[Transaction, str], Entity | None]] = {
    EntityKind.USER: USERS.find,
    EntityKind.GROUP: GROUPS.find,
    EntityKind.ROLE: ROLES.find,
}


def find_entity(tx: Transaction, kind: EntityKind, name: str) -> Entity | None:
    """Return the user, group or role of this name, or None."""
    return _FIND[kind](tx, name)


async def get_of_kind(call: Call, kind: EntityKind, name: str, *, policy_arn: str = "") -> Entity:
    """Return a user, group or role that the caller may ask for.

    Raises:
        AccessDenied: not allowed, ``policy_arn`` being the policy that the call speaks of.
        OperationRefused: NO_SUCH_ENTITY.
    """
    entity = await call.glance(lambda tx: find_entity(tx, kind, name))
    extra = {"iam:PolicyARN": (policy_arn,)} if policy_arn else {}
    await require_on(call, kind, name, entity=entity, extra=extra)
    if entity is None:
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"The {kind} with name {name} cannot be found."
        )
    return entity
