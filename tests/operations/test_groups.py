"""Groups: ten for each user, members in pages, and the words for what is missing."""

import pytest
from tests.fakes.world import FakeWorld

from mooring.iam.identity import User
from mooring.operations.groups import (
    add_user_to_group,
    create_group,
    get_group,
    list_groups_for_user,
    remove_user_from_group,
)
from mooring.operations.problems import OperationRefused, Problem


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    admin = await world.administrator(await world.account())
    for number in range(11):
        call = world.call(admin, "iam:CreateGroup")
        await create_group(call, f"G{number}", path="/")
    return admin


async def add(world: FakeWorld, admin: User, group: str, user: str = "admin") -> None:
    await add_user_to_group(world.call(admin, "iam:AddUserToGroup"), group, user)


async def test_a_user_is_in_ten_groups_at_most(world: FakeWorld, admin: User) -> None:
    for number in range(10):
        await add(world, admin, f"g{number}")

    with pytest.raises(OperationRefused) as refused:
        await add(world, admin, "G10")
    await add(world, admin, "G0")

    assert refused.value.problem is Problem.LIMIT_EXCEEDED
    assert refused.value.message == "Cannot exceed quota for GroupsPerUser: 10"


async def test_groups_and_members_come_in_pages(world: FakeWorld, admin: User) -> None:
    for name in ("bea", "Ann", "cleo"):
        await world.user(admin.account_id, name)
        await add(world, admin, "G1", name)
    await add(world, admin, "G2", "ann")
    await add(world, admin, "G10", "ann")
    members, groups = world.call(admin, "iam:GetGroup"), world.call(admin, "iam:ListGroupsForUser")

    _, users, more = await get_group(members, "g1", after="", limit=2)
    _, others, end = await get_group(members, "g1", after=users[-1].name, limit=2)
    first, _ = await list_groups_for_user(groups, "ANN", after="", limit=2)
    rest, _ = await list_groups_for_user(groups, "ANN", after=first[-1].name, limit=2)

    assert [user.name for user in (*users, *others)] == ["Ann", "bea", "cleo"]
    assert (more, end) == (True, False)
    assert [group.name for group in (*first, *rest)] == ["G1", "G10", "G2"]


async def test_who_or_what_is_missing_is_said(world: FakeWorld, admin: User) -> None:
    for group, user, text in (
        ("nobodys", "admin", "The group with name nobodys cannot be found."),
        ("G1", "ghost", "The user with name ghost cannot be found."),
    ):
        with pytest.raises(OperationRefused) as refused:
            await add(world, admin, group, user)
        assert refused.value.message == text

    with pytest.raises(OperationRefused) as outside:
        await remove_user_from_group(world.call(admin, "iam:RemoveUserFromGroup"), "G1", "admin")
    assert outside.value.problem is Problem.NO_SUCH_ENTITY
