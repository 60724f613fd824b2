"""Instance profiles: one role, which the caller must be allowed to pass on."""

import pytest
from tests.fakes.world import FakeWorld, policy

from mooring.iam.identity import User
from mooring.operations.entity_tables import ROLES
from mooring.operations.identities import delete_entity
from mooring.operations.instance_profiles import (
    add_role,
    create_profile,
    get_profile,
    list_profiles,
    list_profiles_for_role,
    remove_role,
)
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.tags import tag


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    admin = await world.administrator(await world.account())
    for name in ("Web", "db"):
        call = world.call(admin, "iam:CreateInstanceProfile")
        await create_profile(call, name, path="/", tags={})
    return admin


async def test_a_role_is_put_in_once_and_taken_out(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:AddRoleToInstanceProfile")
    await add_role(call, "WEB", "noderole")

    with pytest.raises(OperationRefused) as second:
        await add_role(call, "Web", "NodeRole")
    with pytest.raises(OperationRefused) as held:
        await delete_entity(world.call(admin, "iam:DeleteRole"), ROLES, "NodeRole")
    _, role = await get_profile(world.call(admin, "iam:GetInstanceProfile"), "web")
    await remove_role(world.call(admin, "iam:RemoveRoleFromInstanceProfile"), "web", "NODEROLE")
    _, none = await get_profile(world.call(admin, "iam:GetInstanceProfile"), "web")

    assert second.value.problem is Problem.LIMIT_EXCEEDED
    assert held.value.message == (
        "Cannot delete entity, must remove roles from instance profile first."
    )
    assert role is not None
    assert (role.name, none) == ("NodeRole", None)


async def test_who_may_not_pass_a_role_on_may_not_put_it_in(world: FakeWorld, admin: User) -> None:
    bea = await world.user(admin.account_id, "bea", policy("iam:AddRoleToInstanceProfile"))

    with pytest.raises(AccessDenied, match="iam:PassRole"):
        await add_role(world.call(bea, "iam:AddRoleToInstanceProfile"), "Web", "NodeRole")


@pytest.mark.parametrize("key", ["iam:ResourceTag/secret", "aws:ResourceTag/secret"])
async def test_a_denial_by_the_tags_of_the_role_holds(
    world: FakeWorld, admin: User, key: str
) -> None:
    condition = {"StringEquals": {key: "yes"}}
    denial = policy("iam:PassRole", "*", Effect="Deny", Condition=condition)
    bea = await world.user(admin.account_id, "bea", policy("*"), denial)
    await tag(world.call(admin, "iam:TagRole"), ROLES, "NodeRole", [("secret", "yes")])

    with pytest.raises(AccessDenied, match="explicit deny"):
        await add_role(world.call(bea, "iam:AddRoleToInstanceProfile"), "Web", "NodeRole")


async def test_a_role_that_is_not_in_it_is_not_taken_out(world: FakeWorld, admin: User) -> None:
    with pytest.raises(OperationRefused) as refused:
        await remove_role(world.call(admin, "iam:RemoveRoleFromInstanceProfile"), "Web", "NodeRole")

    assert refused.value.message == "The role with name NodeRole cannot be found."


async def test_lists_are_by_name_in_pages(world: FakeWorld, admin: User) -> None:
    for name in ("Web", "db"):
        await add_role(world.call(admin, "iam:AddRoleToInstanceProfile"), name, "NodeRole")
    every = world.call(admin, "iam:ListInstanceProfiles")
    of_role = world.call(admin, "iam:ListInstanceProfilesForRole")

    first, more = await list_profiles(every, path_prefix="/", after="", limit=1)
    rest, end = await list_profiles(every, path_prefix="/", after=first[0][0].name, limit=1)
    held, _ = await list_profiles_for_role(of_role, "NodeRole", after="", limit=9)

    assert [profile.name for profile, _ in (*first, *rest)] == ["db", "Web"]
    assert (more, end) == (True, False)
    assert held == (*first, *rest)
