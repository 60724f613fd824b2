"""Simulating a principal takes the policies it has, and who may simulate is asked first."""

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.identity import EntityKind, Group
from mooring.iam.simulate import EvalDecision, policy_id
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.simulation import (
    ContextEntry,
    Exclusion,
    SimulationRequest,
    custom_context_keys,
    principal_context_keys,
    simulate_custom,
    simulate_principal,
)
from mooring.ports.tables import Transaction

START = SimulationRequest(actions=("ssm:StartSession",))
DENY = policy("ssm:*", Effect="Deny")


async def test_a_principals_own_policies_are_simulated(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    user = await world.user(account_id, "ann", policy("ssm:StartSession"))
    role = await world.role(account_id, "Ops", DENY, managed=(ADMINISTRATOR,))
    call = world.call(admin, "iam:SimulatePrincipalPolicy")

    (of_user,), _ = await simulate_principal(call, user.arn, START)
    (of_role,), _ = await simulate_principal(call, role.arn, START)
    (more,), _ = await simulate_principal(call, user.arn, replace(START, policies=(DENY,)))

    assert of_user.decision is EvalDecision.ALLOWED
    assert of_role.decision is EvalDecision.EXPLICIT_DENY
    assert [match.source.owner for match in of_role.matched] == ["Ops"]
    assert more.decision is EvalDecision.EXPLICIT_DENY


async def test_a_user_is_its_own_caller(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    own = policy("ssm:TerminateSession", "arn:aws:ssm:*:*:session/${aws:userid}-*")
    user = await world.user(account_id, "ann", own)
    asked = SimulationRequest(
        actions=("ssm:TerminateSession",),
        resources=(f"arn:aws:ssm:r:{account_id}:session/{user.user_id}-1",),
    )

    (answer,), _ = await simulate_principal(
        world.call(admin, "iam:SimulatePrincipalPolicy"), user.arn, asked
    )

    assert answer.decision is EvalDecision.ALLOWED
    assert answer.missing == ()


async def test_policies_can_be_left_out(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    user = await world.user(
        account_id,
        "ann",
        DENY,
        managed=(ADMINISTRATOR,),
        boundary_arn="arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
    )
    call = world.call(admin, "iam:SimulatePrincipalPolicy")
    no_inline = Exclusion(inline=("user", "ann", "inline-0"))
    no_boundary = Exclusion(type="permission-boundary")
    no_managed = Exclusion(arn=ADMINISTRATOR)

    decisions = []
    for left_out in (
        (),
        (no_inline,),
        (no_inline, no_boundary),
        (no_inline, no_boundary, no_managed),
    ):
        (answer,), _ = await simulate_principal(call, user.arn, replace(START, exclusions=left_out))
        decisions.append((answer.decision, answer.by_boundary))

    assert decisions == [
        (EvalDecision.EXPLICIT_DENY, False),
        (EvalDecision.IMPLICIT_DENY, False),
        (EvalDecision.ALLOWED, None),
        (EvalDecision.IMPLICIT_DENY, None),
    ]


async def test_only_who_may_simulate_does(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.user(account_id, "ann", policy("iam:SimulateCustomPolicy"))
    call = world.call(user, "iam:SimulateCustomPolicy")

    (answer,), _ = await simulate_custom(call, START)

    assert answer.decision is EvalDecision.IMPLICIT_DENY
    with pytest.raises(AccessDenied, match="iam:SimulatePrincipalPolicy on resource: arn:aws:iam"):
        await simulate_principal(
            world.call(user, "iam:SimulatePrincipalPolicy"), f"{user.arn}-unknown", START
        )


@pytest.mark.parametrize(
    "arn",
    ["arn:aws:iam::{}:user/nobody", "arn:aws:iam::{}:group/none", "arn:aws:iam::{}:role/x/Ops"],
)
async def test_an_entity_that_is_not_there_is_said_so(world: FakeWorld, arn: str) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    await world.role(account_id, "Ops", policy("*"))
    call = world.call(admin, "iam:SimulatePrincipalPolicy")

    for owner in (account_id, "999999999999"):
        with pytest.raises(OperationRefused) as refused:
            await simulate_principal(call, arn.format(owner), START)

        assert refused.value.problem is Problem.NO_SUCH_ENTITY


@pytest.mark.parametrize(
    "wrong",
    [
        {"actions": ("StartSession",)},
        {"policies": ("{",)},
        {"policies": (policy("ssm:*"), '{"Statement": []}')},
        {"boundaries": (policy("*"), policy("*"))},
        {"resource_policy": policy("*", Principal="*")},
        {"caller_arn": "arn:aws:iam::111122223333:role/Ops"},
        {"resource_owner": "me", "caller_arn": "arn:aws:iam::111122223333:user/ann"},
        {"resource_owner": "arn:aws:iam::111122223333:root"},
        {"handling": "EC3"},
        {"context": (ContextEntry(name="aws:x", values=("a", "b"), is_list=False),)},
        {"context": (ContextEntry(name="wrong", values=("a",), is_list=False),)},
        {"actions": ("a:b",) * 400, "resources": ("*",) * 400},
    ],
)
async def test_input_that_means_nothing_is_refused(world: FakeWorld, wrong: dict[str, Any]) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "iam:SimulateCustomPolicy")

    with pytest.raises(OperationRefused) as refused:
        await simulate_custom(call, replace(START, **wrong))

    assert refused.value.problem is Problem.INVALID_INPUT


async def test_the_place_of_an_error_in_a_policy_is_told(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "iam:SimulateCustomPolicy")
    texts = (policy("ssm:*"), '{"Statement":\n{"Effect":"Maybe"}}')

    with pytest.raises(OperationRefused, match=r"PolicyInputList\.2: .* \(line 2, column 11: "):
        await simulate_custom(call, replace(START, policies=texts))


async def test_pages_hold_the_answers_in_order(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "iam:SimulateCustomPolicy")
    asked = SimulationRequest(actions=("a:A", "a:B"), resources=("arn:x:y:::1", "arn:x:y:::2"))

    whole, more = await simulate_custom(call, asked)
    first, has_more = await simulate_custom(call, replace(asked, limit=3))
    rest, is_end = await simulate_custom(call, replace(asked, start=3, limit=3))

    assert (len(whole), more, has_more, is_end) == (4, False, True, False)
    assert first + rest == whole
    assert [(row.action, row.resource[-1]) for row in whole] == [
        *(("a:A", "1"), ("a:A", "2")),
        *(("a:B", "1"), ("a:B", "2")),
    ]


async def test_context_keys_of_texts_and_of_a_principal(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    tls = policy("*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    user = await world.user(account_id, "ann", policy("*", "arn:aws:s3:::${aws:username}"))

    custom = await custom_context_keys(
        world.call(admin, "iam:GetContextKeysForCustomPolicy"), [tls]
    )
    own = await principal_context_keys(
        world.call(admin, "iam:GetContextKeysForPrincipalPolicy"), user.arn, [tls]
    )

    assert custom == ("aws:SecureTransport",)
    assert own == ("aws:username", "aws:SecureTransport")


async def test_the_policies_of_groups_are_simulated_too(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    user = await world.user(account_id, "ann")
    group = Group(
        account_id=account_id, name="Ops", group_id="AGPAEXAMPLE", created_at=world.clock.now()
    )

    def put(tx: Transaction) -> None:
        tx.groups.put(group)
        tx.groups.add_member("Ops", "ann")
        tx.identities.put_inline(EntityKind.GROUP, "Ops", "own", policy("ssm:StartSession"))

    await world.store.write(account_id, put)
    call = world.call(admin, "iam:SimulatePrincipalPolicy")

    (of_group,), _ = await simulate_principal(call, group.arn, START)
    (of_user,), _ = await simulate_principal(call, user.arn, START)

    assert of_group.decision is of_user.decision is EvalDecision.ALLOWED
    assert [policy_id(match.source) for match in of_user.matched] == ["group_Ops_own"]
