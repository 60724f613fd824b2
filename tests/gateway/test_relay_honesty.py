"""What a client is shown is what was recorded, whatever root on the node sends again.

The property: for any order of frames, repeats with the same or other bytes, acknowledgements,
cuts and returns, and restarts of the gateway, no client is ever sent a text that differs from
what the recording holds under that number.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.fakes.peer import FakePeer
from tests.gateway.scenes import Scene, a_recorder, a_scene, acknowledge, output, parse

from mooring.gateway.backlog import MAX_BACKLOG
from mooring.gateway.relay import Side
from mooring.gateway.spool import spool_files
from mooring.sessions.session import End, SessionStatus
from mooring.wire.agent_message import AgentMessage
from mooring.wire.asciicast import recorded_frames
from mooring.wire.payloads import PayloadType

SECOND = "it sent other bytes under sequence number 0 again"


def shown(peer: FakePeer) -> list[AgentMessage]:
    return [m for m in map(parse, peer.sent) if m.message_type == "output_stream_data"]


def texts(peer: FakePeer) -> list[bytes]:
    return [message.payload for message in shown(peer)]


def test_a_client_that_lost_a_frame_never_sees_a_second_version(tmp_path: Path) -> None:
    scene = a_scene(tmp_path)
    scene.join(Side.AGENT)
    filler = bytes(MAX_BACKLOG // 4)
    scene.says(Side.AGENT, *[output(number, filler) for number in range(4)])
    scene.says(Side.AGENT, output(4, b"rm -rf /precious"))  # recorded, no room to keep it

    scene.says(Side.AGENT, output(4, b"ls"))
    client = scene.join(Side.CLIENT)

    assert b"ls" not in texts(client)
    assert b"rm -rf /precious" in scene.on_file()
    assert scene.office.ends == [
        (End.NODE_BROKE_PROTOCOL, "it sent other bytes under sequence number 4 again")
    ]


def test_the_same_frame_again_is_forwarded_again(tmp_path: Path) -> None:
    scene = a_scene(tmp_path)
    scene.join(Side.AGENT)
    client = scene.join(Side.CLIENT)

    scene.says(Side.AGENT, output(0, b"a"), output(0, b"a"), output(1, b"b"), output(0, b"a"))

    assert texts(client) == [b"a", b"a", b"b", b"a"]
    assert scene.office.ends == []


def test_a_second_version_ends_the_session_on_both_screens(tmp_path: Path) -> None:
    scene = a_scene(tmp_path)
    agent, client = scene.join(Side.AGENT), scene.join(Side.CLIENT)

    scene.says(Side.AGENT, output(0, b"a"), output(0, b"b"))

    assert texts(client) == [b"a"]
    for peer in (agent, client):
        assert SECOND.encode() in parse(peer.sent[-1]).payload
    assert scene.office.ends == [(End.NODE_BROKE_PROTOCOL, SECOND)]


def test_a_number_used_for_something_silent_cannot_be_used_for_text(tmp_path: Path) -> None:
    scene = a_scene(tmp_path)
    scene.join(Side.AGENT)
    client = scene.join(Side.CLIENT)
    scene.says(Side.AGENT, output(0, b'{"AgentVersion":"3"}', PayloadType.HANDSHAKE_REQUEST))

    scene.says(Side.AGENT, output(0, b"text"))

    assert b"text" not in texts(client)
    assert scene.office.ends == [(End.NODE_BROKE_PROTOCOL, SECOND)]


@pytest.mark.parametrize("is_acknowledged", [False, True])
def test_after_a_restart_a_second_version_is_still_found(
    tmp_path: Path, *, is_acknowledged: bool
) -> None:
    scene = a_scene(tmp_path)
    scene.join(Side.AGENT)
    scene.join(Side.CLIENT)
    scene.says(Side.AGENT, output(0, b"a"), output(2, b"c"), output(1, b"b"), output(4, b"e"))
    if is_acknowledged:
        scene.says(Side.CLIENT, acknowledge(0))

    for number, text in enumerate([b"a", b"b", b"c"]):
        again = restarted(scene)
        client = again.join(Side.CLIENT)
        again.join(Side.AGENT)
        again.says(Side.AGENT, output(number, text), output(4, b"e"))
        again.says(Side.AGENT, output(number, b"other"))
        assert texts(client) == [text, b"e"]
        assert [end for end, _ in again.office.ends] == [End.NODE_BROKE_PROTOCOL]
        again.relay.recorder.segments.take_sealed()
        unseal(scene)


def unseal(scene: Scene) -> None:
    """Undo the seal: the next restart finds the file as the crash left it."""
    for name in spool_files(scene.spool):
        data = name.path.read_bytes()
        name.path.write_bytes(data[: data.index(b'{"end"')])


def restarted(scene: Scene) -> Scene:
    """Return the scene as a gateway finds it that starts after a crash."""
    made = a_scene_in(scene.spool, scene.clock)
    for name in spool_files(scene.spool):
        made.relay.recorder.resume(name.path, name.index)
    return made


def a_scene_in(spool: Path, clock: FakeClock) -> Scene:
    with tempfile.TemporaryDirectory() as folder:
        scene = a_scene(Path(folder), SessionStatus.CONNECTED)
    scene.relay.recorder = a_recorder(spool, clock)
    scene.spool = spool
    return scene


numbers = st.integers(0, 5)
actions = st.one_of(
    st.tuples(st.just("send"), numbers, st.sampled_from([b"a", b"b", "é".encode()[:1], b""])),
    st.tuples(st.just("acknowledge"), numbers, st.just(b"")),
    st.tuples(st.just("fill"), st.just(0), st.just(b"")),
    st.tuples(
        st.sampled_from(["cut", "return", "agent cut", "agent return", "restart"]),
        st.just(0),
        st.just(b""),
    ),
)


class Stage:
    """Plays a list of actions, and keeps all that any client was sent."""

    def __init__(self, folder: Path) -> None:
        self.scene = a_scene(folder)
        self.clients: list[FakePeer] = []
        self.filler = 100
        self.comes(Side.AGENT)
        self.comes(Side.CLIENT)

    def comes(self, side: Side) -> None:
        peer = self.scene.join(side)
        if side is Side.CLIENT:
            self.clients.append(peer)

    def goes(self, side: Side) -> None:
        leg = self.scene.relay.legs.get(side)
        if leg is not None:
            self.scene.relay.detach(side, leg)

    def play(self, action: str, number: int, text: bytes) -> None:
        if self.scene.relay.is_over:
            return
        legs = self.scene.relay.legs
        if action == "send" and Side.AGENT in legs:
            self.scene.says(Side.AGENT, output(number, text))
        elif action == "acknowledge" and Side.CLIENT in legs:
            self.scene.says(Side.CLIENT, acknowledge(number))
        elif action == "fill" and Side.AGENT in legs:
            self.filler += 1
            self.scene.says(Side.AGENT, output(self.filler, bytes(MAX_BACKLOG // 2)))
        elif action.endswith("cut"):
            self.goes(Side.AGENT if "agent" in action else Side.CLIENT)
        elif action.endswith("return"):
            self.comes(Side.AGENT if "agent" in action else Side.CLIENT)
        elif action == "restart":
            self.scene = restarted(self.scene)


@given(st.lists(actions, max_size=30))
def test_any_order_of_sends_repeats_cuts_and_restarts(
    played: list[tuple[str, int, bytes]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        for action in played:
            stage.play(*action)

        recorded = dict(recorded_frames(stage.scene.on_file(), is_first=True).frames)
        for client in stage.clients:
            for message in shown(client):
                assert message.payload == recorded[message.sequence_number]
