"""Tags: keys without case, fifty at most, none of AWS's own, and conditions on them."""

import pytest
from tests.fakes.world import FakeWorld, policy

from mooring.iam.identity import User
from mooring.operations.entity_tables import USERS
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.tags import list_tags, read_tags, request_tags, tag, untag


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    admin = await world.administrator(await world.account())
    await world.user(admin.account_id, "ann", tags={"Team": "web"})
    return admin


async def listed(world: FakeWorld, admin: User) -> dict[str, str]:
    call = world.call(admin, "iam:ListUserTags")
    rows, _ = await list_tags(call, USERS, "ann", after="", limit=100)
    return dict(rows)


async def test_a_key_in_other_letters_replaces_the_one_there(world: FakeWorld, admin: User) -> None:
    await tag(world.call(admin, "iam:TagUser"), USERS, "ANN", [("TEAM", "db"), ("a", "")])

    assert await listed(world, admin) == {"TEAM": "db", "a": ""}
    await untag(world.call(admin, "iam:UntagUser"), USERS, "ann", ["team"])
    assert await listed(world, admin) == {"a": ""}


async def test_fifty_tags_are_the_most(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:TagUser")
    await tag(call, USERS, "ann", [(f"k{number}", "") for number in range(49)])

    with pytest.raises(OperationRefused) as refused:
        await tag(call, USERS, "ann", [("one more", "")])
    await tag(call, USERS, "ann", [("k1", "changed")])

    assert refused.value.problem is Problem.LIMIT_EXCEEDED
    assert refused.value.message == "The number of tags has reached the maximum limit."


@pytest.mark.parametrize("key", ["aws:mine", "AWS:Mine"])
def test_a_key_of_awss_own_is_refused(key: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        read_tags([(key, "")])

    assert refused.value.problem is Problem.INVALID_INPUT


async def test_tags_of_the_call_and_of_the_thing_are_conditions(
    world: FakeWorld, admin: User
) -> None:
    rules = {
        "by-request": {"StringEquals": {"aws:RequestTag/env": "dev"}},
        "by-key": {"ForAllValues:StringEquals": {"aws:TagKeys": ["env"]}},
        "by-resource": {"StringEquals": {"aws:ResourceTag/team": "web"}},
        "by-iam": {"StringEquals": {"iam:ResourceTag/Team": "web"}},
    }
    for name, condition in rules.items():
        bea = await world.user(
            admin.account_id, name, policy(["iam:TagUser", "iam:UntagUser"], Condition=condition)
        )
        await tag(world.call(bea, "iam:TagUser"), USERS, "ann", [("env", "dev")])

    denied = await world.user(
        admin.account_id, "no", policy("iam:TagUser", Condition=rules["by-request"])
    )
    with pytest.raises(AccessDenied):
        await tag(world.call(denied, "iam:TagUser"), USERS, "ann", [("env", "live")])


def test_a_call_without_tags_has_no_keys() -> None:
    assert request_tags({}) == {}
    assert request_tags({"a": "b"}) == {"aws:RequestTag/a": ("b",), "aws:TagKeys": ("a",)}


async def test_tags_are_listed_in_pages_whatever_their_letters(
    world: FakeWorld, admin: User
) -> None:
    await tag(world.call(admin, "iam:TagUser"), USERS, "ann", [("\u6e2f", "1"), ("a", "2")])
    call = world.call(admin, "iam:ListUserTags")

    first, more = await list_tags(call, USERS, "ann", after="", limit=2)
    rest, end = await list_tags(call, USERS, "ann", after="2", limit=2)
    with pytest.raises(OperationRefused):
        await list_tags(call, USERS, "ann", after="x", limit=2)

    assert [key for key, _ in (*first, *rest)] == ["Team", "a", "\u6e2f"]
    assert (more, end) == (True, False)
