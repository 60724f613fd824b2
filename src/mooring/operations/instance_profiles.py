"""Instance profiles, each of which holds a role at most. Rules and wording: the IAM API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mooring.iam.identity import InstanceProfile, Role
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.entity_tables import PROFILES, ROLES
from mooring.operations.identities import (
    change_entity,
    create_entity,
    get_entity,
    list_entities,
    page_of,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.tags import read_tags, request_tags
from mooring.operations.trust import show_role, show_roles
from mooring.ports.tables import Transaction
from mooring.wire.ids import ENTROPY_BYTES, UniqueIdKind, new_unique_id

__all__ = [
    "Filled",
    "add_role",
    "create_profile",
    "get_profile",
    "list_profiles",
    "list_profiles_for_role",
    "remove_role",
]

Filled = tuple[InstanceProfile, Role | None]
"""A profile and the role in it."""


async def create_profile(
    call: Call, name: str, *, path: str, tags: Mapping[str, str]
) -> InstanceProfile:
    """Make a profile without a role.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS, LIMIT_EXCEEDED or INVALID_INPUT.
    """
    profile = InstanceProfile(
        account_id=call.caller.account_id,
        name=name,
        path=path,
        profile_id=new_unique_id(
            UniqueIdKind.INSTANCE_PROFILE, call.world.entropy.bytes(ENTROPY_BYTES)
        ),
        created_at=call.time,
        tags=tags,
    )

    def finish(_: Transaction, made: InstanceProfile) -> InstanceProfile:
        read_tags(tuple(tags.items()))
        return made

    return await create_entity(call, PROFILES, profile, extra=request_tags(tags), finish=finish)


async def get_profile(call: Call, name: str) -> Filled:
    """Return a profile and its role.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    profile = await get_entity(call, PROFILES, name)
    return (await _filled(call, (profile,)))[0]


async def list_profiles(
    call: Call, *, path_prefix: str, after: str, limit: int
) -> tuple[tuple[Filled, ...], bool]:
    """Return profiles by name with their roles, and whether there are more.

    Raises:
        AccessDenied: not allowed.
    """
    rows, has_more = await list_entities(
        call, PROFILES, path_prefix=path_prefix, after=after, limit=limit
    )
    return await _filled(call, rows), has_more


async def list_profiles_for_role(
    call: Call, role_name: str, *, after: str, limit: int
) -> tuple[tuple[Filled, ...], bool]:
    """Return the profiles that hold a role by name, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    (role,) = await show_roles(call, (await get_entity(call, ROLES, role_name),))
    found = await call.read(lambda tx: tx.instance_profiles.of_role(role.name))
    rows, has_more = page_of(
        found, key=lambda profile: profile.name.lower(), after=after.lower(), limit=limit
    )
    return tuple((profile, role) for profile in rows), has_more


async def _filled(call: Call, profiles: tuple[InstanceProfile, ...]) -> tuple[Filled, ...]:
    def look(tx: Transaction) -> tuple[Filled, ...]:
        roles = [tx.identities.role(profile.role_name) for profile in profiles]
        return tuple(
            (profile, role and show_role(tx, role))
            for profile, role in zip(profiles, roles, strict=True)
        )

    return await call.read(look)


async def add_role(call: Call, name: str, role_name: str) -> None:
    """Put a role into a profile; the caller must be allowed to pass it on.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, or LIMIT_EXCEEDED where there is one in it.
    """
    await get_entity(call, PROFILES, name)
    role = await call.glance(lambda tx: tx.identities.role(role_name))
    arn = f"arn:aws:iam::{call.caller.account_id}:role/{role_name}" if role is None else role.arn
    tags = role.tags if role is not None else {}
    keys = {f"iam:ResourceTag/{key}": (value,) for key, value in tags.items()}
    await require(call, Question(action="iam:PassRole", resources=(arn,), tags=tags, extra=keys))

    def alter(tx: Transaction, profile: InstanceProfile) -> InstanceProfile:
        stored = ROLES.stored(tx, role_name)
        if profile.role_name:
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED,
                "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
            )
        return replace(profile, role_name=stored.name)

    await change_entity(call, PROFILES, name, alter)


async def remove_role(call: Call, name: str, role_name: str) -> None:
    """Take the role out of a profile.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, also for a role that is not in it.
    """

    def alter(_: Transaction, profile: InstanceProfile) -> InstanceProfile:
        if profile.role_name.lower() != role_name.lower():
            ROLES.refuse(role_name)
        return replace(profile, role_name="")

    await change_entity(call, PROFILES, name, alter)
