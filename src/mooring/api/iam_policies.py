"""IAM: inline and managed policies of users and roles.

The calls for users and for roles differ in one word, so each is made once for both.
"""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.iam import PAGE, paged
from mooring.api.registry import Handler, Input, Operation, Output
from mooring.iam.identity import EntityKind
from mooring.operations import attachments
from mooring.operations.attachments import ONLY_VERSION, ManagedPolicyView
from mooring.operations.call import Call

__all__ = ["OPERATIONS"]


def _put(kind: EntityKind, member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        await attachments.put_inline(
            call,
            kind,
            given[member],
            policy_name=given["PolicyName"],
            document=given["PolicyDocument"],
        )
        return {}

    return handler


def _get(kind: EntityKind, member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        policy_name = given["PolicyName"]
        document = await attachments.get_inline(call, kind, given[member], policy_name=policy_name)
        return {
            member: given[member],
            "PolicyName": policy_name,
            "PolicyDocument": document,
        }

    return handler


def _list(kind: EntityKind, member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        names = await attachments.list_inline(call, kind, given[member])
        return {"PolicyNames": list(names), "IsTruncated": False}

    return handler


def _delete(kind: EntityKind, member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        await attachments.delete_inline(call, kind, given[member], policy_name=given["PolicyName"])
        return {}

    return handler


def _attach(kind: EntityKind, member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        await attachments.attach(call, kind, given[member], given["PolicyArn"])
        return {}

    return handler


def _detach(kind: EntityKind, member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        await attachments.detach(call, kind, given[member], given["PolicyArn"])
        return {}

    return handler


def _list_attached(kind: EntityKind, member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        arns = await attachments.list_attached(call, kind, given[member])
        rows = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]
        return {"AttachedPolicies": rows, "IsTruncated": False}

    return handler


def _of(kind: EntityKind, word: str) -> dict[str, Operation]:
    member = f"{word}Name"
    return {
        f"Put{word}Policy": Operation(handler=_put(kind, member)),
        f"Get{word}Policy": Operation(handler=_get(kind, member), is_read_only=True),
        f"List{word}Policies": Operation(handler=_list(kind, member), is_read_only=True),
        f"Delete{word}Policy": Operation(handler=_delete(kind, member)),
        f"Attach{word}Policy": Operation(handler=_attach(kind, member)),
        f"Detach{word}Policy": Operation(handler=_detach(kind, member)),
        f"ListAttached{word}Policies": Operation(
            handler=_list_attached(kind, member), is_read_only=True
        ),
    }


def _policy(view: ManagedPolicyView) -> dict[str, object]:
    policy = view.policy
    output: dict[str, object] = {
        "PolicyName": policy.name,
        "PolicyId": policy.policy_id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": ONLY_VERSION,
        "AttachmentCount": view.attachments,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": policy.created_at,
        "UpdateDate": policy.updated_at,
    }
    return output | ({"Description": policy.description} if policy.description else {})


async def _create_policy(call: Call, given: Input) -> Output:
    view = await attachments.create_policy(
        call,
        name=given["PolicyName"],
        path=given.get("Path", "/"),
        document=given["PolicyDocument"],
        description=given.get("Description", ""),
    )
    return {"Policy": _policy(view)}


async def _get_policy(call: Call, given: Input) -> Output:
    return {"Policy": _policy(await attachments.get_policy(call, given["PolicyArn"]))}


async def _get_policy_version(call: Call, given: Input) -> Output:
    policy = await attachments.get_version(call, given["PolicyArn"], given["VersionId"])
    return {
        "PolicyVersion": {
            "Document": policy.document,
            "VersionId": ONLY_VERSION,
            "IsDefaultVersion": True,
            "CreateDate": policy.updated_at,
        }
    }


async def _delete_policy(call: Call, given: Input) -> Output:
    await attachments.delete_policy(call, given["PolicyArn"])
    return {}


async def _list_policies(call: Call, given: Input) -> Output:
    views, has_more = await attachments.list_policies(
        call,
        scope=given.get("Scope", "All"),
        path_prefix=given.get("PathPrefix", "/"),
        after=given.get("Marker", ""),
        limit=given.get("MaxItems", PAGE),
    )
    wanted = [view for view in views if view.attachments or not given.get("OnlyAttached", False)]
    marker = views[-1].policy.arn if views else ""
    return paged({"Policies": [_policy(view) for view in wanted]}, marker=marker, has_more=has_more)


OPERATIONS: Mapping[str, Operation] = {
    **_of(EntityKind.USER, "User"),
    **_of(EntityKind.ROLE, "Role"),
    "CreatePolicy": Operation(handler=_create_policy),
    "GetPolicy": Operation(handler=_get_policy, is_read_only=True),
    "GetPolicyVersion": Operation(handler=_get_policy_version, is_read_only=True),
    "DeletePolicy": Operation(handler=_delete_policy),
    "ListPolicies": Operation(handler=_list_policies, is_read_only=True),
}
