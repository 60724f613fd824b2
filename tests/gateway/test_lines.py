"""One line for each node, and the right word about it in the store."""

from __future__ import annotations

import json

import anyio.lowlevel
import pytest
from tests.gateway.house import House, until
from tests.gateway.scenes import frame, parse, types

from mooring.operations.orders import node_subject, send_away
from mooring.ports.store import StoreUnavailable
from mooring.ports.world import NoSubscriber
from mooring.sessions.session import SessionStatus
from mooring.wire.control_channel import TaskComplete, TaskStatus
from mooring.wire.payloads import MessageType


def report(session_id: str, status: TaskStatus = TaskStatus.SUCCESS, text: str = "") -> bytes:
    body = TaskComplete(task_id=session_id, status=status, instance_id="i", output=text)
    return frame(MessageType.AGENT_TASK_COMPLETE, body.serialize())


async def test_a_line_makes_its_node_online_and_its_end_offline(house: House) -> None:
    node, line = await house.node()
    online = await house.node_now(node)

    line.drops()
    await house.settled()

    assert (online.gateway, online.source_address) == ("gateway-1", "192.0.2.9")
    assert online.connected_at is not None
    assert (await house.node_now(node)).last_seen is not None
    assert house.gateway.statistics().nodes == 0


async def test_orders_reach_the_node_that_holds_the_line(house: House) -> None:
    node, line = await house.node()
    _, other = await house.node()

    session = await house.started(node)

    assert types(line.peer.sent) == ["interactive_shell"]
    assert json.loads(parse(line.peer.sent[0]).payload)["TaskId"] == session.session_id
    assert line.peer.flushed == 1
    assert other.peer.sent == []


async def test_a_closed_line_takes_no_orders(house: House) -> None:
    node, line = await house.node()
    line.drops()

    with pytest.raises(NoSubscriber):
        await house.world.bus.request(
            node_subject(node.account_id, node.node_id), b"x", timeout_s=1
        )


async def test_a_newer_line_replaces_the_older_without_a_moment_offline(house: House) -> None:
    node, old = await house.node()
    new = await house.line(node)

    old.drops()
    await house.world.bus.request(node_subject(node.account_id, node.node_id), b"x", timeout_s=1)

    assert old.peer.closed == (1001, "replaced by a newer connection")
    assert new.peer.sent == [b"x"]
    assert (await house.node_now(node)).connected_at is not None
    assert house.gateway.statistics().nodes == 1


async def test_a_line_that_ends_while_the_next_one_opens_leaves_the_node_online(
    house: House,
) -> None:
    node, line = await house.node()

    for steps in range(30):
        token = await house.control_token(node)
        newer = house.dials(f"/v1/control-channel/{node.node_id}")
        newer.shows(token)
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        line.drops()
        await house.settled()

        assert newer.listener.is_admitted
        assert (await house.node_now(node)).connected_at is not None
        line = newer


async def test_a_line_that_ends_while_the_next_one_is_refused_leaves_the_node_offline(
    house: House,
) -> None:
    node, line = await house.node()
    stranger = house.dials(f"/v1/control-channel/{node.node_id}")

    stranger.shows("made up")
    line.drops()

    await house.settled()
    assert stranger.peer.closed == (1008, "unknown or used token")
    assert (await house.node_now(node)).connected_at is None


async def test_a_line_that_is_gone_before_its_token_was_looked_at_is_no_line(house: House) -> None:
    node, line = await house.node()
    line.drops()
    await house.settled()
    token = await house.control_token(node)
    late = house.dials(f"/v1/control-channel/{node.node_id}")

    late.shows(token)
    late.drops()

    await house.settled()
    assert (await house.node_now(node)).connected_at is None
    assert house.gateway.statistics().nodes == house.gateway.statistics().strangers == 0


async def test_a_line_that_came_and_went_leaves_an_older_one_in_its_place(house: House) -> None:
    node, line = await house.node()
    token = await house.control_token(node)
    late = house.dials(f"/v1/control-channel/{node.node_id}")

    late.shows(token)
    late.drops()

    await house.settled()
    assert (await house.node_now(node)).connected_at is not None
    assert line.peer.closed is None


async def test_a_report_of_a_sessions_end_is_acknowledged_and_ends_it(house: House) -> None:
    node, line = await house.node()
    session_id, _, client = await house.shell(node)
    line.peer.sent.clear()
    told = report(session_id, text="logged out")

    line.says(told)

    row = await house.ended(node, session_id)
    assert (row.status, row.details) == (
        SessionStatus.TERMINATED,
        "the shell on the node ended: logged out",
    )
    assert types(line.peer.sent)[0] == "agent_task_acknowledge"
    body = json.loads(parse(line.peer.sent[0]).payload)
    assert (body["TaskId"], body["MessageId"]) == (session_id, str(parse(told).message_id))
    assert types(client.peer.sent) == ["channel_closed"]


async def test_a_report_of_a_failure_says_why_to_the_client(house: House) -> None:
    node, line = await house.node()
    session_id, _, client = await house.shell(node)

    line.says(report(session_id, TaskStatus.FAILED, "no such user"))

    row = await house.ended(node, session_id)
    assert row.status is SessionStatus.FAILED
    await until(lambda: client.peer.closed)
    assert json.loads(parse(client.peer.sent[-1]).payload)["Output"] == "no such user"


@pytest.mark.parametrize("of", ["another node's", "nobody's"])
async def test_a_report_of_a_session_that_is_not_its_own_ends_nothing(
    house: House, of: str
) -> None:
    node, _ = await house.node()
    session_id, _, _ = await house.shell(node)
    _, stranger = await house.node()

    stranger.says(report(session_id if of == "another node's" else "ann-00000000000000000"))

    await until(lambda: stranger.peer.reading)
    assert types(stranger.peer.sent) == ["agent_task_acknowledge"]
    assert (await house.session(node, session_id)).ended_at is None


async def test_a_report_in_the_same_read_as_the_token_is_taken(house: House) -> None:
    node, line = await house.node()
    session_id, _, _ = await house.shell(node)
    line.drops()
    token = await house.control_token(node)
    again = house.dials(f"/v1/control-channel/{node.node_id}")

    again.shows(token)
    again.says(report(session_id))

    assert (await house.ended(node, session_id)).status is SessionStatus.TERMINATED


async def test_one_report_is_looked_at_at_a_time(house: House) -> None:
    _, line = await house.node()

    line.says(report("ann-00000000000000000"))

    assert not line.peer.reading
    await until(lambda: line.peer.reading)


async def test_a_store_that_is_away_asks_the_node_to_come_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, line = await house.node()
    token = await house.control_token(node)

    async def away(*_: object) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(house.world.world.store, "write", away)
        again = house.dials(f"/v1/control-channel/{node.node_id}")
        again.shows(token)
        await until(lambda: again.peer.closed)

    assert again.peer.closed == (1013, "the store is not available")
    assert line.peer.closed is None


async def test_nodes_that_are_sent_away_come_back_spread_over_time(house: House) -> None:
    lines = [(await house.node())[1] for _ in range(8)]

    await house.gateway.drain()

    delays = []
    for line in lines:
        assert line.peer.closed is not None
        code, reason = line.peer.closed
        key, _, value = reason.partition("=")
        assert (code, key) == (1001, "retry-after-ms")
        delays.append(int(value))
    assert all(0 <= delay < 20_000 for delay in delays)
    assert max(delays) - min(delays) > 5_000


async def test_a_node_that_was_deregistered_loses_its_line_and_no_other_does(house: House) -> None:
    node, line = await house.node()
    other, other_line = await house.node()

    await send_away(house.world.world, node.account_id, node.node_id, "the node was deregistered")
    await until(lambda: line.peer.closed)

    assert line.peer.closed == (1008, "the node was deregistered")
    line.drops()
    assert other_line.peer.closed is None
    await send_away(house.world.world, node.account_id, node.node_id, "again")
    await house.settled()
    assert (await house.node_now(other)).connected_at is not None
