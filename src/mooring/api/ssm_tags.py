"""Systems Manager: tags of documents and nodes."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.operations.call import Call
from mooring.operations.resource_tags import add_tags, list_tags, remove_tags

__all__ = ["OPERATIONS"]


async def _add(call: Call, given: Input) -> Output:
    tags = [(tag["Key"], tag["Value"]) for tag in given["Tags"]]
    await add_tags(call, given["ResourceType"], given["ResourceId"], tags)
    return {}


async def _remove(call: Call, given: Input) -> Output:
    await remove_tags(call, given["ResourceType"], given["ResourceId"], given["TagKeys"])
    return {}


async def _list(call: Call, given: Input) -> Output:
    tags = await list_tags(call, given["ResourceType"], given["ResourceId"])
    return {"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]}


OPERATIONS: Mapping[str, Operation] = {
    "AddTagsToResource": Operation(handler=_add),
    "RemoveTagsFromResource": Operation(handler=_remove),
    "ListTagsForResource": Operation(handler=_list, is_read_only=True),
}
