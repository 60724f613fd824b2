"""Everything that grants, section by section, in pages of any size."""

import pytest
from tests.fakes.world import FakeWorld, policy

from mooring.iam.identity import User
from mooring.operations.account_details import EntityDetail, Section, get_details
from mooring.operations.groups import add_user_to_group, create_group
from mooring.operations.managed_policies import NewPolicy, create_policy

ALL = [
    "User/admin",
    "User/Ann",
    "Group/Ops",
    "Role/NodeRole",
    "LocalManagedPolicy/A",
    "LocalManagedPolicy/B",
    "AWSManagedPolicy/AdministratorAccess",
    "AWSManagedPolicy/AmazonSSMManagedInstanceCore",
]


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    admin = await world.administrator(await world.account())
    await world.user(admin.account_id, "Ann", policy("ssm:*"))
    await create_group(world.call(admin, "iam:CreateGroup"), "Ops", path="/")
    await add_user_to_group(world.call(admin, "iam:AddUserToGroup"), "Ops", "Ann")
    for name in ("A", "B"):
        new = NewPolicy(name=name, document=policy("ssm:*"), tags={})
        await create_policy(world.call(admin, "iam:CreatePolicy"), new)
    return admin


async def walk(world: FakeWorld, admin: User, limit: int, *sections: Section) -> list[str]:
    call = world.call(admin, "iam:GetAccountAuthorizationDetails")
    markers: list[str] = []
    more = True
    while more:
        after = markers[-1] if markers else ""
        rows, more = await get_details(call, set(sections), after=after, limit=limit)
        assert len(rows) <= limit
        markers += [row.marker for row in rows]
    return markers


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
async def test_pages_of_any_size_make_the_same_whole(
    world: FakeWorld, admin: User, limit: int
) -> None:
    assert await walk(world, admin, limit) == ALL


async def test_sections_are_chosen(world: FakeWorld, admin: User) -> None:
    found = await walk(world, admin, 1, Section.ROLES, Section.USERS)

    assert found == ["User/admin", "User/Ann", "Role/NodeRole"]


async def test_a_user_comes_with_its_groups_and_policies(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:GetAccountAuthorizationDetails")

    rows, _ = await get_details(call, {Section.USERS}, after="User/admin", limit=1)

    (ann,) = rows
    assert isinstance(ann, EntityDetail)
    assert [group.name for group in ann.groups] == ["Ops"]
    assert ann.inline == (("inline-0", policy("ssm:*")),)
