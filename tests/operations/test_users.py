"""What users and roles are made with, and how a role is changed."""

from datetime import timedelta

import pytest
from tests.fakes.world import NODE_TRUST, FakeWorld, policy

from mooring.iam.identity import Role, User
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.users import (
    NewEntity,
    create_role,
    create_user,
    update_assume_role_policy,
    update_role,
)


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    return await world.administrator(await world.account())


async def make(world: FakeWorld, admin: User, trust: str = NODE_TRUST) -> Role:
    return await create_role(
        world.call(admin, "iam:CreateRole"),
        NewEntity(name="Ops", tags={}),
        trust_policy=trust,
        description="what it is for",
        max_session=timedelta(hours=1),
    )


async def test_tags_of_a_new_user_are_checked(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:CreateUser")

    with pytest.raises(OperationRefused) as refused:
        await create_user(call, NewEntity(name="ann", tags={"aws:x": ""}))

    assert refused.value.problem is Problem.INVALID_INPUT


async def test_a_role_keeps_what_a_change_does_not_name(world: FakeWorld, admin: User) -> None:
    role = await make(world, admin)
    call = world.call(admin, "iam:UpdateRole")

    longer = await update_role(call, "ops", max_session=timedelta(hours=2))
    renamed = await update_role(call, "ops", description="")

    assert (longer.description, longer.max_session) == (role.description, timedelta(hours=2))
    assert (renamed.description, renamed.max_session) == ("", timedelta(hours=2))


async def test_a_trust_policy_holds_2048_characters(world: FakeWorld, admin: User) -> None:
    long = NODE_TRUST.replace("ssm.amazonaws.com", "a" * 2048 + ".amazonaws.com")

    with pytest.raises(OperationRefused) as made:
        await make(world, admin, long)
    await make(world, admin)
    with pytest.raises(OperationRefused) as changed:
        await update_assume_role_policy(
            world.call(admin, "iam:UpdateAssumeRolePolicy"), "Ops", long
        )

    assert made.value.message == "Cannot exceed quota for ACLSizePerRole: 2048"
    assert changed.value.problem is Problem.LIMIT_EXCEEDED


async def test_a_trust_policy_that_is_none_is_refused(world: FakeWorld, admin: User) -> None:
    await make(world, admin)
    call = world.call(admin, "iam:UpdateAssumeRolePolicy")

    with pytest.raises(OperationRefused) as refused:
        await update_assume_role_policy(call, "Ops", policy("sts:AssumeRole"))

    assert refused.value.problem is Problem.MALFORMED_POLICY
