"""Of a port session it is on record who connected to what, and nothing of what passed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.gateway.forwarding import (
    ANSWERED,
    COMPLETE,
    FIN,
    FORWARD,
    REQUEST,
    RESPONSE,
    STREAM,
    SYN,
    a_forward_recorder,
    a_port_scene,
    data,
)
from tests.gateway.scenes import keys
from tests.gateway.test_recorder import checked, in_spool

from mooring.gateway.forward_recorder import ForwardRecorder
from mooring.gateway.relay import Side
from mooring.gateway.spool import spool_files, spool_path
from mooring.sessions.session import End
from mooring.wire.asciicast import output_bytes, parse_line
from mooring.wire.chain import content
from mooring.wire.payloads import PayloadType

SECRET = b"a word that nobody may keep"


def entries(segments: list[bytes]) -> list[dict[str, object]]:
    """Return what programs read, without what begins each segment."""
    found = []
    for segment in segments:
        for line in content(segment):
            event = parse_line(line)
            if event is not None and event.code == "c":
                found.append(json.loads(event.text))
    return [entry for entry in found if entry["event"] != "forward"]


def text(segments: list[bytes]) -> str:
    return output_bytes([line for segment in segments for line in content(segment)]).decode()


def connects(recorder: ForwardRecorder) -> None:
    recorder.output(0, PayloadType.HANDSHAKE_REQUEST, b'{"AgentVersion":"3.3.0.0"}')
    recorder.input(0, PayloadType.HANDSHAKE_RESPONSE, b'{"ClientVersion":"1.2.0.0"}')
    recorder.output(1, PayloadType.HANDSHAKE_COMPLETE, b"{}")
    recorder.input(1, PayloadType.OUTPUT, SYN + data(SECRET))


def test_a_connection_is_on_record_and_its_bytes_are_not(tmp_path: Path) -> None:
    clock = FakeClock()
    recorder = a_forward_recorder(tmp_path, clock)
    connects(recorder)
    recorder.output(2, PayloadType.OUTPUT, data(SECRET * 2))
    clock.advance(timedelta(seconds=5))
    recorder.input(2, PayloadType.OUTPUT, FIN)
    recorder.output(3, PayloadType.OUTPUT, FIN)

    recorder.finish("the user left")

    segments = in_spool(tmp_path)
    assert checked(segments).is_whole
    opened, closed, summary = entries(segments)
    assert opened == {
        "event": "opened", "connection": 1, "stream": 3, "to": "localhost:8080", "by": "client",
    }  # fmt: skip
    assert closed == {
        "event": "closed", "connection": 1, "stream": 3, "ended": "client",
        "sent": len(SECRET), "received": 2 * len(SECRET),
    }  # fmt: skip
    assert (summary["sent"], summary["received"]) == (8 + 8 + 27 + 8, 8 + 54 + 8)
    assert SECRET not in b"".join(segments)
    lines = text(segments).split("\r\n")
    assert "arn:aws:iam::123456789012:user/ann connects to localhost:8080" in lines[0]
    assert lines[1].endswith("Z connection 1 to localhost:8080 opened by the client")
    assert lines[2].endswith(
        "connection 1 to localhost:8080 closed: "
        "27 bytes sent, 54 bytes received (ended by the client)"
    )


def test_a_connection_is_on_file_before_its_first_byte_is_forwarded(tmp_path: Path) -> None:
    scene = a_port_scene(tmp_path)
    scene.join(Side.AGENT, own=False)
    scene.join(Side.CLIENT)
    scene.says(Side.AGENT, REQUEST)
    scene.says(Side.CLIENT, RESPONSE)
    scene.says(Side.AGENT, ANSWERED, COMPLETE)

    scene.says(Side.CLIENT, keys(1, SYN + data(SECRET)))

    assert b'\\"event\\":\\"opened\\"' in scene.on_file()
    assert SECRET not in scene.on_file()


def test_a_stream_is_one_connection(tmp_path: Path) -> None:
    recorder = a_forward_recorder(tmp_path, FakeClock(), STREAM)
    recorder.output(0, PayloadType.HANDSHAKE_COMPLETE, b"{}")
    recorder.input(0, PayloadType.OUTPUT, b"SSH-2.0-x\r\n")
    recorder.output(1, PayloadType.OUTPUT, b"SSH-2.0-y\r\n" * 2)

    recorder.finish("the connection on the node ended")

    opened, closed, _ = entries(in_spool(tmp_path))
    assert (opened["event"], opened["to"]) == ("opened", "localhost:22")
    assert (closed["sent"], closed["received"]) == (11, 22)
    assert closed["reason"] == "with the session"


def test_a_peer_that_breaks_the_framing_breaks_only_the_record(tmp_path: Path) -> None:
    scene = a_port_scene(tmp_path)
    agent = scene.join(Side.AGENT, own=False)
    scene.join(Side.CLIENT)

    scene.says(Side.CLIENT, keys(0, SYN + data(b"x")), keys(1, b"GET / HTTP/1.1"), keys(2, SYN))
    scene.relay.finish(End.TERMINATED, "")

    assert agent.sent[:3] == [keys(0, SYN + data(b"x")), keys(1, b"GET / HTTP/1.1"), keys(2, SYN)]
    found = entries(in_spool(scene.spool))
    assert [entry["event"] for entry in found] == ["opened", "unfollowed", "closed", "summary"]
    assert found[2]["at_least"] is True
    assert found[3]["sent"] == 8 + 9 + 14 + 8


def test_bytes_of_an_open_connection_are_noted_now_and_then(tmp_path: Path) -> None:
    clock = FakeClock()
    recorder = a_forward_recorder(tmp_path, clock)
    connects(recorder)
    for number in range(2, 100):
        clock.advance(timedelta(seconds=1))
        recorder.input(number, PayloadType.OUTPUT, data(b"x" * 100))

    recorder.finish("")

    noted = [entry["sent"] for entry in entries(in_spool(tmp_path)) if entry["event"] == "bytes"]
    assert noted == [len(SECRET) + 100 * count for count in range(11, 99, 11)]


def test_a_long_session_is_sealed_in_segments_that_each_tell_what_is_open(tmp_path: Path) -> None:
    clock = FakeClock()
    recorder = a_forward_recorder(tmp_path, clock, minutes=10)
    connects(recorder)
    clock.advance(timedelta(minutes=11))
    recorder.input(2, PayloadType.OUTPUT, data(b"12345"))

    recorder.input(3, PayloadType.OUTPUT, data(b"6"))
    recorder.finish("")

    segments = in_spool(tmp_path)
    assert checked(segments).is_whole
    assert len(segments) == 2
    assert entries(segments[1:])[0] == {
        "event": "bytes", "connection": 1, "stream": 3, "sent": len(SECRET) + 5, "received": 0,
    }  # fmt: skip


def again(spool: Path, clock: FakeClock) -> ForwardRecorder:
    """Return the recorder of a gateway that starts after a crash."""
    recorder = a_forward_recorder(spool, clock)
    for name in spool_files(spool):
        recorder.resume(name.path, name.index)
    return recorder


def test_after_a_crash_a_connection_goes_on_where_it_was(tmp_path: Path) -> None:
    clock = FakeClock()
    recorder = a_forward_recorder(tmp_path, clock)
    connects(recorder)
    recorder.input(2, PayloadType.OUTPUT, SYN.replace(b"\x03", b"\x05") + data(b"12345", 5)[:6])

    recorder = again(tmp_path, clock)
    recorder.input(2, PayloadType.OUTPUT, b"seen already")
    recorder.input(3, PayloadType.OUTPUT, data(b"12345", 5)[6:])
    recorder.input(4, PayloadType.OUTPUT, FIN)
    recorder.output(2, PayloadType.OUTPUT, FIN)
    recorder.finish("")

    segments = in_spool(tmp_path)
    assert checked(segments).is_whole
    found = entries(segments)
    assert [entry["event"] for entry in found] == [
        "opened",
        "opened",
        "closed",
        "closed",
        "summary",
    ]
    assert (found[2]["connection"], found[2]["sent"]) == (1, 0)
    assert found[2]["at_least"] is True
    assert (found[3]["connection"], found[3]["sent"]) == (2, 5)


def test_after_a_crash_what_nobody_saw_is_told_as_that(tmp_path: Path) -> None:
    clock = FakeClock()
    connects(a_forward_recorder(tmp_path, clock))
    recorder = again(tmp_path, clock)

    recorder.input(500, PayloadType.OUTPUT, b"in the midst of something")
    clock.advance(timedelta(seconds=31))
    recorder.input(501, PayloadType.OUTPUT, b"and on")
    recorder.finish("")

    events = [entry["event"] for entry in entries(in_spool(tmp_path))]
    assert events == ["opened", "unfollowed", "closed", "summary"]


def test_a_torn_write_is_cut_off(tmp_path: Path) -> None:
    clock = FakeClock()
    connects(a_forward_recorder(tmp_path, clock))
    path = spool_path(tmp_path, "ann-0123456789abcdef0", 0)
    whole = path.read_bytes()
    path.write_bytes(whole + b'[1.0, "c", "{\\"event\\":\\"op')

    again(tmp_path, clock)

    assert path.read_bytes() == whole


@pytest.mark.parametrize("left", [b"", b'{"version":1', b'{"version":1}\n'])
def test_a_file_without_a_whole_write_is_begun_again(tmp_path: Path, left: bytes) -> None:
    path = spool_path(tmp_path, "ann-0123456789abcdef0", 0)
    path.write_bytes(left)

    recorder = again(tmp_path, FakeClock())
    connects(recorder)
    recorder.finish("")

    assert checked(in_spool(tmp_path)).is_whole


def test_a_recorder_goes_on_after_a_sealed_segment(tmp_path: Path) -> None:
    clock = FakeClock()
    first = a_forward_recorder(tmp_path, clock, minutes=0)
    clock.advance(timedelta(minutes=1))
    connects(first)
    clock.advance(timedelta(minutes=1))
    first.input(2, PayloadType.OUTPUT, data(b"x"))
    sealed = spool_path(tmp_path, "ann-0123456789abcdef0", first.segments.next_index - 1)

    recorder = a_forward_recorder(tmp_path, clock)
    recorder.continue_after(sealed.read_bytes(), first.segments.next_index - 1)
    recorder.finish("the user left")
    recorder.finish("again")

    assert checked(in_spool(tmp_path)).is_whole
    assert recorder.forward == FORWARD
