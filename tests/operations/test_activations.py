"""Activations: made once, listed without their code, forgotten on request."""

import json
from datetime import timedelta

import pytest
from tests.fakes.world import NODE_ROLE, FakeWorld, policy

from mooring.operations.activations import (
    ActivationFilter,
    NewActivation,
    create_activation,
    delete_activation,
    describe_activations,
)
from mooring.operations.entity_tables import ROLES
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.tags import tag

WANTED = NewActivation(role=NODE_ROLE, tags={})


async def test_an_activation_is_kept_without_its_code(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)

    activation_id, code = await create_activation(
        world.call(admin, "ssm:CreateActivation"), NewActivation(role=NODE_ROLE, tags={"a": "b"})
    )

    kept = await world.store.read(account_id, lambda tx: tx.activations.get(activation_id))
    assert kept is not None
    assert len(code.reveal()) == 20
    assert code.reveal().isalnum()
    assert kept.code_hash != code
    assert kept.expires_at == world.clock.now() + timedelta(days=1)
    assert (kept.registration_limit, kept.registrations, kept.tags) == (1, 0, {"a": "b"})
    (event,) = await world.events(account_id)
    assert code.reveal() not in repr(event)


async def test_passing_the_role_must_be_allowed_for_this_service(world: FakeWorld) -> None:
    account_id = await world.account()
    ann = await world.user(account_id, "ann", policy("ssm:CreateActivation"))
    condition = {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}
    pass_role = policy("iam:PassRole", "*", Condition=condition)
    bea = await world.user(account_id, "bea", policy("ssm:CreateActivation"), pass_role)

    with pytest.raises(AccessDenied) as denied:
        await create_activation(world.call(ann, "ssm:CreateActivation"), WANTED)
    await create_activation(world.call(bea, "ssm:CreateActivation"), WANTED)

    arn = f"arn:aws:iam::{account_id}:role/{NODE_ROLE}"
    assert f"iam:PassRole on resource: {arn} because" in denied.value.message


@pytest.mark.parametrize("key", ["iam:ResourceTag/secret", "aws:ResourceTag/secret"])
async def test_a_denial_by_the_tags_of_the_role_holds(world: FakeWorld, key: str) -> None:
    account_id = await world.account()
    condition = {"StringEquals": {key: "yes"}}
    denial = policy("iam:PassRole", "*", Effect="Deny", Condition=condition)
    bea = await world.user(account_id, "bea", policy("*"), denial)

    admin = await world.administrator(account_id)
    await tag(world.call(admin, "iam:TagRole"), ROLES, NODE_ROLE, [("secret", "yes")])

    with pytest.raises(AccessDenied, match="explicit deny"):
        await create_activation(world.call(bea, "ssm:CreateActivation"), WANTED)


@pytest.mark.parametrize("name", ["Missing", "ForOthers", "Denied"])
async def test_a_role_that_nodes_cannot_take_is_refused(world: FakeWorld, name: str) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    trust = {
        "Effect": "Deny" if name == "Denied" else "Allow",
        "Principal": {"Service": "ssm.amazonaws.com" if name == "Denied" else "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    if name != "Missing":
        await world.role(account_id, name, trust=json.dumps({"Statement": [trust]}))

    with pytest.raises(OperationRefused) as refused:
        await create_activation(
            world.call(admin, "ssm:CreateActivation"), NewActivation(role=name, tags={})
        )

    assert refused.value.problem is Problem.INVALID_ROLE


@pytest.mark.parametrize(("days", "limit"), [(-1, 1), (0, 1), (30.001, 1), (1, 0), (1, 1001)])
async def test_limits_are_told(world: FakeWorld, days: float, limit: int) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    expires_at = world.clock.now() + timedelta(days=days)

    with pytest.raises(OperationRefused) as refused:
        await create_activation(
            world.call(admin, "ssm:CreateActivation"),
            NewActivation(role=NODE_ROLE, expires_at=expires_at, registration_limit=limit, tags={}),
        )

    assert refused.value.problem is Problem.INVALID_VALUE
    assert await world.events(account_id) == []


async def test_tags_of_the_request_can_be_a_condition(world: FakeWorld) -> None:
    account_id = await world.account()
    condition = {"StringEquals": {"aws:RequestTag/team": "blue"}}
    ann = await world.user(
        account_id,
        "ann",
        policy("ssm:CreateActivation", "*", Condition=condition),
        policy("iam:PassRole"),
    )
    call = world.call(ann, "ssm:CreateActivation")

    with pytest.raises(AccessDenied):
        await create_activation(call, NewActivation(role=NODE_ROLE, tags={"team": "red"}))
    await create_activation(call, NewActivation(role=NODE_ROLE, tags={"team": "blue"}))


async def test_deleting_forgets_once(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    made, _ = await create_activation(world.call(admin, "ssm:CreateActivation"), WANTED)

    await delete_activation(world.call(admin, "ssm:DeleteActivation"), made)
    with pytest.raises(OperationRefused) as refused:
        await delete_activation(world.call(admin, "ssm:DeleteActivation"), made)

    assert refused.value.problem is Problem.INVALID_ACTIVATION_ID


async def test_filters_and_pages_find_each_activation_once(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    call = world.call(admin, "ssm:DescribeActivations")
    made = []
    for number in range(5):
        name = "web" if number < 2 else "db"
        wanted = NewActivation(role=NODE_ROLE, default_instance_name=name, tags={})
        made.append((await create_activation(world.call(admin, "ssm:CreateActivation"), wanted))[0])

    async def found(key: str, *values: str) -> set[str]:
        filters = (ActivationFilter(key=key, values=values),)
        page = await describe_activations(call, filters=filters, next_token="", limit=50)
        return {row.activation_id for row in page.activations}

    assert await found("ActivationIds", made[0], made[3]) == {made[0], made[3]}
    assert await found("DefaultInstanceName", "web") == set(made[:2])
    assert await found("IamRole", NODE_ROLE) == set(made)
    seen: list[str] = []
    token = ""
    for _ in range(3):
        page = await describe_activations(call, filters=(), next_token=token, limit=2)
        seen += [row.activation_id for row in page.activations]
        token = page.next_token
    assert (seen, token) == (sorted(made), "")


async def test_a_wrong_filter_is_refused_even_when_there_is_nothing(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    filters = (ActivationFilter(key="Colour", values=("red",)),)

    with pytest.raises(OperationRefused) as refused:
        await describe_activations(
            world.call(admin, "ssm:DescribeActivations"), filters=filters, next_token="", limit=5
        )

    assert refused.value.problem is Problem.INVALID_FILTER
