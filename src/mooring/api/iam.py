"""IAM: users and roles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from mooring.api.iam_shapes import (
    role_shape,
    role_use_shape,
    tag_pairs,
    tag_shapes,
    user_shape,
)
from mooring.api.registry import Handler, Input, Operation, Output
from mooring.iam.identity import Role
from mooring.operations.call import Call
from mooring.operations.entity_tables import ROLES, USERS
from mooring.operations.identities import (
    EntityTable,
    HolderT,
    delete_entity,
    get_entity,
    list_entities,
    rename_entity,
)
from mooring.operations.last_uses import last_use
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.tags import read_tags
from mooring.operations.trust import show_roles
from mooring.operations.users import (
    NewEntity,
    create_role,
    create_user,
    update_assume_role_policy,
    update_role,
)

__all__ = ["OPERATIONS", "PAGE", "deleter", "own_name", "paged", "paging"]

PAGE = 100
_HOUR_S = 3600


def paging(given: Input) -> tuple[str, int]:
    """Return the marker and the number of items of an input."""
    return given.get("Marker", ""), given.get("MaxItems", PAGE)


def paged(output: dict[str, object], *, marker: str, has_more: bool) -> Output:
    """Add IAM's paging members; the marker says what was given last."""
    output["IsTruncated"] = has_more
    if has_more:
        output["Marker"] = marker
    return output


def own_name(call: Call, given: Input) -> str:
    """IAM takes the caller's own user name where none is given."""
    name: str | None = given.get("UserName") or call.caller.principal.user_name
    if name is None:
        raise OperationRefused(
            Problem.INVALID_VALUE, "Must specify userName when calling with non-User credentials"
        )
    return name


def deleter(table: EntityTable[HolderT], member: str) -> Handler:
    """Return the operation that deletes what the member names."""

    async def handler(call: Call, given: Input) -> Output:
        await delete_entity(call, table, given[member])
        return {}

    return handler


def _new_entity(given: Input, name: str) -> NewEntity:
    return NewEntity(
        name=given[name],
        path=given.get("Path", "/"),
        boundary_arn=given.get("PermissionsBoundary", ""),
        tags=read_tags(tag_pairs(given.get("Tags", []))),
    )


async def _create_user(call: Call, given: Input) -> Output:
    user = await create_user(call, _new_entity(given, "UserName"))
    return {"User": {**user_shape(user), "Tags": tag_shapes(user.tags)}}


async def _get_user(call: Call, given: Input) -> Output:
    user = await get_entity(call, USERS, own_name(call, given))
    shape = user_shape(user) | {"Tags": tag_shapes(user.tags)}
    signed_in = await last_use(call, user.user_id)
    return {"User": shape | ({"PasswordLastUsed": signed_in.used_at} if signed_in else {})}


async def _list_users(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    users, has_more = await list_entities(
        call, USERS, path_prefix=given.get("PathPrefix", "/"), after=after, limit=limit
    )
    marker = users[-1].name if users else ""
    return paged({"Users": [user_shape(user) for user in users]}, marker=marker, has_more=has_more)


async def _update_user(call: Call, given: Input) -> Output:
    await rename_entity(
        call,
        USERS,
        given["UserName"],
        new_name=given.get("NewUserName", ""),
        new_path=given.get("NewPath", ""),
    )
    return {}


async def _create_role(call: Call, given: Input) -> Output:
    role = await create_role(
        call,
        _new_entity(given, "RoleName"),
        trust_policy=given["AssumeRolePolicyDocument"],
        description=given.get("Description", ""),
        max_session=timedelta(seconds=given.get("MaxSessionDuration", _HOUR_S)),
    )
    return {"Role": await _role(call, role)}


async def _role(call: Call, role: Role) -> dict[str, object]:
    (shown,) = await show_roles(call, (role,))
    return {**role_shape(shown), "Tags": tag_shapes(role.tags)}


async def _get_role(call: Call, given: Input) -> Output:
    role = await get_entity(call, ROLES, given["RoleName"])
    use = role_use_shape(await last_use(call, role.role_id))
    return {"Role": await _role(call, role) | {"RoleLastUsed": use}}


async def _list_roles(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    roles, has_more = await list_entities(
        call, ROLES, path_prefix=given.get("PathPrefix", "/"), after=after, limit=limit
    )
    marker = roles[-1].name if roles else ""
    rows = [role_shape(role) for role in await show_roles(call, roles)]
    return paged({"Roles": rows}, marker=marker, has_more=has_more)


async def _update_role(call: Call, given: Input) -> Output:
    seconds = given.get("MaxSessionDuration")
    await update_role(
        call,
        given["RoleName"],
        description=given.get("Description"),
        max_session=timedelta(seconds=seconds) if seconds else None,
    )
    return {}


async def _update_role_description(call: Call, given: Input) -> Output:
    role = await update_role(call, given["RoleName"], description=given["Description"])
    return {"Role": await _role(call, role)}


async def _update_assume_role_policy(call: Call, given: Input) -> Output:
    await update_assume_role_policy(call, given["RoleName"], given["PolicyDocument"])
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreateUser": Operation(handler=_create_user),
    "GetUser": Operation(handler=_get_user, is_read_only=True),
    "ListUsers": Operation(handler=_list_users, is_read_only=True),
    "UpdateUser": Operation(handler=_update_user),
    "DeleteUser": Operation(handler=deleter(USERS, "UserName")),
    "CreateRole": Operation(handler=_create_role),
    "GetRole": Operation(handler=_get_role, is_read_only=True),
    "ListRoles": Operation(handler=_list_roles, is_read_only=True),
    "UpdateRole": Operation(handler=_update_role),
    "UpdateRoleDescription": Operation(handler=_update_role_description),
    "UpdateAssumeRolePolicy": Operation(handler=_update_assume_role_policy),
    "DeleteRole": Operation(handler=deleter(ROLES, "RoleName")),
}
