"""IAM: users, roles and access keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from mooring.api.registry import Input, Operation, Output
from mooring.iam.identity import AccessKey, KeyStatus, Role, User
from mooring.operations.call import Call
from mooring.operations.identities import (
    NewEntity,
    create_access_key,
    create_role,
    create_user,
    delete_access_key,
    delete_role,
    delete_user,
    get_role,
    get_user,
    list_access_keys,
    list_roles,
    list_users,
    update_access_key,
)
from mooring.operations.problems import OperationRefused, Problem

__all__ = ["OPERATIONS", "PAGE", "paged"]

PAGE = 100
_HOUR_S = 3600


def paged(output: dict[str, object], *, marker: str, has_more: bool) -> Output:
    """Add IAM's paging members; the marker is the last name given."""
    output["IsTruncated"] = has_more
    if has_more:
        output["Marker"] = marker
    return output


def _new_entity(given: Input, name: str) -> NewEntity:
    return NewEntity(
        name=given[name],
        path=given.get("Path", "/"),
        boundary_arn=given.get("PermissionsBoundary", ""),
        tags={tag["Key"]: tag["Value"] for tag in given.get("Tags", [])},
    )


def _tags(entity: User | Role) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in entity.tags.items()]


def _boundary(entity: User | Role) -> dict[str, object]:
    if not entity.boundary_arn:
        return {}
    return {
        "PermissionsBoundary": {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": entity.boundary_arn,
        }
    }


def _user(user: User) -> dict[str, object]:
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.user_id,
        "Arn": user.arn,
        "CreateDate": user.created_at,
        **_boundary(user),
    }


def _role(role: Role) -> dict[str, object]:
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.role_id,
        "Arn": role.arn,
        "CreateDate": role.created_at,
        "AssumeRolePolicyDocument": role.trust_policy,
        "Description": role.description,
        "MaxSessionDuration": int(role.max_session.total_seconds()),
        **_boundary(role),
    }


def _own_name(call: Call, given: Input) -> str:
    """IAM takes the caller's own user name where none is given."""
    name: str | None = given.get("UserName") or call.caller.principal.user_name
    if name is None:
        raise OperationRefused(
            Problem.INVALID_VALUE, "Must specify userName when calling with non-User credentials"
        )
    return name


async def _create_user(call: Call, given: Input) -> Output:
    user = await create_user(call, _new_entity(given, "UserName"))
    return {"User": {**_user(user), "Tags": _tags(user)}}


async def _get_user(call: Call, given: Input) -> Output:
    user = await get_user(call, _own_name(call, given))
    return {"User": {**_user(user), "Tags": _tags(user)}}


async def _list_users(call: Call, given: Input) -> Output:
    users, has_more = await list_users(
        call,
        path_prefix=given.get("PathPrefix", "/"),
        after=given.get("Marker", ""),
        limit=given.get("MaxItems", PAGE),
    )
    marker = users[-1].name if users else ""
    return paged({"Users": [_user(user) for user in users]}, marker=marker, has_more=has_more)


async def _delete_user(call: Call, given: Input) -> Output:
    await delete_user(call, given["UserName"])
    return {}


async def _create_role(call: Call, given: Input) -> Output:
    role = await create_role(
        call,
        _new_entity(given, "RoleName"),
        trust_policy=given["AssumeRolePolicyDocument"],
        description=given.get("Description", ""),
        max_session=timedelta(seconds=given.get("MaxSessionDuration", _HOUR_S)),
    )
    return {"Role": {**_role(role), "Tags": _tags(role)}}


async def _get_role(call: Call, given: Input) -> Output:
    role = await get_role(call, given["RoleName"])
    return {"Role": {**_role(role), "Tags": _tags(role)}}


async def _list_roles(call: Call, given: Input) -> Output:
    roles, has_more = await list_roles(
        call,
        path_prefix=given.get("PathPrefix", "/"),
        after=given.get("Marker", ""),
        limit=given.get("MaxItems", PAGE),
    )
    marker = roles[-1].name if roles else ""
    return paged({"Roles": [_role(role) for role in roles]}, marker=marker, has_more=has_more)


async def _delete_role(call: Call, given: Input) -> Output:
    await delete_role(call, given["RoleName"])
    return {}


def _key(key: AccessKey) -> dict[str, object]:
    return {
        "UserName": key.user_name,
        "AccessKeyId": key.access_key_id,
        "Status": key.status.value,
        "CreateDate": key.created_at,
    }


async def _create_access_key(call: Call, given: Input) -> Output:
    key, secret = await create_access_key(call, _own_name(call, given))
    return {"AccessKey": {**_key(key), "SecretAccessKey": secret.reveal()}}


async def _list_access_keys(call: Call, given: Input) -> Output:
    keys = await list_access_keys(call, _own_name(call, given))
    return {"AccessKeyMetadata": [_key(key) for key in keys], "IsTruncated": False}


async def _update_access_key(call: Call, given: Input) -> Output:
    status = KeyStatus(given["Status"])
    await update_access_key(call, _own_name(call, given), given["AccessKeyId"], status=status)
    return {}


async def _delete_access_key(call: Call, given: Input) -> Output:
    await delete_access_key(call, _own_name(call, given), given["AccessKeyId"])
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreateUser": Operation(handler=_create_user),
    "GetUser": Operation(handler=_get_user, is_read_only=True),
    "ListUsers": Operation(handler=_list_users, is_read_only=True),
    "DeleteUser": Operation(handler=_delete_user),
    "CreateRole": Operation(handler=_create_role),
    "GetRole": Operation(handler=_get_role, is_read_only=True),
    "ListRoles": Operation(handler=_list_roles, is_read_only=True),
    "DeleteRole": Operation(handler=_delete_role),
    "CreateAccessKey": Operation(handler=_create_access_key),
    "ListAccessKeys": Operation(handler=_list_access_keys, is_read_only=True),
    "UpdateAccessKey": Operation(handler=_update_access_key),
    "DeleteAccessKey": Operation(handler=_delete_access_key),
}
