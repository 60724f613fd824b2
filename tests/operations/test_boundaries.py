"""Boundaries count at once, and can be demanded of who hands out rights."""

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.identity import User
from mooring.operations.authorize import ask, without_resource
from mooring.operations.boundaries import delete_boundary, put_boundary
from mooring.operations.entity_tables import USERS
from mooring.operations.problems import AccessDenied, OperationRefused, Problem

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    return await world.administrator(await world.account())


async def test_a_boundary_limits_at_once_and_no_longer_than_it_is_there(
    world: FakeWorld, admin: User
) -> None:
    ann = await world.administrator(admin.account_id, "ann")
    call = world.call(ann, "ssm:TerminateSession")

    await put_boundary(world.call(admin, "iam:PutUserPermissionsBoundary"), USERS, "ann", READ_ONLY)
    bounded = await ask(call, without_resource(call))
    await delete_boundary(world.call(admin, "iam:DeleteUserPermissionsBoundary"), USERS, "ann")
    free = await ask(call, without_resource(call))

    assert (bounded.allowed, free.allowed) == (False, True)


async def test_only_a_policy_that_is_there_can_be_one(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:PutUserPermissionsBoundary")

    with pytest.raises(OperationRefused) as refused:
        await put_boundary(call, USERS, "admin", ADMINISTRATOR + "2")

    assert refused.value.problem is Problem.NO_SUCH_ENTITY
    assert refused.value.message == (
        f"Scope ARN: {ADMINISTRATOR}2 does not exist or is not attachable."
    )


async def test_a_delegate_can_be_held_to_one_boundary(world: FakeWorld, admin: User) -> None:
    condition = {"StringEquals": {"iam:PermissionsBoundary": READ_ONLY}}
    rule = policy(
        ["iam:PutUserPermissionsBoundary", "iam:DeleteUserPermissionsBoundary"],
        Condition=condition,
    )
    bea = await world.user(admin.account_id, "bea", rule)
    await world.user(admin.account_id, "ann")
    await world.user(admin.account_id, "cleo", boundary_arn=ADMINISTRATOR)

    with pytest.raises(AccessDenied):
        await put_boundary(
            world.call(bea, "iam:PutUserPermissionsBoundary"), USERS, "ann", ADMINISTRATOR
        )
    with pytest.raises(AccessDenied):
        await delete_boundary(world.call(bea, "iam:DeleteUserPermissionsBoundary"), USERS, "cleo")
    await put_boundary(world.call(bea, "iam:PutUserPermissionsBoundary"), USERS, "ann", READ_ONLY)
    await delete_boundary(world.call(bea, "iam:DeleteUserPermissionsBoundary"), USERS, "ann")


async def test_what_is_not_there_is_not_taken_off(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:DeleteUserPermissionsBoundary")

    with pytest.raises(OperationRefused) as refused:
        await delete_boundary(call, USERS, "admin")

    assert refused.value.problem is Problem.NO_SUCH_ENTITY
