"""IAM: instance profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mooring.api.iam import deleter, paged, paging
from mooring.api.iam_shapes import profile_shape, tag_pairs
from mooring.api.registry import Input, Operation, Output
from mooring.operations.call import Call
from mooring.operations.entity_tables import PROFILES
from mooring.operations.instance_profiles import (
    Filled,
    add_role,
    create_profile,
    get_profile,
    list_profiles,
    list_profiles_for_role,
    remove_role,
)
from mooring.operations.tags import read_tags

__all__ = ["OPERATIONS"]


async def _create(call: Call, given: Input) -> Output:
    profile = await create_profile(
        call,
        given["InstanceProfileName"],
        path=given.get("Path", "/"),
        tags=read_tags(tag_pairs(given.get("Tags", []))),
    )
    return {"InstanceProfile": profile_shape(profile, None)}


async def _get(call: Call, given: Input) -> Output:
    profile, role = await get_profile(call, given["InstanceProfileName"])
    return {"InstanceProfile": profile_shape(profile, role)}


def _listed(rows: Sequence[Filled], *, has_more: bool) -> Output:
    marker = rows[-1][0].name if rows else ""
    shapes = [profile_shape(profile, role) for profile, role in rows]
    return paged({"InstanceProfiles": shapes}, marker=marker, has_more=has_more)


async def _list(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    rows, has_more = await list_profiles(
        call, path_prefix=given.get("PathPrefix", "/"), after=after, limit=limit
    )
    return _listed(rows, has_more=has_more)


async def _list_for_role(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    rows, has_more = await list_profiles_for_role(call, given["RoleName"], after=after, limit=limit)
    return _listed(rows, has_more=has_more)


async def _add_role(call: Call, given: Input) -> Output:
    await add_role(call, given["InstanceProfileName"], given["RoleName"])
    return {}


async def _remove_role(call: Call, given: Input) -> Output:
    await remove_role(call, given["InstanceProfileName"], given["RoleName"])
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreateInstanceProfile": Operation(handler=_create),
    "GetInstanceProfile": Operation(handler=_get, is_read_only=True),
    "ListInstanceProfiles": Operation(handler=_list, is_read_only=True),
    "ListInstanceProfilesForRole": Operation(handler=_list_for_role, is_read_only=True),
    "DeleteInstanceProfile": Operation(handler=deleter(PROFILES, "InstanceProfileName")),
    "AddRoleToInstanceProfile": Operation(handler=_add_role),
    "RemoveRoleFromInstanceProfile": Operation(handler=_remove_role),
}
