"""Tickets open one channel once; lines come and go with the right owner."""

import pytest
from tests.fakes.world import FakeWorld

from mooring.fleet.node import Node, PingStatus, ping_status
from mooring.operations.channels import (
    ChannelRefused,
    Side,
    control_channel_closed,
    create_control_channel,
    create_data_channel,
    forget_lines,
    open_control_channel,
    open_data_channel,
    session_connected,
)
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.session_end import keep_end
from mooring.operations.sessions import StartedSession, start_session
from mooring.sessions.session import End, SessionStatus


async def control_token(world: FakeWorld, node: Node) -> str:
    call = await world.node_call(node, "ssmmessages:CreateControlChannel")
    return await create_control_channel(call, node.node_id)


async def open_control(world: FakeWorld, node_id: str, token: str, gateway: str = "g-1") -> str:
    opened = await open_control_channel(
        world.world, node_id=node_id, token=token, gateway=gateway, address="192.0.2.1"
    )
    return opened.node_id


async def started(world: FakeWorld, node: Node) -> StartedSession:
    admin = await world.administrator(node.account_id)
    call = world.call(admin, "ssm:StartSession")
    return await start_session(call, target=node.node_id, parameters={})


async def data_token(world: FakeWorld, node: Node, session_id: str) -> str:
    call = await world.node_call(node, "ssmmessages:CreateDataChannel")
    return await create_data_channel(call, session_id)


async def node_now(world: FakeWorld, node: Node) -> Node:
    kept = await world.store.read(node.account_id, lambda tx: tx.nodes.get(node.node_id))
    assert kept is not None
    return kept


async def test_an_opened_control_channel_makes_the_node_online(world: FakeWorld) -> None:
    node = await world.node(await world.account(), online=False)
    token = await control_token(world, node)

    await open_control(world, node.node_id, token)

    kept = await node_now(world, node)
    assert ping_status(kept, world.clock.now()) is PingStatus.ONLINE
    assert (kept.gateway, kept.source_address) == ("g-1", "192.0.2.1")


async def test_a_control_ticket_is_good_once(world: FakeWorld) -> None:
    node = await world.node(await world.account(), online=False)
    token = await control_token(world, node)
    await open_control(world, node.node_id, token)

    with pytest.raises(ChannelRefused):
        await open_control(world, node.node_id, token)


@pytest.mark.parametrize("after_s", [60, 61])
async def test_a_ticket_ends_after_a_minute(world: FakeWorld, after_s: int) -> None:
    node = await world.node(await world.account(), online=False)
    token = await control_token(world, node)
    world.pass_time(seconds=after_s)

    with pytest.raises(ChannelRefused):
        await open_control(world, node.node_id, token)

    assert (await node_now(world, node)).connected_at is None


@pytest.mark.parametrize("token", ["", "nonsense", "é"])
async def test_a_made_up_token_opens_nothing(world: FakeWorld, token: str) -> None:
    node = await world.node(await world.account(), online=False)

    with pytest.raises(ChannelRefused):
        await open_control(world, node.node_id, token)
    with pytest.raises(ChannelRefused):
        await open_data_channel(world.world, session_id="ann-00000000000000000", token=token)


async def test_a_ticket_for_one_node_opens_no_other(world: FakeWorld) -> None:
    account_id = await world.account()
    mine = await world.node(account_id, online=False)
    other = await world.node(account_id, online=False)
    token = await control_token(world, mine)

    with pytest.raises(ChannelRefused):
        await open_control(world, other.node_id, token)

    assert (await node_now(world, other)).connected_at is None


async def test_a_node_gets_no_ticket_for_another_nodes_channel(world: FakeWorld) -> None:
    account_id = await world.account()
    mine, other = await world.node(account_id), await world.node(account_id)
    call = await world.node_call(mine, "ssmmessages:CreateControlChannel")

    with pytest.raises(AccessDenied):
        await create_control_channel(call, other.node_id)


async def test_people_get_no_ticket_for_a_channel_of_nodes(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)

    with pytest.raises(AccessDenied, match="is not a node"):
        await create_control_channel(
            world.call(admin, "ssmmessages:CreateControlChannel"), node.node_id
        )


async def test_each_side_opens_with_its_own_ticket_and_is_told_apart(world: FakeWorld) -> None:
    node = await world.node(await world.account())
    session = await started(world, node)
    token = await data_token(world, node, session.session_id)

    agent = await open_data_channel(world.world, session_id=session.session_id, token=token)
    client = await open_data_channel(
        world.world, session_id=session.session_id, token=session.token
    )

    assert (agent.side, client.side) == (Side.AGENT, Side.CLIENT)
    assert agent.is_own_agent
    with pytest.raises(ChannelRefused):
        await open_data_channel(world.world, session_id=session.session_id, token=token)


async def test_a_ticket_of_the_wrong_kind_opens_nothing(world: FakeWorld) -> None:
    node = await world.node(await world.account())
    session = await started(world, node)
    control = await control_token(world, node)

    with pytest.raises(ChannelRefused):
        await open_data_channel(world.world, session_id=session.session_id, token=control)
    with pytest.raises(ChannelRefused):
        await open_control(world, node.node_id, session.token)


async def test_a_ticket_for_one_session_opens_no_other(world: FakeWorld) -> None:
    node = await world.node(await world.account())
    first, second = await started(world, node), await started(world, node)

    with pytest.raises(ChannelRefused):
        await open_data_channel(world.world, session_id=second.session_id, token=first.token)


async def test_a_node_gets_no_ticket_for_another_nodes_session(world: FakeWorld) -> None:
    account_id = await world.account()
    mine, other = await world.node(account_id), await world.node(account_id)
    session = await started(world, other)

    with pytest.raises(AccessDenied):
        await data_token(world, mine, session.session_id)
    with pytest.raises(AccessDenied):
        await data_token(world, mine, "ann-00000000000000000")


async def test_an_ended_session_gives_and_takes_no_tickets(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    session = await started(world, node)
    token = await data_token(world, node, session.session_id)
    await keep_end(world.world, account_id, session.session_id, end=End.USER, output="")

    with pytest.raises(OperationRefused) as refused:
        await data_token(world, node, session.session_id)

    assert refused.value.problem is Problem.SESSION_TERMINATED
    for old in (token, session.token):
        with pytest.raises(ChannelRefused):
            await open_data_channel(world.world, session_id=session.session_id, token=old)


async def test_a_session_is_connected_once_and_an_ended_one_never_again(world: FakeWorld) -> None:
    account_id = await world.account()
    session_id = (await started(world, await world.node(account_id))).session_id

    async def status() -> SessionStatus:
        session = await world.store.read(account_id, lambda tx: tx.sessions.get(session_id))
        assert session is not None
        return session.status

    await session_connected(world.world, account_id, session_id)
    assert await status() is SessionStatus.CONNECTED
    await keep_end(world.world, account_id, session_id, end=End.USER, output="")
    await session_connected(world.world, account_id, session_id)
    assert await status() is SessionStatus.TERMINATED
    events = [event.name for event in await world.events(account_id)]
    assert [name for name in events if name.startswith("Session")] == [
        "SessionConnected",
        "SessionEnded",
    ]


async def test_the_end_of_an_old_line_leaves_a_newer_one_alone(world: FakeWorld) -> None:
    node = await world.node(await world.account(), online=False)
    for gateway in ("g-1", "g-2"):
        token = await control_token(world, node)
        await open_control(world, node.node_id, token, gateway=gateway)

    await control_channel_closed(world.world, node.account_id, node.node_id, gateway="g-1")
    assert (await node_now(world, node)).connected_at is not None
    world.pass_time(seconds=3)
    await control_channel_closed(world.world, node.account_id, node.node_id, gateway="g-2")

    kept = await node_now(world, node)
    assert kept.connected_at is None
    assert kept.last_seen == world.clock.now()


async def test_a_gateway_that_starts_forgets_its_own_lines_only(world: FakeWorld) -> None:
    nodes = []
    for gateway in ("g-1", "g-2"):
        node = await world.node(await world.account(), online=False)
        await open_control(world, node.node_id, await control_token(world, node), gateway)
        nodes.append(node)

    await forget_lines(world.world, gateway="g-1")

    assert [(await node_now(world, node)).connected_at is None for node in nodes] == [True, False]


async def test_a_forgotten_node_opens_no_line(world: FakeWorld) -> None:
    node = await world.node(await world.account(), online=False)
    token = await control_token(world, node)
    await world.store.write(node.account_id, lambda tx: tx.nodes.delete(node.node_id))

    with pytest.raises(ChannelRefused):
        await open_control(world, node.node_id, token)


async def test_no_token_is_kept_or_audited_as_it_is(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    token = await control_token(world, node)

    assert token not in repr(await world.events(account_id))
