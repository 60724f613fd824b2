"""Who comes after under the same name is not trusted, and who is there is shown by ARN."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.world import REGION, FakeWorld

from mooring.iam.identity import Role, User
from mooring.operations.entity_tables import ROLES, USERS
from mooring.operations.identities import delete_entity, get_entity, rename_entity
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.trust import show_roles, trusts_nodes
from mooring.operations.users import NewEntity, create_role, create_user, update_assume_role_policy


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    return await world.administrator(await world.account())


def trust(*arns: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(arns)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


async def make(world: FakeWorld, admin: User, document: str) -> Role:
    return await create_role(
        world.call(admin, "iam:CreateRole"),
        NewEntity(name="Ops", tags={}),
        trust_policy=document,
        description="",
        max_session=timedelta(hours=1),
    )


async def shown(world: FakeWorld, admin: User) -> list[str]:
    call = world.call(admin, "iam:GetRole")
    (role,) = await show_roles(call, (await get_entity(call, ROLES, "Ops"),))
    named: list[str] = json.loads(role.trust_policy)["Statement"][0]["Principal"]["AWS"]
    return named


async def test_ids_are_kept_and_arns_are_shown(world: FakeWorld, admin: User) -> None:
    node_role = await world.role(admin.account_id, "Other")

    made = await make(world, admin, trust(admin.arn, node_role.arn))

    assert made.trust_policy == trust(admin.user_id, node_role.role_id)
    assert await shown(world, admin) == [admin.arn, node_role.arn]


async def test_who_is_renamed_stays_trusted_and_who_comes_after_is_not(
    world: FakeWorld, admin: User
) -> None:
    new = NewEntity(name="ann", tags={})
    ann = await create_user(world.call(admin, "iam:CreateUser"), new)
    bea = await create_user(world.call(admin, "iam:CreateUser"), replace(new, name="bea"))
    await make(world, admin, trust(ann.arn, bea.arn))

    renamed = await rename_entity(
        world.call(admin, "iam:UpdateUser"), USERS, "ann", new_name="zoe", new_path=""
    )
    await delete_entity(world.call(admin, "iam:DeleteUser"), USERS, "bea")
    await create_user(world.call(admin, "iam:CreateUser"), replace(new, name="bea"))

    assert await shown(world, admin) == [renamed.arn, bea.user_id]


async def test_who_is_not_there_cannot_be_trusted(world: FakeWorld, admin: User) -> None:
    arn = f"arn:aws:iam::{admin.account_id}:user/path/admin"

    with pytest.raises(OperationRefused) as refused:
        await make(world, admin, trust(arn))

    assert refused.value.problem is Problem.MALFORMED_POLICY
    assert refused.value.message == f'Invalid principal in policy: "AWS":"{arn}"'


async def test_those_of_other_accounts_are_kept_as_they_are(world: FakeWorld, admin: User) -> None:
    there = await world.administrator(await world.account())
    named = (
        there.arn,
        there.arn + "2",
        f"arn:aws:iam::{admin.account_id}:root",
        there.account_id,
        f"arn:aws:sts::{admin.account_id}:assumed-role/Ops/me",
    )
    await make(world, admin, trust(admin.arn))

    await update_assume_role_policy(
        world.call(admin, "iam:UpdateAssumeRolePolicy"), "Ops", trust(*named)
    )

    assert await shown(world, admin) == list(named)


OWN = [
    {},
    {"StringEquals": {"aws:SourceAccount": "OWN"}},
    {"ArnEquals": {"aws:SourceArn": f"arn:aws:ssm:{REGION}:OWN:*"}},
]
OTHERS = [
    {"StringEquals": {"aws:SourceAccount": "111122223333"}},
    {"ArnEquals": {"aws:SourceArn": f"arn:aws:ssm:{REGION}:111122223333:*"}},
]


def for_nodes(condition: dict[str, dict[str, str]], account_id: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ssm.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return document.replace("OWN", account_id)


@pytest.mark.parametrize("condition", OWN)
async def test_the_service_becomes_a_role_for_nodes_of_its_account(
    world: FakeWorld, admin: User, condition: dict[str, dict[str, str]]
) -> None:
    role = await make(world, admin, for_nodes(condition, admin.account_id))

    assert trusts_nodes(world.call(admin, "ssm:CreateActivation"), role)


@pytest.mark.parametrize("condition", OTHERS)
async def test_the_service_does_not_become_a_role_that_is_for_nodes_of_others(
    world: FakeWorld, admin: User, condition: dict[str, dict[str, str]]
) -> None:
    role = await make(world, admin, for_nodes(condition, admin.account_id))

    assert not trusts_nodes(world.call(admin, "ssm:CreateActivation"), role)
