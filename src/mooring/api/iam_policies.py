"""IAM: policies written into users, groups and roles, and managed ones attached to them.

The calls for the three differ in one word, so each is made once for all.
"""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.iam import paged, paging
from mooring.api.iam_shapes import attached_shape
from mooring.api.registry import Handler, Input, Operation, Output
from mooring.iam.identity import EntityKind
from mooring.operations import attachments
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
        found, document = await attachments.get_inline(
            call, kind, given[member], policy_name=given["PolicyName"]
        )
        return {member: given[member], "PolicyName": found, "PolicyDocument": document}

    return handler


def _list(kind: EntityKind, member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        after, limit = paging(given)
        names, has_more = await attachments.list_inline(
            call, kind, given[member], after=after, limit=limit
        )
        marker = names[-1] if names else ""
        return paged({"PolicyNames": list(names)}, marker=marker, has_more=has_more)

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
        after, limit = paging(given)
        policies, has_more = await attachments.list_attached(
            call,
            kind,
            given[member],
            path_prefix=given.get("PathPrefix", "/"),
            after=after,
            limit=limit,
        )
        marker = policies[-1].policy_id if policies else ""
        rows = [attached_shape(policy) for policy in policies]
        return paged({"AttachedPolicies": rows}, marker=marker, has_more=has_more)

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


OPERATIONS: Mapping[str, Operation] = {
    **_of(EntityKind.USER, "User"),
    **_of(EntityKind.GROUP, "Group"),
    **_of(EntityKind.ROLE, "Role"),
}
