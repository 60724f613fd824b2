"""A data channel: control frames, one token, then frames; anything else closes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.fakes.peer import FakePeer
from tests.gateway.scenes import SESSION_ID, Scene, a_scene, frame, keys, output

from mooring.gateway.early import MAX_EARLY
from mooring.gateway.leg import DataListener
from mooring.gateway.relay import Leg, Side
from mooring.net.websocket import CloseCode
from mooring.wire.open_message import OpenMessage
from mooring.wire.payloads import AgentSessionState, MessageType, SessionState

OPENING = '{"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"t","ClientId":"c"}'


def connected() -> bytes:
    state = AgentSessionState(session_id=SESSION_ID, state=SessionState.CONNECTED)
    return frame(MessageType.AGENT_SESSION_STATE, state.serialize())


@dataclass(slots=True)
class Door:
    """Implements ``leg.DataDoor``."""

    tokens: list[str] = field(default_factory=list)
    left: list[DataListener] = field(default_factory=list)

    def redeem_data(self, _listener: DataListener, message: OpenMessage) -> None:
        self.tokens.append(message.token)

    def gone(self, listener: DataListener) -> None:
        self.left.append(listener)


class Channel:
    """A listener with its peer, at a door that waits to be told."""

    def __init__(self) -> None:
        self.door, self.peer = Door(), FakePeer()
        self.listener = DataListener(SESSION_ID, "192.0.2.1", self.door)
        self.listener.opened(self.peer)

    def admitted(self, scene: Scene, side: Side) -> Channel:
        self.listener.text(OPENING)
        self.listener.admit(scene.relay, side, Leg(peer=self.peer))
        return self


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


def test_control_frames_may_come_before_the_token(channel: Channel) -> None:
    channel.listener.pinged()
    channel.listener.ponged()

    channel.listener.text(OPENING)

    assert channel.door.tokens == ["t"]
    assert channel.peer.closed is None


@pytest.mark.parametrize(
    "text",
    [
        '{"TokenValue":"t"}',
        '{"MessageSchemaVersion":1,"TokenValue":"t","ClientId":"pyssm-client"}',
        '{"TokenValue":"t","ClientVersion":17,"RequestId":null}',
    ],
)
def test_only_the_token_is_asked_for(channel: Channel, text: str) -> None:
    channel.listener.text(text)

    assert channel.door.tokens == ["t"]


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", '{"TokenValue":""}', "x" * 20_000])
def test_garbage_in_place_of_a_token_closes_the_channel(channel: Channel, text: str) -> None:
    channel.listener.text(text)

    assert channel.door.tokens == []
    assert channel.peer.closed == (CloseCode.POLICY_VIOLATION, "no token")


def test_a_frame_before_the_token_closes_the_channel(channel: Channel) -> None:
    channel.listener.binary(keys(0, b"x"), last_in_buffer=True)

    assert channel.peer.closed is not None
    assert channel.peer.closed[0] == CloseCode.POLICY_VIOLATION


def test_a_second_text_closes_the_channel(channel: Channel) -> None:
    channel.listener.text(OPENING)
    channel.listener.text(OPENING)

    assert channel.door.tokens == ["t"]
    assert channel.peer.closed is not None


def test_nothing_is_read_while_the_token_is_looked_at(channel: Channel, scene: Scene) -> None:
    channel.listener.text(OPENING)
    waiting = channel.peer.reading
    channel.listener.admit(scene.relay, Side.AGENT, Leg(peer=channel.peer))

    assert (waiting, channel.peer.reading) == (False, True)


def test_frames_in_the_read_of_the_token_are_not_lost(channel: Channel, scene: Scene) -> None:
    client = scene.join(Side.CLIENT)
    channel.listener.text(OPENING)
    channel.listener.binary(memoryview(connected()), last_in_buffer=False)
    channel.listener.binary(memoryview(output(0, b"$ ")), last_in_buffer=True)

    channel.listener.admit(scene.relay, Side.AGENT, Leg(peer=channel.peer))

    assert client.sent == [output(0, b"$ ")]


def test_a_flood_before_the_token_is_good_closes_the_channel(channel: Channel) -> None:
    channel.listener.text(OPENING)

    for _ in range(MAX_EARLY // 60_000 + 2):
        channel.listener.binary(keys(0, bytes(60_000)), last_in_buffer=True)

    assert channel.peer.closed is not None


def test_a_refused_token_closes_the_channel(channel: Channel) -> None:
    channel.listener.text(OPENING)

    channel.listener.refuse("unknown or used token")

    assert channel.peer.closed == (CloseCode.POLICY_VIOLATION, "unknown or used token")


def test_a_harmful_frame_closes_its_sender_and_no_one_else(scene: Scene) -> None:
    client = Channel().admitted(scene, Side.CLIENT)
    agent = Channel().admitted(scene, Side.AGENT)

    client.listener.binary(keys(0, b"x")[:50], last_in_buffer=True)

    assert client.peer.closed is not None
    assert client.peer.closed[0] == CloseCode.PROTOCOL_ERROR
    assert agent.peer.closed is None
    assert agent.peer.sent == []
    assert scene.office.ends == []


def test_a_closed_channel_leaves_its_session(scene: Scene) -> None:
    client = Channel().admitted(scene, Side.CLIENT)

    client.listener.closed(1006)

    assert scene.relay.legs == {}
    assert client.door.left == [client.listener]
    assert scene.office.ends == []


def test_a_channel_that_was_replaced_has_no_say_any_more(scene: Scene) -> None:
    old = Channel().admitted(scene, Side.CLIENT)
    new = Channel().admitted(scene, Side.CLIENT)
    agent = Channel().admitted(scene, Side.AGENT)

    old.listener.binary(keys(0, b"rm -rf /\n"), last_in_buffer=True)
    old.listener.writable(is_writable=False)
    old.listener.closed(1006)

    assert agent.peer.sent == []
    assert agent.peer.reading
    assert scene.relay.legs[Side.CLIENT].peer is new.peer


def test_a_full_socket_holds_the_other_side(scene: Scene) -> None:
    client = Channel().admitted(scene, Side.CLIENT)
    agent = Channel().admitted(scene, Side.AGENT)

    client.listener.writable(is_writable=False)
    held = agent.peer.reading
    client.listener.writable(is_writable=True)

    assert (held, agent.peer.reading) == (False, True)
