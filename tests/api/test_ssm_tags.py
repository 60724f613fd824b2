"""Tags as botocore sends and reads them."""

from pathlib import Path

from tests.api.door import Door
from tests.fakes.world import make_world
from tests.operations.document_bodies import make


async def test_tags_go_in_and_come_out(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        door = Door(world)
        user = await world.administrator(await world.account())
        keys = await door.keys(user)
        await make(world, user)
        thing = {"ResourceType": "Document", "ResourceId": "Mine"}
        given = {**thing, "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}]}

        added = await door.call(keys, "ssm", "AddTagsToResource", given)
        removed = await door.call(
            keys, "ssm", "RemoveTagsFromResource", {**thing, "TagKeys": ["a"]}
        )
        listed = await door.call(keys, "ssm", "ListTagsForResource", thing)
        unknown = await door.call(
            keys, "ssm", "ListTagsForResource", {**thing, "ResourceId": "Nothing"}
        )

        assert (added.status, removed.status) == (200, 200)
        assert listed.output["TagList"] == [{"Key": "c", "Value": ""}]
        assert unknown.code == "InvalidResourceId"
