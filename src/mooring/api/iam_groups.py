"""IAM: groups and who is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mooring.api.iam import deleter, paged, paging
from mooring.api.iam_shapes import group_shape, user_shape
from mooring.api.registry import Input, Operation, Output
from mooring.iam.identity import Group
from mooring.operations.call import Call
from mooring.operations.entity_tables import GROUPS
from mooring.operations.groups import (
    add_user_to_group,
    create_group,
    get_group,
    list_groups_for_user,
    remove_user_from_group,
)
from mooring.operations.identities import list_entities, rename_entity

__all__ = ["OPERATIONS"]


async def _create_group(call: Call, given: Input) -> Output:
    group = await create_group(call, given["GroupName"], path=given.get("Path", "/"))
    return {"Group": group_shape(group)}


async def _get_group(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    group, users, has_more = await get_group(call, given["GroupName"], after=after, limit=limit)
    output = {"Group": group_shape(group), "Users": [user_shape(user) for user in users]}
    return paged({**output}, marker=users[-1].name if users else "", has_more=has_more)


def _listed(groups: Sequence[Group], *, has_more: bool) -> Output:
    marker = groups[-1].name if groups else ""
    rows = [group_shape(group) for group in groups]
    return paged({"Groups": rows}, marker=marker, has_more=has_more)


async def _list_groups(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    groups, has_more = await list_entities(
        call, GROUPS, path_prefix=given.get("PathPrefix", "/"), after=after, limit=limit
    )
    return _listed(groups, has_more=has_more)


async def _list_groups_for_user(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    groups, has_more = await list_groups_for_user(call, given["UserName"], after=after, limit=limit)
    return _listed(groups, has_more=has_more)


async def _update_group(call: Call, given: Input) -> Output:
    await rename_entity(
        call,
        GROUPS,
        given["GroupName"],
        new_name=given.get("NewGroupName", ""),
        new_path=given.get("NewPath", ""),
    )
    return {}


async def _add_user(call: Call, given: Input) -> Output:
    await add_user_to_group(call, given["GroupName"], given["UserName"])
    return {}


async def _remove_user(call: Call, given: Input) -> Output:
    await remove_user_from_group(call, given["GroupName"], given["UserName"])
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreateGroup": Operation(handler=_create_group),
    "GetGroup": Operation(handler=_get_group, is_read_only=True),
    "ListGroups": Operation(handler=_list_groups, is_read_only=True),
    "ListGroupsForUser": Operation(handler=_list_groups_for_user, is_read_only=True),
    "UpdateGroup": Operation(handler=_update_group),
    "DeleteGroup": Operation(handler=deleter(GROUPS, "GroupName")),
    "AddUserToGroup": Operation(handler=_add_user),
    "RemoveUserFromGroup": Operation(handler=_remove_user),
}
