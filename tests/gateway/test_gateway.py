"""The whole gateway: who is let in, who meets whom, how it ends and what a restart finds."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import anyio
import pytest
from tests.fakes.world import FakeWorld
from tests.gateway.house import House, open_house, until, upgrade
from tests.gateway.scenes import acknowledge, keys, output, parse, terminating, types
from tests.gateway.test_recorder import is_signed_by

from mooring.fleet.node import Node
from mooring.net.websocket import Refusal
from mooring.operations.orders import EndOrder, send_end
from mooring.operations.session_end import end_session
from mooring.operations.sessions import resume_session, terminate_session
from mooring.ports.store import StoreUnavailable
from mooring.ports.world import NoSubscriber
from mooring.recordings.recording import recording_prefix
from mooring.sessions.session import End, SessionStatus
from mooring.wire.asciicast import output_bytes
from mooring.wire.chain import content, verify


async def recording(world: FakeWorld, node: Node, session_id: str) -> list[bytes]:
    blobs = world.world.blobs
    names = await blobs.keys(recording_prefix(node.account_id, session_id))
    found = [await blobs.get(name, max_bytes=1 << 26) for name in names]
    return [segment for segment in found if segment is not None]


def shown(segments: list[bytes]) -> bytes:
    return output_bytes([line for segment in segments for line in content(segment)])


async def test_a_session_from_its_start_to_its_kept_recording(house: House) -> None:
    node, _ = await house.node()
    session_id, agent, client = await house.shell(node)
    await house.settled()
    connected = await house.session(node, session_id)

    client.says(keys(0, b"ls\n"))
    agent.says(output(0, b"file\r\n"), terminating("", 0))

    row = await house.ended(node, session_id)
    assert connected.status is SessionStatus.CONNECTED
    assert (row.status, row.details) == (SessionStatus.TERMINATED, "the shell on the node ended")
    assert agent.peer.sent[-1] == keys(0, b"ls\n")
    assert types(client.peer.sent) == ["output_stream_data", "channel_closed"]
    segments = await recording(house.world, node, session_id)
    assert shown(segments) == b"file\r\n"
    verdict = verify(
        segments,
        session_id=session_id,
        public_key_verify=is_signed_by(house.world.world.keys.public_keys()),
    )
    assert verdict.is_whole
    assert house.gateway.statistics().sessions == 0
    assert left_in(house.spool) == []


def left_in(spool: Path) -> list[str]:
    return [path.name for path in spool.iterdir()]


async def test_what_a_client_types_early_waits_for_the_agent(house: House) -> None:
    node, _ = await house.node()
    session = await house.started(node)
    client = await house.joins(session.session_id, session.token)
    client.says(keys(0, b"l"), keys(1, b"s"))

    token = await house.agent_token(node, session.session_id)
    agent = await house.joins(session.session_id, token)

    assert agent.peer.sent[-2:] == [keys(0, b"l"), keys(1, b"s")]


async def test_each_side_may_come_again_with_a_new_token(house: House) -> None:
    node, _ = await house.node()
    session_id, agent, client = await house.shell(node)
    agent.drops()
    client.drops()

    again = await house.joins(session_id, await house.agent_token(node, session_id))
    again.says(output(0, b"still here"))

    ann = await house.world.store.read(node.account_id, lambda tx: tx.identities.user("ann"))
    assert ann is not None
    resumed = await resume_session(house.world.call(ann, "ssm:ResumeSession"), session_id)
    back = await house.joins(session_id, resumed.token, ClientId="c-1")
    assert back.peer.sent == [output(0, b"still here")]


async def test_a_token_opens_one_channel_once(house: House) -> None:
    node, _ = await house.node()
    session = await house.started(node)
    await house.joins(session.session_id, session.token)

    replayed = await house.joins(session.session_id, session.token)

    assert replayed.peer.closed == (1008, "unknown or used token")


async def test_a_token_of_one_session_opens_no_other(house: House) -> None:
    node, _ = await house.node()
    session_id, _, _ = await house.shell(node)
    other_node, _ = await house.node()
    other = await house.started(other_node)

    lost = await house.joins(session_id, other.token)

    assert lost.peer.closed == (1008, "the token is for another channel")


async def test_a_client_is_a_client_whatever_it_says_of_itself(house: House) -> None:
    node, _ = await house.node()
    session = await house.started(node)

    liar = await house.joins(
        session.session_id, session.token, ClientInstanceId=node.node_id, ClientId=""
    )
    liar.says(output(0, b"I am the node"))

    assert liar.peer.closed is not None
    assert liar.peer.closed[0] == 1002
    assert left_in(house.spool) == []


async def test_a_client_cannot_end_the_session_in_the_agents_name(house: House) -> None:
    node, _ = await house.node()
    session_id, _, client = await house.shell(node)

    client.says(terminating("forged"))

    await house.settled()
    assert (await house.session(node, session_id)).ended_at is None


@pytest.mark.parametrize(
    "first", [keys(0, b"x"), output(0, b"x"), acknowledge(0)], ids=["keys", "output", "ack"]
)
async def test_a_frame_before_the_token_closes_the_channel(house: House, first: bytes) -> None:
    socket = house.dials("/v1/data-channel/ann-0123456789abcdef0")

    socket.says(first)

    assert socket.peer.closed == (1008, "a frame before the token")


async def test_frames_on_the_heels_of_the_token_are_taken_in_order(house: House) -> None:
    node, _ = await house.node()
    session = await house.started(node)
    client = await house.joins(session.session_id, session.token)
    token = await house.agent_token(node, session.session_id)
    agent = house.dials(f"/v1/data-channel/{session.session_id}")

    agent.shows(token)
    agent.says(output(0, b"$ "), output(1, b"x"))
    await house.settled()

    assert client.peer.sent == [output(0, b"$ "), output(1, b"x")]


async def test_a_second_text_frame_closes_the_channel_and_not_the_session(house: House) -> None:
    node, _ = await house.node()
    session_id, _, client = await house.shell(node)

    client.shows("again")
    client.drops()

    assert client.peer.closed == (1002, "a second text message")
    await house.settled()
    assert (await house.session(node, session_id)).ended_at is None


@pytest.mark.parametrize("text", ["", "not JSON", "{}", "[]", '{"TokenValue":1}'])
async def test_a_first_frame_without_a_token_closes_the_channel(house: House, text: str) -> None:
    socket = house.dials("/v1/data-channel/ann-0123456789abcdef0")

    socket.listener.text(text)

    assert socket.peer.closed == (1008, "no token")


@pytest.mark.parametrize("token", ["", "x", "é", "\x00", "\ud800", "x" * 10_000])
async def test_a_made_up_token_closes_the_channel(house: House, token: str) -> None:
    socket = house.dials("/v1/data-channel/ann-0123456789abcdef0")

    socket.shows(token)
    await house.settled()

    assert socket.peer.closed is not None
    assert socket.peer.closed[0] == 1008


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/v1/other/ann-0123456789abcdef0", 404),
        ("/v1/data-channel/", 400),
        ("/v1/data-channel/../../etc/passwd", 400),
        ("/v1/control-channel/ann-0123456789abcdef0", 400),
        ("/v1/control-channel/mi-0123456789abcdef0/", 400),
    ],
)
async def test_a_path_that_names_no_channel_is_refused(
    house: House, path: str, status: int
) -> None:
    refusal = house.gateway.accept(upgrade(path))

    assert isinstance(refusal, Refusal)
    assert refusal.status == status
    assert house.gateway.statistics().connections == 0


async def test_too_many_strangers_from_one_address_are_refused_and_others_are_not(
    world: FakeWorld, spool: Path
) -> None:
    path = "/v1/data-channel/ann-0123456789abcdef0"
    async with open_house(world, spool, max_strangers_per_address=3, max_strangers=5) as house:
        crowd = [house.dials(path, "192.0.2.1") for _ in range(3)]
        refused = house.gateway.accept(upgrade(path, "192.0.2.1"))
        others = [house.dials(path, "192.0.2.2") for _ in range(2)]
        full = house.gateway.accept(upgrade(path, "192.0.2.3"))
        for socket in crowd + others:
            socket.drops()

        assert isinstance(refused, Refusal)
        assert isinstance(full, Refusal)
        assert refused.status == full.status == 503
        assert house.gateway.statistics().strangers == 0
        house.dials(path, "192.0.2.1")


async def test_those_with_a_token_do_not_count_as_strangers(world: FakeWorld, spool: Path) -> None:
    async with open_house(world, spool, max_strangers=1) as house:
        for _ in range(3):
            await house.node()

        assert house.gateway.statistics().strangers == 0
        assert house.gateway.statistics().nodes == 3


async def test_a_stranger_without_a_token_in_time_is_cut(world: FakeWorld, spool: Path) -> None:
    async with open_house(world, spool, token_deadline_s=0.01) as house:
        socket = house.dials("/v1/data-channel/ann-0123456789abcdef0")

        await until(lambda: socket.peer.closed)

        assert socket.peer.closed == (1008, "no token in time")


async def test_a_node_that_does_not_come_fails_the_session_with_a_reason(
    world: FakeWorld, spool: Path
) -> None:
    async with open_house(world, spool, start_deadline_s=0.01) as house:
        node, _ = await house.node()
        session = await house.started(node)
        client = await house.joins(session.session_id, session.token)

        await until(lambda: client.peer.closed)

        text = "the node did not open its side in time"
        assert json.loads(parse(client.peer.sent[0]).payload)["Output"] == text
        row = await house.ended(node, session.session_id)
        assert (row.status, row.details) == (SessionStatus.FAILED, text)


async def test_a_client_that_does_not_come_back_ends_the_session_on_the_node(
    world: FakeWorld, spool: Path
) -> None:
    async with open_house(world, spool, client_grace_s=0.01) as house:
        node, _ = await house.node()
        session_id, agent, client = await house.shell(node)

        client.drops()
        await until(lambda: agent.peer.closed)

        assert types(agent.peer.sent)[-1] == "channel_closed"
        row = await house.ended(node, session_id)
        assert row.details == "the client did not come back"


async def test_an_order_over_the_bus_ends_the_session_everywhere(house: House) -> None:
    node, line = await house.node()
    session_id, agent, client = await house.shell(node)
    ann = await house.world.store.read(node.account_id, lambda tx: tx.identities.user("ann"))
    assert ann is not None

    await terminate_session(house.world.call(ann, "ssm:TerminateSession"), session_id)

    row = await house.session(node, session_id)
    assert row.details.startswith("terminated by request: Session terminated by arn:aws:iam")
    assert types(client.peer.sent)[-1] == types(agent.peer.sent)[-1] == "channel_closed"
    assert types(line.peer.sent)[-1] == "channel_closed"
    await house.settled()
    with pytest.raises(NoSubscriber):
        await send_end(house.world.world, row, EndOrder(end=End.USER, output=""))


REVOKED = "access revoked: User: arn:aws:iam::1:user/ann is not authorized to perform: x"


async def test_access_that_is_revoked_is_told_on_both_screens_and_in_the_record(
    house: House,
) -> None:
    node, line = await house.node()
    session_id, agent, client = await house.shell(node)
    agent.says(output(0, b"$ "))

    await end_session(
        house.world.world, node.account_id, session_id, end=End.POLICY, output=REVOKED
    )

    row = await house.ended(node, session_id)
    assert (row.status, row.details) == (SessionStatus.TERMINATED, REVOKED)
    for side in (agent, client):
        assert REVOKED.encode() in parse(side.peer.sent[-1]).payload
        assert side.peer.closed is not None
    assert types(line.peer.sent)[-1] == "channel_closed"
    event = (await house.world.events(node.account_id))[-1]
    assert (event.name, event.response) == ("SessionEnded", REVOKED)
    verdict = verify(
        await recording(house.world, node, session_id),
        session_id=session_id,
        public_key_verify=is_signed_by(house.world.world.keys.public_keys()),
    )
    assert (verdict.is_whole, verdict.reason) == (True, REVOKED)


async def test_a_full_disk_is_told_as_what_it_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, _ = await house.node()
    session_id, agent, client = await house.shell(node)
    agent.says(output(0, b"$ "))
    await house.settled()

    def full(_fd: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("mooring.gateway.spool.os.write", full)
        agent.says(output(1, b"unseen"))

    row = await house.ended(node, session_id)
    why = "it could not be recorded: No space left on device"
    assert (row.status, row.details) == (SessionStatus.FAILED, why)
    assert types(client.peer.sent) == ["output_stream_data", "channel_closed"]


async def test_a_node_that_uses_a_number_twice_is_named_in_the_record(house: House) -> None:
    node, _ = await house.node()
    session_id, agent, client = await house.shell(node)

    agent.says(output(0, b"rm -rf /"), output(0, b"ls"))

    row = await house.ended(node, session_id)
    assert row.details == (
        "the node broke the protocol: it sent other bytes under sequence number 0 again"
    )
    assert [parse(data).payload for data in client.peer.sent[:1]] == [b"rm -rf /"]
    assert shown(await recording(house.world, node, session_id)) == b"rm -rf /"


async def test_the_first_end_stands(house: House) -> None:
    node, _ = await house.node()
    session_id, agent, _ = await house.shell(node)

    agent.says(terminating("first"))
    await end_session(
        house.world.world, node.account_id, session_id, end=End.TERMINATED, output="second"
    )

    assert (await house.ended(node, session_id)).details == "the shell on the node ended: first"


async def test_a_session_that_is_over_lets_nobody_in_though_the_row_is_not_written_yet(
    house: House,
) -> None:
    node, _ = await house.node()
    session_id, agent, _ = await house.shell(node)
    token = await house.agent_token(node, session_id)

    late = house.dials(f"/v1/data-channel/{session_id}")
    late.shows(token)
    agent.says(terminating())
    await house.settled()

    assert late.peer.closed is not None
    assert late.peer.closed[0] == 1008
    assert house.gateway.statistics().sessions == 0


async def test_a_client_that_comes_after_the_end_hears_how_it_was(house: House) -> None:
    node, _ = await house.node()
    session = await house.started(node)
    agent = await house.joins(session.session_id, await house.agent_token(node, session.session_id))
    agent.says(terminating("this agent does not know sessions of type `Dance`"))
    await house.ended(node, session.session_id)

    client = await house.joins(session.session_id, session.token)

    assert client.peer.closed is not None
    assert client.peer.closed[0] == 1000
    told = json.loads(parse(client.peer.sent[0]).payload)["Output"]
    assert told.endswith("this agent does not know sessions of type `Dance`")


async def test_a_store_that_is_away_when_a_session_ends_is_told_when_it_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, _ = await house.node()
    session_id, agent, _ = await house.shell(node)
    await house.settled()
    refused = anyio.Event()

    async def away(*_: object) -> None:
        refused.set()
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(house.world.world.store, "write", away)
        agent.says(terminating("bye"))
        await refused.wait()

    assert (await house.ended(node, session_id)).details == "the shell on the node ended: bye"


async def test_a_failure_in_one_piece_of_work_ends_nothing_else(house: House) -> None:
    async def fail() -> None:
        raise LookupError("a fault of ours")

    house.gateway.start(fail)
    await house.settled()

    node, _ = await house.node()
    assert (await house.node_now(node)).connected_at is not None


async def test_a_restart_finds_the_session_and_its_recording(world: FakeWorld, spool: Path) -> None:
    async with open_house(world, spool) as house:
        node, _ = await house.node()
        session_id, agent, _ = await house.shell(node)
        agent.says(output(0, b"before "))
        await house.settled()

    async with open_house(world, spool) as house:
        assert (await house.node_now(node)).connected_at is None
        assert house.gateway.statistics().sessions == 1
        again = await house.joins(session_id, await house.agent_token(node, session_id))
        again.says(output(0, b"before "), output(1, b"after"), terminating())
        row = await house.ended(node, session_id)

    assert row.status is SessionStatus.TERMINATED
    assert shown(await recording(world, node, session_id)) == b"before after"


async def test_a_restart_seals_what_an_ended_session_left(world: FakeWorld, spool: Path) -> None:
    async with open_house(world, spool) as house:
        node, _ = await house.node()
        session_id, agent, _ = await house.shell(node)
        agent.says(output(0, b"last words"))
        await house.settled()
    await end_session(world.world, node.account_id, session_id, end=End.TERMINATED, output="by bob")

    async with open_house(world, spool) as house:
        await house.settled()

    assert shown(await recording(world, node, session_id)) == b"last words"
    assert left_in(spool) == []


async def test_a_restart_between_a_seal_and_its_row_writes_the_end(
    world: FakeWorld, spool: Path
) -> None:
    async with open_house(world, spool) as house:
        node, _ = await house.node()
        session_id, agent, _ = await house.shell(node)
        await house.settled()
        agent.says(output(0, b"x"))
        agent.says(terminating())  # the crash is here: nothing of the end is written

    async with open_house(world, spool) as house:
        row = await house.ended(node, session_id)

    assert row.details == "the shell on the node ended"
    assert house.gateway.statistics().sessions == 0
    assert shown(await recording(world, node, session_id)) == b"x"


async def test_a_restart_between_a_seal_and_its_row_keeps_the_reason(
    world: FakeWorld, spool: Path
) -> None:
    async with open_house(world, spool) as house:
        node, _ = await house.node()
        session_id, agent, _ = await house.shell(node)
        await house.settled()
        agent.says(output(0, b"x"), output(0, b"y"))  # the crash is here

    async with open_house(world, spool) as house:
        row = await house.ended(node, session_id)

    assert row.details == (
        "the node broke the protocol: it sent other bytes under sequence number 0 again"
    )


async def test_a_gateway_that_stops_asks_everybody_to_come_back(house: House) -> None:
    node, line = await house.node()
    session_id, agent, client = await house.shell(node)

    await house.gateway.drain()

    for socket in (line, agent, client):
        assert socket.peer.closed is not None
        assert socket.peer.closed[0] == 1001
    refusal = house.gateway.accept(upgrade(f"/v1/data-channel/{session_id}"))
    assert isinstance(refusal, Refusal)
    assert refusal.status == 503
    assert (await house.session(node, session_id)).ended_at is None
