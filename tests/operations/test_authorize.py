"""Policies are gathered from everywhere they are, and the request says what is true of it."""

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.identity import EntityKind
from mooring.operations.authorize import Question, ask, require, without_resource
from mooring.operations.problems import AccessDenied
from mooring.wire.ids import NodeKind


async def test_a_resource_less_action_matches_star_and_the_accounts_arn(world: FakeWorld) -> None:
    account_id = await world.account()
    for number, resource in enumerate(("*", f"arn:aws:ssm:*:{account_id}:*")):
        user = await world.user(account_id, f"u{number}", policy("ssm:Look", resource))
        call = world.call(user, "ssm:Look")

        assert (await ask(call, without_resource(call))).allowed


async def test_inline_managed_and_boundary_all_count(world: FakeWorld) -> None:
    account_id = await world.account()
    denied = policy("ssm:Look", "*", Effect="Deny")
    bound = await world.user(
        account_id, "bound", managed=(ADMINISTRATOR,), boundary_arn="arn:aws:iam::aws:policy/Gone"
    )
    free = await world.user(account_id, "free", managed=(ADMINISTRATOR,))
    torn = await world.user(account_id, "torn", denied, managed=(ADMINISTRATOR,))

    texts = []
    for user in (bound, free, torn):
        call = world.call(user, "ssm:Look")
        decision = await ask(call, without_resource(call))
        texts.append((decision.allowed, decision.explicit))

    assert texts == [(False, False), (True, False), (False, True)]


async def test_a_boundary_that_is_gone_is_named_in_the_denial(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.user(
        account_id, "ann", managed=(ADMINISTRATOR,), boundary_arn="arn:aws:iam::aws:policy/Gone"
    )
    call = world.call(user, "ssm:Look")

    with pytest.raises(AccessDenied, match="because no permissions boundary allows"):
        await require(call, without_resource(call))


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True),
        ({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "ap-northeast-1"}}, True),
        ({"StringEquals": {"aws:UserAgent": "a test"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-02T03:04:06Z"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-02T03:04:05Z"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "blue"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"Null": {"aws:TokenIssueTime": "true"}}, True),
    ],
)
async def test_the_request_says_what_is_true_of_it(
    world: FakeWorld, condition: dict[str, dict[str, str]], *, allowed: bool
) -> None:
    rule = policy("ssm:Look", "*", Condition=condition)
    user = await world.user(await world.account(), "ann", rule, tags={"team": "blue"})
    call = world.call(user, "ssm:Look")

    assert (await ask(call, without_resource(call))).allowed is allowed


async def test_a_principal_that_is_gone_may_nothing(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.administrator(account_id)
    role = await world.role(account_id, "Ops", policy("*"))
    await world.store.write(
        account_id,
        lambda tx: (tx.identities.delete_user("admin"), tx.identities.delete_role("Ops")),
    )

    for gone in (world.call(user, "ssm:Look"), world.call(role, "ssm:Look")):
        assert not (await ask(gone, without_resource(gone))).allowed


async def test_a_call_remembers_which_resources_it_was_about_once(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "ssm:Look")

    for arn in ("arn:aws:ssm:::a", "arn:aws:ssm:::b", "arn:aws:ssm:::a"):
        await require(call, Question(action="ssm:Look", resources=(arn,)))

    assert call.resources == ["arn:aws:ssm:::a", "arn:aws:ssm:::b"]


async def test_ec2_names_no_resource_when_it_refuses_a_read(world: FakeWorld) -> None:
    ann = await world.user(await world.account(), "ann")
    call = world.call(ann, "ec2:DescribeInstances")

    with pytest.raises(AccessDenied, match="ec2:DescribeInstances because no"):
        await require(call, without_resource(call))


@pytest.mark.parametrize("kind", NodeKind)
@pytest.mark.parametrize("by_key", [True, False])
async def test_a_nodes_own_requests_name_the_node(
    world: FakeWorld, kind: NodeKind, *, by_key: bool
) -> None:
    account_id = await world.account()
    node = await world.node(account_id, kind=kind)
    other = await world.node(account_id, kind=kind)
    condition = {"StringLike": {"ssm:SourceInstanceARN": f"*/{node.node_id}"}}
    rule = policy("ssm:Look", Condition=condition)
    await world.store.write(
        account_id,
        lambda tx: tx.identities.put_inline(EntityKind.ROLE, node.role_name, "look", rule),
    )

    answers = []
    for asking in (node, other):
        call = await world.node_call(asking, "ssm:Look", by_key=by_key)
        answers.append((await ask(call, without_resource(call))).allowed)

    assert answers == [True, False]
