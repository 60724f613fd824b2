"""Two sides joined: nothing changed, nothing lost, nothing let through that would do harm."""

from __future__ import annotations

import errno
import json
import os
import struct
from pathlib import Path

import pytest
from tests.fakes.peer import FakePeer
from tests.gateway.scenes import (
    MESSAGE_ID,
    Scene,
    a_scene,
    acknowledge,
    frame,
    keys,
    output,
    parse,
    terminating,
    types,
)

from mooring.gateway.backlog import MAX_BACKLOG
from mooring.gateway.relay import Leg, Side
from mooring.sessions.session import End, SessionStatus
from mooring.wire.asciicast import output_bytes, parse_line
from mooring.wire.chain import content
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.payloads import MessageType, PayloadType, TerminalSize

AGENT, CLIENT = Side.AGENT, Side.CLIENT


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


def joined(scene: Scene, *, own: bool = True) -> tuple[FakePeer, FakePeer]:
    agent, client = scene.join(AGENT, own=own), scene.join(CLIENT)
    agent.sent.clear()
    return agent, client


def test_frames_pass_unchanged_and_in_order_both_ways(scene: Scene) -> None:
    agent, client = joined(scene)
    shown = [output(0, b"$ "), output(1, b"ls\r\n"), acknowledge(0, MessageType.INPUT_STREAM_DATA)]
    typed = [keys(0, b"l"), acknowledge(0), keys(1, b"s"), acknowledge(1)]

    scene.says(AGENT, *shown)
    scene.says(CLIENT, *typed)

    assert client.sent == shown
    assert agent.sent == typed
    assert (client.flushed, agent.flushed) == (3, 4)


def test_output_under_a_number_that_is_none_is_not_shown(scene: Scene) -> None:
    _, client = joined(scene)

    scene.says(AGENT, output(-1, b"unseen"), output(0, b"$ "))

    assert client.sent == [output(0, b"$ ")]


def test_a_digest_that_is_wrong_and_flags_that_mean_nothing_pass(scene: Scene) -> None:
    agent, _ = joined(scene)
    data = bytearray(keys(0, b"x"))
    data[80:112] = b"f" * 32
    data[56:64] = b"\xff" * 8

    scene.says(CLIENT, bytes(data))

    assert agent.sent == [bytes(data)]


def test_an_acknowledgement_of_any_shape_passes(scene: Scene) -> None:
    agent, _ = joined(scene, own=False)
    odd = [frame(MessageType.ACKNOWLEDGE, b"not JSON"), frame(MessageType.ACKNOWLEDGE, b"{}")]

    scene.says(CLIENT, *odd)

    assert agent.sent == odd


def test_frames_wait_until_the_other_side_is_there(scene: Scene) -> None:
    scene.join(CLIENT)
    typed = [keys(number, b"k%d" % number) for number in range(5)]
    scene.says(CLIENT, *typed)

    agent = scene.join(AGENT, own=False)

    assert agent.sent == typed
    assert agent.flushed == 5


def test_output_waits_for_a_client_that_is_away(scene: Scene) -> None:
    _, client = joined(scene)
    leg = scene.relay.legs[CLIENT]
    scene.relay.detach(CLIENT, leg)
    scene.says(AGENT, output(0, b"one"), output(1, b"two"))

    back = scene.join(CLIENT)

    assert client.sent == []
    assert back.sent == [output(0, b"one"), output(1, b"two")]


def test_what_waits_is_bounded_and_the_sender_keeps_the_rest(scene: Scene) -> None:
    agent = scene.join(AGENT)
    large = [output(number, bytes(64 * 1024)) for number in range(40)]

    scene.says(AGENT, *large)
    client = scene.join(CLIENT)

    assert sum(map(len, client.sent)) <= MAX_BACKLOG
    assert client.sent == large[: len(client.sent)]
    assert agent.reading


def test_a_client_that_fills_the_backlog_is_read_again_when_the_agent_comes(scene: Scene) -> None:
    client = scene.join(CLIENT)
    scene.says(CLIENT, *[keys(number, bytes(64 * 1024)) for number in range(20)])
    assert not client.reading

    scene.join(AGENT)

    assert client.reading


def test_both_sides_meet_once(scene: Scene) -> None:
    joined(scene)
    scene.join(CLIENT)
    scene.join(AGENT)

    assert scene.office.met == 1


@pytest.mark.parametrize("side", list(Side))
def test_a_newer_connection_replaces_an_older_one(scene: Scene, side: Side) -> None:
    joined(scene)
    old = scene.relay.legs[side]

    new = scene.join(side)
    scene.relay.detach(side, old)

    assert isinstance(old.peer, FakePeer)
    assert old.peer.closed == (1001, "replaced by a newer connection")
    assert scene.relay.legs[side].peer is new


HARMFUL = {
    "short": keys(0, b"x")[:119],
    "empty": b"",
    "header length beyond the frame": struct.pack("!I", 5000) + keys(0, b"x")[4:],
    "header length zero": struct.pack("!I", 0) + keys(0, b"x")[4:],
    "no type": keys(0, b"x")[:4] + b" " * 32 + keys(0, b"x")[36:],
    "type of NULs": keys(0, b"x")[:4] + bytes(32) + keys(0, b"x")[36:],
    "date zero": keys(0, b"x")[:40] + bytes(8) + keys(0, b"x")[48:],
    "payload longer than said": keys(0, b"x") + b"y",
    "payload shorter than said": keys(0, b"xyz")[:-1],
}


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("harmful", HARMFUL.values(), ids=HARMFUL)
def test_a_frame_that_would_kill_a_peer_is_not_relayed(
    scene: Scene, side: Side, harmful: bytes
) -> None:
    agent, client = joined(scene)

    with pytest.raises(RemoteProtocolError):
        scene.says(side, harmful)

    assert agent.sent == client.sent == []


@pytest.mark.parametrize(
    "message_type",
    [
        MessageType.CHANNEL_CLOSED,
        MessageType.PAUSE_PUBLICATION,
        MessageType.START_PUBLICATION,
        MessageType.MOORING_CLIENT,
        MessageType.INTERACTIVE_SHELL,
        "nonsense",
    ],
)
@pytest.mark.parametrize("side", list(Side))
def test_what_only_a_server_says_is_refused(scene: Scene, side: Side, message_type: str) -> None:
    agent, client = joined(scene)

    with pytest.raises(RemoteProtocolError, match=message_type):
        scene.says(side, frame(message_type))

    assert agent.sent == client.sent == []


@pytest.mark.parametrize(
    ("side", "data"),
    [(CLIENT, output(0, b"x")), (CLIENT, terminating()), (AGENT, keys(0, b"x"))],
    ids=["output", "state", "input"],
)
def test_a_side_that_plays_the_other_is_refused(scene: Scene, side: Side, data: bytes) -> None:
    joined(scene)

    with pytest.raises(RemoteProtocolError):
        scene.says(side, data)

    assert not scene.relay.is_over


def test_the_agents_last_word_ends_the_session_for_the_client(scene: Scene) -> None:
    agent, client = joined(scene)

    scene.says(AGENT, output(0, b"bye"), terminating("logged out", 7))

    assert types(client.sent) == ["output_stream_data", "channel_closed"]
    body = json.loads(parse(client.sent[1]).payload)
    assert (body["Output"], body["ExitCode"], body["SessionId"]) == (
        "logged out",
        7,
        "ann-0123456789abcdef0",
    )
    assert client.closed == (1000, "")
    assert agent.sent == []
    assert scene.office.ends == [(End.NODE, "logged out")]


def test_a_state_that_is_no_end_or_unknown_says_nothing(scene: Scene) -> None:
    _, client = joined(scene)
    body = b'{"SchemaVersion":1,"SessionState":"%s","SessionId":"s"}'

    scene.says(AGENT, frame(MessageType.AGENT_SESSION_STATE, body % b"Connected"))
    scene.says(AGENT, frame(MessageType.AGENT_SESSION_STATE, body % b"Dancing"))

    assert client.sent == []
    assert not scene.relay.is_over


def test_an_end_from_elsewhere_is_told_to_both_and_the_first_stands(scene: Scene) -> None:
    agent, client = joined(scene)

    scene.relay.finish(End.TERMINATED, "by bob")
    scene.relay.finish(End.NODE, "too late")
    scene.says(AGENT, output(0, b"too late"))

    assert types(agent.sent) == types(client.sent) == ["channel_closed"]
    assert json.loads(parse(client.sent[0]).payload)["Output"] == "by bob"
    assert scene.office.ends == [(End.TERMINATED, "by bob")]


def test_our_own_agent_is_told_who_its_client_is(scene: Scene) -> None:
    agent = scene.join(AGENT)

    scene.join(CLIENT, client_id="c-1")
    scene.join(CLIENT, client_id="c-2")
    scene.join(CLIENT, client_id="c-2")

    told = [json.loads(parse(data).payload) for data in agent.sent]
    assert [(body["ClientId"], body["Resumed"]) for body in told] == [
        ("c-1", False),
        ("c-2", False),
        ("c-2", True),
    ]
    assert types(agent.sent) == ["mooring_client"] * 3


def test_an_agent_that_comes_after_its_client_learns_who_waits(scene: Scene) -> None:
    scene.join(CLIENT, client_id="")

    first, again = scene.join(AGENT), scene.join(AGENT)

    assert [json.loads(parse(peer.sent[0]).payload)["Resumed"] for peer in (first, again)] == [
        False,
        True,
    ]


def test_a_stock_agent_notices_nothing_of_us(scene: Scene) -> None:
    agent = scene.join(AGENT, own=False)
    scene.join(CLIENT)

    assert agent.sent == []


def test_a_client_that_reads_slowly_stops_our_agent(scene: Scene) -> None:
    agent, _ = joined(scene)

    scene.relay.writable(CLIENT, is_writable=False)
    assert not agent.reading
    scene.relay.writable(CLIENT, is_writable=True)

    assert agent.reading
    assert agent.sent == []


def test_a_stock_agent_is_asked_to_pause_first_and_to_go_on(scene: Scene) -> None:
    agent, _ = joined(scene, own=False)

    scene.relay.writable(CLIENT, is_writable=False)
    scene.relay.writable(CLIENT, is_writable=False)
    scene.relay.writable(CLIENT, is_writable=True)

    assert types(agent.sent) == ["pause_publication", "start_publication"]
    assert agent.flushed == 2


def test_a_held_agent_is_read_for_a_moment_so_that_its_pings_are_answered(scene: Scene) -> None:
    agent, _ = joined(scene)
    scene.relay.writable(CLIENT, is_writable=False)
    scene.office.time += 20

    scene.relay.breathe()

    assert agent.reading
    assert scene.relay.held_since == scene.office.time


def test_memory_is_bounded_though_a_client_never_reads(scene: Scene) -> None:
    agent, client = joined(scene)
    scene.relay.writable(CLIENT, is_writable=False)
    sequence = 0

    for _ in range(50):
        scene.relay.breathe()
        while agent.reading:
            scene.says(AGENT, output(sequence, bytes(64 * 1024)))
            client.buffered = sum(map(len, client.sent))
            sequence += 1

    assert client.buffered <= MAX_BACKLOG + 2 * 65 * 1024


def test_an_agent_that_reads_slowly_stops_the_client_until_it_has_caught_up(scene: Scene) -> None:
    _, client = joined(scene)

    scene.relay.writable(AGENT, is_writable=False)
    assert not client.reading
    scene.relay.writable(AGENT, is_writable=True)

    assert client.reading


@pytest.mark.parametrize("side", list(Side))
def test_a_slow_side_that_leaves_does_not_leave_the_other_paused(scene: Scene, side: Side) -> None:
    peers = dict(zip(Side, joined(scene), strict=True))
    other = CLIENT if side is AGENT else AGENT
    scene.relay.writable(side, is_writable=False)

    scene.relay.detach(side, scene.relay.legs[side])

    assert peers[other].reading


@pytest.mark.parametrize("side", list(Side))
def test_a_slow_side_that_is_replaced_does_not_leave_the_other_paused(
    scene: Scene, side: Side
) -> None:
    peers = dict(zip(Side, joined(scene), strict=True))
    other = CLIENT if side is AGENT else AGENT
    scene.relay.writable(side, is_writable=False)

    scene.join(side)

    assert peers[other].reading


def test_output_is_on_file_before_it_is_sent(scene: Scene) -> None:
    class Witness(FakePeer):
        def send(self, data: bytes | bytearray | memoryview) -> None:
            assert b"precious" in scene.on_file()
            super().send(data)

    joined(scene)
    witness = Witness()
    scene.relay.attach(CLIENT, Leg(peer=witness))

    scene.says(AGENT, output(0, b"precious"))

    assert witness.sent == [output(0, b"precious")]


def test_what_waits_for_a_client_is_on_file_already(scene: Scene) -> None:
    scene.join(AGENT)

    scene.says(AGENT, output(0, b"precious"))

    assert b"precious" in scene.on_file()


def test_a_frame_sent_again_is_on_file_once_and_passes_again(scene: Scene) -> None:
    _, client = joined(scene)

    scene.says(AGENT, output(0, b"once"), output(0, b"once"))

    assert client.sent == [output(0, b"once")] * 2
    assert scene.on_file().count(b"once") == 1


def test_a_frame_too_far_ahead_is_dropped_and_the_agent_stays(scene: Scene) -> None:
    _, client = joined(scene)
    ahead = [output(number, b"x") for number in range(1, 1002)]

    scene.says(AGENT, *ahead)

    assert client.sent == ahead[:1000]
    assert not scene.relay.is_over


def test_a_full_disk_ends_the_session_and_shows_nothing_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, client = joined(scene)
    scene.says(AGENT, output(0, b"seen"))

    def full(_fd: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            scene.says(AGENT, output(1, b"unseen"))

    assert types(client.sent) == ["output_stream_data", "channel_closed"]
    assert types(agent.sent) == ["channel_closed"]
    told = json.loads(parse(client.sent[1]).payload)["Output"]
    assert told == "it could not be recorded: No space left on device"
    assert scene.office.ends == [(End.NOT_RECORDED, told)]


def test_a_new_size_of_the_terminal_is_recorded_and_passes(scene: Scene) -> None:
    agent, _ = joined(scene)
    scene.says(AGENT, output(0, b"$ "))
    size = keys(0, TerminalSize(columns=100, rows=30).serialize(), PayloadType.SIZE)
    odd = keys(1, b"not a size", PayloadType.SIZE)

    scene.says(CLIENT, size, odd)
    scene.relay.finish(End.NODE, "")

    lines = content(scene.office.kept[0].read_bytes())
    events = [event for event in map(parse_line, lines) if event is not None]
    assert ("r", "100x30") in [(event.code, event.text) for event in events]
    assert agent.sent == [size, odd]


def test_what_is_typed_is_not_recorded(scene: Scene) -> None:
    joined(scene)
    scene.says(AGENT, output(0, b"Password: "))

    scene.says(CLIENT, keys(0, b"hunter2"))

    assert b"hunter2" not in scene.on_file()


def test_a_stuck_acknowledgement_is_made_good_for_a_stock_agent(tmp_path: Path) -> None:
    scene = a_scene(tmp_path, SessionStatus.CONNECTED)
    agent, client = joined(scene, own=False)
    scene.says(AGENT, output(0, b"had it"), output(0, b"had it"), output(0, b"had it"))
    assert client.pings == 0

    scene.says(AGENT, output(0, b"had it"))
    scene.relay.ponged(CLIENT)
    assert agent.sent == []
    scene.relay.ponged(CLIENT)

    body = json.loads(parse(agent.sent[0]).payload)
    assert body["AcknowledgedMessageSequenceNumber"] == 0
    assert body["AcknowledgedMessageId"] == str(MESSAGE_ID)
    assert body["AcknowledgedMessageType"] == "output_stream_data"
    assert client.pings == 1


def test_a_client_that_acknowledges_after_all_is_left_alone(tmp_path: Path) -> None:
    scene = a_scene(tmp_path, SessionStatus.CONNECTED)
    agent, _ = joined(scene, own=False)
    scene.says(AGENT, *[output(0, b"x")] * 5)

    scene.says(CLIENT, acknowledge(0))
    scene.relay.ponged(CLIENT)
    scene.relay.ponged(CLIENT)

    assert agent.sent == [acknowledge(0)]


def test_a_first_client_and_our_own_agent_are_never_acknowledged_for(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = a_scene(tmp_path / "a")
    ours = a_scene(tmp_path / "b", SessionStatus.CONNECTED)

    for scene, own in ((first, False), (ours, True)):
        agent, _ = joined(scene, own=own)
        scene.says(AGENT, *[output(0, b"x")] * 9)
        scene.relay.ponged(CLIENT)
        scene.relay.ponged(CLIENT)
        assert agent.sent == []


def test_the_whole_output_is_in_the_recording(scene: Scene) -> None:
    joined(scene)
    scene.says(AGENT, *[output(number, b"%d\r\n" % number) for number in range(100)])

    scene.relay.finish(End.NODE, "")

    lines = content(scene.office.kept[0].read_bytes())
    assert output_bytes(lines) == b"".join(b"%d\r\n" % number for number in range(100))
