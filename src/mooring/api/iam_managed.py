"""IAM: managed policies, their versions and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mooring.api.iam import paged, paging
from mooring.api.iam_shapes import policy_shape, tag_pairs, tag_shapes, version_shape
from mooring.api.registry import Input, Operation, Output
from mooring.iam.identity import Entity, EntityKind, Group, Role
from mooring.operations import policy_versions
from mooring.operations.call import Call
from mooring.operations.managed_policies import (
    ManagedPolicyView,
    NewPolicy,
    Usage,
    Wanted,
    create_policy,
    delete_policy,
    get_policy,
    list_entities_for_policy,
    list_policies,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.tags import read_tags

__all__ = ["OPERATIONS"]

_KINDS: Final[Mapping[str, EntityKind]] = {
    "User": EntityKind.USER,
    "Group": EntityKind.GROUP,
    "Role": EntityKind.ROLE,
}


def _whole(view: ManagedPolicyView) -> dict[str, object]:
    policy = view.policy
    shape = policy_shape(view) | {"Tags": tag_shapes(policy.tags)}
    return shape | ({"Description": policy.description} if policy.description else {})


async def _create_policy(call: Call, given: Input) -> Output:
    view = await create_policy(
        call,
        NewPolicy(
            name=given["PolicyName"],
            path=given.get("Path", "/"),
            document=given["PolicyDocument"],
            description=given.get("Description", ""),
            tags=read_tags(tag_pairs(given.get("Tags", []))),
        ),
    )
    return {"Policy": _whole(view)}


async def _get_policy(call: Call, given: Input) -> Output:
    return {"Policy": _whole(await get_policy(call, given["PolicyArn"]))}


async def _delete_policy(call: Call, given: Input) -> Output:
    await delete_policy(call, given["PolicyArn"])
    return {}


def _wanted(given: Input) -> Wanted:
    usage = given.get("PolicyUsageFilter")
    return Wanted(
        path_prefix=given.get("PathPrefix", "/"),
        usage=Usage(usage) if usage else None,
        kind=_kind(given),
        scope=given.get("Scope", "All"),
        only_attached=given.get("OnlyAttached", False),
    )


def _kind(given: Input) -> EntityKind | None:
    name = given.get("EntityFilter")
    if name is not None and name not in _KINDS:
        raise OperationRefused(
            Problem.INVALID_INPUT, f"Invalid EntityFilter: {name}, expected User, Group or Role"
        )
    return _KINDS[name] if name else None


async def _list_policies(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    views, has_more = await list_policies(call, _wanted(given), after=after, limit=limit)
    marker = views[-1].marker if views else ""
    rows = [policy_shape(view) for view in views]
    return paged({"Policies": rows}, marker=marker, has_more=has_more)


async def _list_entities(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    rows, has_more = await list_entities_for_policy(
        call, given["PolicyArn"], _wanted(given), after=after, limit=limit
    )
    output: dict[str, object] = {
        f"Policy{word}s": [_named(entity) for of, entity in rows if of is kind]
        for word, kind in _KINDS.items()
    }
    marker = f"{rows[-1][0]}/{rows[-1][1].name.lower()}" if rows else ""
    return paged(output, marker=marker, has_more=has_more)


def _named(entity: Entity) -> dict[str, str]:
    if isinstance(entity, Group):
        return {"GroupName": entity.name, "GroupId": entity.group_id}
    if isinstance(entity, Role):
        return {"RoleName": entity.name, "RoleId": entity.role_id}
    return {"UserName": entity.name, "UserId": entity.user_id}


async def _create_version(call: Call, given: Input) -> Output:
    view = await policy_versions.create_version(
        call,
        given["PolicyArn"],
        given["PolicyDocument"],
        set_as_default=given.get("SetAsDefault", False),
    )
    return {"PolicyVersion": version_shape(view)}


async def _get_version(call: Call, given: Input) -> Output:
    view = await policy_versions.get_version(call, given["PolicyArn"], given["VersionId"])
    return {"PolicyVersion": {**version_shape(view), "Document": view.version.document}}


async def _list_versions(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    views, has_more = await policy_versions.list_versions(
        call, given["PolicyArn"], after=after, limit=limit
    )
    marker = views[-1].version_id if views else ""
    rows = [version_shape(view) for view in views]
    return paged({"Versions": rows}, marker=marker, has_more=has_more)


async def _set_default_version(call: Call, given: Input) -> Output:
    await policy_versions.set_default_version(call, given["PolicyArn"], given["VersionId"])
    return {}


async def _delete_version(call: Call, given: Input) -> Output:
    await policy_versions.delete_version(call, given["PolicyArn"], given["VersionId"])
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreatePolicy": Operation(handler=_create_policy),
    "GetPolicy": Operation(handler=_get_policy, is_read_only=True),
    "DeletePolicy": Operation(handler=_delete_policy),
    "ListPolicies": Operation(handler=_list_policies, is_read_only=True),
    "ListEntitiesForPolicy": Operation(handler=_list_entities, is_read_only=True),
    "CreatePolicyVersion": Operation(handler=_create_version),
    "GetPolicyVersion": Operation(handler=_get_version, is_read_only=True),
    "ListPolicyVersions": Operation(handler=_list_versions, is_read_only=True),
    "SetDefaultPolicyVersion": Operation(handler=_set_default_version),
    "DeletePolicyVersion": Operation(handler=_delete_version),
}
