"""Nodes: every filter, every page, who is connected, and forgetting one."""

from dataclasses import replace

import anyio
import pytest
from tests.fakes.world import NODE_ROLE, REGION, FakeWorld, policy

from mooring.fleet.node import Node, Platform
from mooring.iam.identity import User
from mooring.operations.channels import (
    ChannelRefused,
    create_control_channel,
    open_control_channel,
)
from mooring.operations.nodes import (
    NodeFilter,
    Operator,
    deregister,
    describe_nodes,
    get_connection_status,
)
from mooring.operations.orders import line_subject
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.sessions import start_session
from mooring.ports.tables import Transaction
from mooring.wire.ids import NodeKind


async def found(world: FakeWorld, user: User, *filters: NodeFilter) -> set[str]:
    call = world.call(user, "ssm:DescribeInstanceInformation")
    page = await describe_nodes(call, filters=filters, next_token="", limit=50)
    assert page.next_token == ""
    return {node.node_id for node in page.nodes}


async def two(world: FakeWorld, account_id: str) -> tuple[Node, Node]:
    linux = Platform(platform_type="Linux", agent_version="3.9.1")
    windows = Platform(platform_type="Windows", agent_version="3.10.0")
    first = await world.node(account_id, platform=linux, tags={"team": "blue"})
    second = await world.node(
        account_id, platform=windows, online=False, kind=NodeKind.MANAGED_INSTANCE
    )
    changed = replace(second, activation_id="22222222-2222-4333-8444-555555555555", role_name="R2")
    await world.store.write(account_id, lambda tx: tx.nodes.put(changed))
    return first, changed


@pytest.mark.parametrize("second_value", [False, True])
async def test_every_filter_tells_two_nodes_apart(world: FakeWorld, *, second_value: bool) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    first, second = await two(world, account_id)
    node = second if second_value else first
    values = {
        "InstanceIds": node.node_id,
        "InstanceId": node.node_id,
        "AgentVersion": node.platform.agent_version,
        "PingStatus": "ConnectionLost" if second_value else "Online",
        "PlatformTypes": node.platform.platform_type,
        "PlatformType": node.platform.platform_type,
        "ActivationIds": node.activation_id,
        "ActivationId": node.activation_id,
        "IamRole": "R2" if second_value else NODE_ROLE,
        "ResourceType": "ManagedInstance" if second_value else "EC2Instance",
    }

    for key, value in values.items():
        assert await found(world, admin, NodeFilter(key=key, values=(value,))) == {node.node_id}, (
            key
        )
        neither = NodeFilter(key=key, values=("neither",))
        assert await found(world, admin, neither) == set(), key


async def test_values_are_alternatives_and_filters_add_up(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    first, second = await two(world, account_id)
    both = NodeFilter(key="PlatformTypes", values=("Linux", "Windows"))
    online = NodeFilter(key="PingStatus", values=("Online",))

    assert await found(world, admin, both) == {first.node_id, second.node_id}
    assert await found(world, admin, both, online) == {first.node_id}


@pytest.mark.parametrize(
    ("key", "value", "matches"),
    [("tag:team", "blue", True), ("tag:team", "red", False), ("tag-key", "team", True)],
)
async def test_tags_are_filters(world: FakeWorld, key: str, value: str, *, matches: bool) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    first, _ = await two(world, account_id)

    ids = await found(world, admin, NodeFilter(key=key, values=(value,)))

    assert ids == ({first.node_id} if matches else set())


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Operator.EQUAL, "3.9.1", {0}),
        (Operator.NOT_EQUAL, "3.9.1", {1}),
        (Operator.BEGINS_WITH, "3.", {0, 1}),
        (Operator.BEGINS_WITH, "3.1", {1}),
        (Operator.LESS_THAN, "3.10.0", {0}),
        (Operator.GREATER_THAN, "3.9.1", {1}),
    ],
)
async def test_operators_compare_versions_by_number(
    world: FakeWorld, operator: str, value: str, expected: set[int]
) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    nodes = await two(world, account_id)

    ids = await found(
        world, admin, NodeFilter(key="AgentVersion", values=(value,), operator=operator)
    )

    assert ids == {nodes[number].node_id for number in expected}


async def test_a_wrong_key_is_refused_even_when_there_is_no_node(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())

    with pytest.raises(OperationRefused) as refused:
        await found(world, admin, NodeFilter(key="Colour", values=("red",)))

    assert refused.value.problem is Problem.INVALID_FILTER_KEY
    assert "`Colour`" in refused.value.message


async def test_a_node_that_was_silent_for_a_month_is_inactive(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    node = await world.node(account_id, online=False)
    inactive = NodeFilter(key="PingStatus", values=("Inactive",))

    world.pass_time(days=30)
    assert await found(world, admin, inactive) == set()
    world.pass_time(seconds=1)
    assert await found(world, admin, inactive) == {node.node_id}


async def test_three_thousand_nodes_come_in_pages_each_once(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    sample = await world.node(account_id, online=False)
    wanted = [f"i-{number:017x}" for number in range(3000)]

    def work(tx: Transaction) -> None:
        tx.nodes.delete(sample.node_id)
        for number, node_id in enumerate(wanted):
            connected_at = world.clock.now() if number % 3 == 0 else None
            tx.nodes.put(replace(sample, node_id=node_id, connected_at=connected_at))

    await world.store.write(account_id, work)

    assert await walk(world, admin) == wanted
    online = NodeFilter(key="PingStatus", values=("Online",))
    assert await walk(world, admin, online) == wanted[::3]


async def walk(world: FakeWorld, user: User, *filters: NodeFilter) -> list[str]:
    ids: list[str] = []
    token = ""
    while True:
        call = world.call(user, "ssm:DescribeInstanceInformation")
        page = await describe_nodes(call, filters=filters, next_token=token, limit=50)
        assert len(page.nodes) <= 50
        ids += [node.node_id for node in page.nodes]
        token = page.next_token
        if not token:
            return ids


async def test_a_page_token_is_good_for_its_operation_only(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    await two(world, account_id)
    call = world.call(admin, "ssm:DescribeInstanceInformation")
    token = (await describe_nodes(call, next_token="", limit=1)).next_token

    assert token
    with pytest.raises(OperationRefused) as refused:
        await describe_nodes(
            world.call(admin, "ssm:DescribeInstanceProperties"), next_token=token, limit=1
        )
    assert refused.value.problem is Problem.INVALID_NEXT_TOKEN


async def test_connection_status_follows_the_line(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    first, second = await two(world, account_id)
    call = world.call(admin, "ssm:GetConnectionStatus")

    assert await get_connection_status(call, first.node_id)
    assert not await get_connection_status(call, second.node_id)
    assert not await get_connection_status(call, "mi-00000000000000000")


async def test_the_status_of_one_node_can_be_granted_alone(world: FakeWorld) -> None:
    account_id = await world.account()
    first, second = await two(world, account_id)
    arn = f"arn:aws:ec2:{REGION}:{account_id}:instance/{first.node_id}"
    ann = await world.user(account_id, "ann", policy("ssm:GetConnectionStatus", arn))
    call = world.call(ann, "ssm:GetConnectionStatus")

    assert await get_connection_status(call, first.node_id)
    with pytest.raises(AccessDenied):
        await get_connection_status(call, second.node_id)


async def test_only_managed_instances_are_deregistered(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    instance, managed = await two(world, account_id)
    call = world.call(admin, "ssm:DeregisterManagedInstance")

    await deregister(call, managed.node_id)
    for gone in (managed.node_id, instance.node_id, "nonsense"):
        with pytest.raises(OperationRefused) as refused:
            await deregister(call, gone)
        assert refused.value.problem is Problem.INVALID_NODE_ID

    assert await found(world, admin) == {instance.node_id}


async def test_deregistration_ends_the_nodes_sessions_and_no_others(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    mine = await world.node(account_id, kind=NodeKind.MANAGED_INSTANCE)
    other = await world.node(account_id)
    started = []
    for node in (mine, other):
        call = world.call(admin, "ssm:StartSession")
        started.append(await start_session(call, target=node.node_id, parameters={}))

    await deregister(world.call(admin, "ssm:DeregisterManagedInstance"), mine.node_id)

    over, live = [
        await world.store.read(account_id, lambda tx, row=row: tx.sessions.get(row.session_id))  # type: ignore[misc]
        for row in started
    ]
    assert over is not None
    assert over.details == f"terminated by request: {mine.node_id} was deregistered."
    assert live is not None
    assert live.ended_at is None


async def test_a_tag_of_the_node_can_be_a_condition(world: FakeWorld) -> None:
    account_id = await world.account()
    first, second = await two(world, account_id)
    for key in ("ssm:resourceTag/team", "aws:ResourceTag/team"):
        rule = policy("ssm:GetConnectionStatus", "*", Condition={"StringEquals": {key: "blue"}})
        ann = await world.user(account_id, "ann", rule)
        call = world.call(ann, "ssm:GetConnectionStatus")

        assert await get_connection_status(call, first.node_id)
        with pytest.raises(AccessDenied):
            await get_connection_status(call, second.node_id)


async def test_deregistration_closes_the_nodes_line_at_once(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    node = await world.node(account_id, kind=NodeKind.MANAGED_INSTANCE)
    waiting = await create_control_channel(
        await world.node_call(node, "ssmmessages:CreateControlChannel"), node.node_id
    )
    heard: list[bytes] = []
    told = anyio.Event()

    async def receive(reason: bytes) -> bytes:
        heard.append(reason)
        told.set()
        return b""

    world.bus.subscribe(line_subject(account_id, node.node_id), receive)

    await deregister(world.call(admin, "ssm:DeregisterManagedInstance"), node.node_id)

    with anyio.fail_after(5):
        await told.wait()
    assert heard == [b"the node was deregistered"]
    with pytest.raises(ChannelRefused, match="unknown or used token"):
        await open_control_channel(
            world.world, node_id=node.node_id, token=waiting, gateway="g", address=""
        )
