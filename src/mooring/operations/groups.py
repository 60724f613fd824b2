"""Groups and who is in them. Source of rules, limits and wording: the IAM API."""

from __future__ import annotations

from mooring.iam.identity import Group, User
from mooring.operations.call import Call
from mooring.operations.entity_tables import GROUPS, USERS
from mooring.operations.identities import create_entity, get_entity, page_of
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction
from mooring.wire.ids import ENTROPY_BYTES, UniqueIdKind, new_unique_id

__all__ = [
    "add_user_to_group",
    "create_group",
    "get_group",
    "list_groups_for_user",
    "remove_user_from_group",
]

_GROUPS_PER_USER = 10


async def create_group(call: Call, name: str, *, path: str) -> Group:
    """Make a group.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS or LIMIT_EXCEEDED.
    """
    group = Group(
        account_id=call.caller.account_id,
        name=name,
        path=path,
        group_id=new_unique_id(UniqueIdKind.GROUP, call.world.entropy.bytes(ENTROPY_BYTES)),
        created_at=call.time,
    )
    return await create_entity(call, GROUPS, group)


async def get_group(
    call: Call, name: str, *, after: str, limit: int
) -> tuple[Group, tuple[User, ...], bool]:
    """Return a group, a page of its members by name, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    group = await get_entity(call, GROUPS, name)
    found = await call.read(lambda tx: tx.groups.members(group.name, after=after, limit=limit + 1))
    return group, tuple(found[:limit]), len(found) > limit


async def add_user_to_group(call: Call, name: str, user_name: str) -> None:
    """Put a user into a group, whose policies speak for the user from now on.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or LIMIT_EXCEEDED.
    """
    await get_entity(call, GROUPS, name)

    def work(tx: Transaction) -> None:
        group, user = GROUPS.stored(tx, name), USERS.stored(tx, user_name)
        there = [found.name for found in tx.groups.of_user(user.name)]
        if group.name not in there and len(there) >= _GROUPS_PER_USER:
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED,
                f"Cannot exceed quota for GroupsPerUser: {_GROUPS_PER_USER}",
            )
        tx.groups.add_member(group.name, user.name)

    await call.write(work)


async def remove_user_from_group(call: Call, name: str, user_name: str) -> None:
    """Take a user out of a group.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, also for a user who is not in it.
    """
    await get_entity(call, GROUPS, name)

    def work(tx: Transaction) -> None:
        if not tx.groups.remove_member(GROUPS.stored(tx, name).name, user_name):
            USERS.refuse(user_name)

    await call.write(work)


async def list_groups_for_user(
    call: Call, user_name: str, *, after: str, limit: int
) -> tuple[tuple[Group, ...], bool]:
    """Return the groups of a user by name, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    user = await get_entity(call, USERS, user_name)
    groups = await call.read(lambda tx: tx.groups.of_user(user.name))
    return page_of(groups, key=lambda group: group.name.lower(), after=after.lower(), limit=limit)
