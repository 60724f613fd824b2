"""Tags are asked about before and after, bounded, and kept from the reserved names."""

import pytest
from tests.fakes.world import FakeWorld, policy
from tests.operations.document_bodies import make

from mooring.iam.identity import User
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.resource_tags import (
    MAX_TAGS,
    add_tags,
    check_tags,
    list_tags,
    remove_tags,
)


async def tags(world: FakeWorld, user: User, kind: str, thing: str) -> dict[str, str]:
    return dict(await list_tags(world.call(user, "ssm:ListTagsForResource"), kind, thing))


async def test_tags_of_documents_and_nodes_come_and_go(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id, tags={"a": "1"})
    await make(world, user)

    for kind, thing in (("Document", "Mine"), ("ManagedInstance", node.node_id)):
        call = world.call(user, "ssm:AddTagsToResource")
        await add_tags(call, kind, thing, [("a", "2"), ("b", "3")])
        assert await tags(world, user, kind, thing) == {"a": "2", "b": "3"}
        call = world.call(user, "ssm:RemoveTagsFromResource")
        await remove_tags(call, kind, thing, ["a", "never"])
        assert await tags(world, user, kind, thing) == {"b": "3"}


@pytest.mark.parametrize(
    ("kind", "thing", "problem"),
    [
        ("Document", "Nothing", Problem.INVALID_RESOURCE_ID),
        ("Document", "AWS-StartSSHSession", Problem.INVALID_RESOURCE_ID),
        ("ManagedInstance", "mi-00000000000000000", Problem.INVALID_RESOURCE_ID),
        ("OpsItem", "x", Problem.INVALID_RESOURCE_TYPE),
    ],
)
async def test_what_is_not_there_has_no_tags(
    world: FakeWorld, kind: str, thing: str, problem: Problem
) -> None:
    user = await world.administrator(await world.account())

    for attempt in (
        add_tags(world.call(user, "ssm:AddTagsToResource"), kind, thing, [("a", "b")]),
        remove_tags(world.call(user, "ssm:RemoveTagsFromResource"), kind, thing, ["a"]),
        list_tags(world.call(user, "ssm:ListTagsForResource"), kind, thing),
    ):
        with pytest.raises(OperationRefused) as refused:
            await attempt
        assert refused.value.problem is problem


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([("aws:a", "b")], Problem.INVALID_VALUE),
        ([("AWS:a", "b")], Problem.INVALID_VALUE),
        ([("a", "b"), ("a", "c")], Problem.INVALID_VALUE),
        ([(str(n), "") for n in range(MAX_TAGS + 1)], Problem.TOO_MANY_TAGS),
    ],
)
def test_tags_that_may_not_be_are_refused(given: list[tuple[str, str]], problem: Problem) -> None:
    with pytest.raises(OperationRefused) as refused:
        check_tags(given)

    assert refused.value.problem is problem


async def test_the_limit_counts_what_is_there(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    await make(world, user)
    many = [(str(n), "") for n in range(MAX_TAGS)]
    await add_tags(world.call(user, "ssm:AddTagsToResource"), "Document", "Mine", many)

    with pytest.raises(OperationRefused) as refused:
        await add_tags(
            world.call(user, "ssm:AddTagsToResource"), "Document", "Mine", [("one", "more")]
        )

    assert refused.value.problem is Problem.TOO_MANY_TAGS
    assert await tags(world, user, "Document", "Mine") == dict(many)


async def test_a_policy_judges_the_tags_there_are_and_the_new_ones(world: FakeWorld) -> None:
    account_id = await world.account()
    mine = await world.node(account_id, tags={"team": "web"})
    other = await world.node(account_id, tags={"team": "db"})
    condition = {
        "StringEquals": {"aws:ResourceTag/team": "web", "aws:RequestTag/team": "web"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    ann = await world.user(account_id, "ann", policy("ssm:AddTagsToResource", Condition=condition))

    async def tag(node_id: str, *given: tuple[str, str]) -> None:
        call = world.call(ann, "ssm:AddTagsToResource")
        await add_tags(call, "ManagedInstance", node_id, given)

    await tag(mine.node_id, ("team", "web"))
    for node_id, given in (
        (other.node_id, [("team", "web")]),
        (mine.node_id, [("team", "db")]),
        (mine.node_id, [("team", "web"), ("b", "c")]),
        ("mi-00000000000000000", [("team", "web")]),
    ):
        with pytest.raises(AccessDenied):
            await tag(node_id, *given)
