"""IAM: tags, and permissions boundaries. The calls differ in one word for each kind of thing."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.iam import paged, paging
from mooring.api.iam_shapes import tag_pairs, tag_shapes
from mooring.api.registry import Handler, Input, Operation, Output
from mooring.operations import tags
from mooring.operations.boundaries import BoundedT, delete_boundary, put_boundary
from mooring.operations.call import Call
from mooring.operations.entity_tables import POLICIES, PROFILES, ROLES, USERS
from mooring.operations.identities import EntityTable
from mooring.operations.tags import TaggedT

__all__ = ["OPERATIONS"]


def _tag(table: EntityTable[TaggedT], member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        await tags.tag(call, table, given[member], tag_pairs(given["Tags"]))
        return {}

    return handler


def _untag(table: EntityTable[TaggedT], member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        await tags.untag(call, table, given[member], given["TagKeys"])
        return {}

    return handler


def _list(table: EntityTable[TaggedT], member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        after, limit = paging(given)
        rows, has_more = await tags.list_tags(call, table, given[member], after=after, limit=limit)
        marker = str(int(after or 0) + len(rows))
        return paged({"Tags": tag_shapes(dict(rows))}, marker=marker, has_more=has_more)

    return handler


def _tags_of(table: EntityTable[TaggedT], word: str, member: str) -> dict[str, Operation]:
    return {
        f"Tag{word}": Operation(handler=_tag(table, member)),
        f"Untag{word}": Operation(handler=_untag(table, member)),
        f"List{word}Tags": Operation(handler=_list(table, member), is_read_only=True),
    }


def _put_boundary(table: EntityTable[BoundedT], member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        await put_boundary(call, table, given[member], given["PermissionsBoundary"])
        return {}

    return handler


def _delete_boundary(table: EntityTable[BoundedT], member: str) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        await delete_boundary(call, table, given[member])
        return {}

    return handler


OPERATIONS: Mapping[str, Operation] = {
    **_tags_of(USERS, "User", "UserName"),
    **_tags_of(ROLES, "Role", "RoleName"),
    **_tags_of(PROFILES, "InstanceProfile", "InstanceProfileName"),
    **_tags_of(POLICIES, "Policy", "PolicyArn"),
    "PutUserPermissionsBoundary": Operation(handler=_put_boundary(USERS, "UserName")),
    "DeleteUserPermissionsBoundary": Operation(handler=_delete_boundary(USERS, "UserName")),
    "PutRolePermissionsBoundary": Operation(handler=_put_boundary(ROLES, "RoleName")),
    "DeleteRolePermissionsBoundary": Operation(handler=_delete_boundary(ROLES, "RoleName")),
}
