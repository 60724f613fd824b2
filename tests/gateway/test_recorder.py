"""A session's output, once, in order, sealed so that anybody can check it, whatever dies."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.fakes.keys import FakeKeyRing
from tests.gateway.scenes import SESSION_ID, a_recorder, a_session

from mooring.gateway.recorder import Recorder
from mooring.gateway.segments import RecorderSettings
from mooring.gateway.spool import spool_files, spool_path
from mooring.keys.file import FileKeyRing
from mooring.wire.asciicast import output_bytes, parse_line
from mooring.wire.chain import SegmentHeader, Verdict, Verify, content, verify
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.payloads import PayloadType, TerminalSize

CHILD = Path(__file__).parent / "recording_child.py"


def is_signed_by(public: Mapping[str, bytes]) -> Verify:
    """Verify with the public halves only, as `mooring verify` does."""

    def is_signed(key_id: str, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public[key_id]).verify(signature, message)
        except (InvalidSignature, KeyError):
            return False
        return True

    return is_signed


def checked(segments: list[bytes], keys: FakeKeyRing | FileKeyRing | None = None) -> Verdict:
    public = (keys or FakeKeyRing()).public_keys()
    return verify(segments, session_id=SESSION_ID, public_key_verify=is_signed_by(public))


def in_spool(spool: Path) -> list[bytes]:
    return [name.path.read_bytes() for name in spool_files(spool)]


def shown(segments: list[bytes]) -> bytes:
    return output_bytes([line for segment in segments for line in content(segment)])


def events(segment: bytes) -> list[tuple[str, str]]:
    found = [parse_line(line) for line in content(segment)]
    return [(event.code, event.text) for event in found if event is not None]


def test_a_recording_is_whole_and_shows_what_was_shown(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    for number, text in enumerate([b"$ ", "grün ☃".encode(), b"\xff\xfe", b"\x1b[2J"]):
        recorder.output(number, PayloadType.OUTPUT, text)

    recorder.finish("the user left")

    segments = in_spool(tmp_path)
    assert checked(segments) == Verdict(segments=1, reason="the user left")
    assert shown(segments) == b"$ " + "grün ☃".encode() + b"\xff\xfe\x1b[2J"
    assert recorder.segments.take_sealed() == [spool_path(tmp_path, SESSION_ID, 0)]
    assert recorder.segments.take_sealed() == []


def test_a_frame_is_on_file_when_the_call_returns(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())

    recorder.output(0, PayloadType.OUTPUT, b"precious")

    assert b"precious" in spool_path(tmp_path, SESSION_ID, 0).read_bytes()


def test_the_header_says_whose_it_is_and_who_signs(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    recorder.output(0, PayloadType.OUTPUT, b"x")

    first, second, *_ = in_spool(tmp_path)[0].split(b"\n")

    header = SegmentHeader.parse(first)
    assert (header.session_id, header.index, header.previous) == (SESSION_ID, 0, "0" * 64)
    assert header.key_id == FakeKeyRing().signing_key_id
    assert json.loads(second)["version"] == 2
    assert spool_path(tmp_path, SESSION_ID, 0).stat().st_mode & 0o777 == 0o600


def test_a_duplicate_is_recorded_once(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    for number in (0, 0, 1, 0, 1):
        recorder.output(number, PayloadType.OUTPUT, b"%d" % number)

    recorder.finish("")

    assert shown(in_spool(tmp_path)) == b"01"


def test_a_frame_before_its_turn_is_shown_in_its_turn(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    for number in (0, 2, 3, 2, 1):
        recorder.output(number, PayloadType.OUTPUT, b"%d" % number)

    recorder.finish("")

    assert shown(in_spool(tmp_path)) == b"0123"
    assert recorder.next_sequence == 4


def test_a_frame_too_far_ahead_is_not_taken(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    for number in range(1, 1001):
        recorder.output(number, PayloadType.OUTPUT, b"x")

    with pytest.raises(RemoteProtocolError):
        recorder.output(1001, PayloadType.OUTPUT, b"x")


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 6, 9, 10, 11, 12, 99])
def test_whatever_a_stock_client_prints_is_recorded(tmp_path: Path, kind: int) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    recorder.output(0, kind, b"printed")

    recorder.finish("")

    assert shown(in_spool(tmp_path)) == b"printed"


def test_of_a_handshake_only_the_message_to_the_person_is_recorded(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    recorder.output(0, PayloadType.HANDSHAKE_REQUEST, b'{"AgentVersion":"3.3.0.0"}')
    recorder.output(1, PayloadType.ENC_CHALLENGE_REQUEST, b"{}")
    message = b'{"HandshakeTimeToComplete":1,"CustomerMessage":"be careful"}'
    recorder.output(2, PayloadType.HANDSHAKE_COMPLETE, message)
    recorder.output(3, PayloadType.HANDSHAKE_COMPLETE, b"not JSON")
    recorder.output(4, PayloadType.OUTPUT, b"$ ")

    recorder.finish("")

    assert shown(in_spool(tmp_path)) == b"be careful\r\n$ "


def test_a_large_segment_is_sealed_and_the_next_one_follows_it(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock(), segment_bytes=1000)
    for number in range(40):
        recorder.output(number, PayloadType.OUTPUT, b"%03d" % number * 30)

    recorder.finish("")

    segments = in_spool(tmp_path)
    assert len(segments) > 3
    assert checked(segments).is_whole
    assert shown(segments) == b"".join(b"%03d" % number * 30 for number in range(40))


def test_an_old_segment_is_sealed(tmp_path: Path) -> None:
    clock = FakeClock()
    recorder = a_recorder(tmp_path, clock, minutes=10)
    recorder.output(0, PayloadType.OUTPUT, b"morning")
    clock.advance(RecorderSettings(spool=tmp_path, key=b"k").segment_age * 1.01)

    recorder.output(1, PayloadType.OUTPUT, b"later")

    assert recorder.segments.has_sealed
    assert not recorder.segments.is_open


def test_a_character_may_span_two_segments(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock(), segment_bytes=1)
    snowman = "☃".encode()
    recorder.output(0, PayloadType.OUTPUT, snowman[:1])
    recorder.output(1, PayloadType.OUTPUT, snowman[1:])

    recorder.finish("")

    segments = in_spool(tmp_path)
    assert len(segments) == 3
    assert ("o", "☃") in events(segments[1])
    assert checked(segments).is_whole


def test_sizes_alone_cannot_make_a_segment_endless(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock(), segment_bytes=2000)
    recorder.output(0, PayloadType.OUTPUT, b"x")

    for number in range(300):
        recorder.resize(TerminalSize(columns=80 + number % 2, rows=24))
        recorder.output(number + 1, PayloadType.OUTPUT, b"")

    recorder.finish("")
    assert max(map(len, in_spool(tmp_path))) < 3000


def test_a_size_before_the_first_output_stands_in_the_header(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    recorder.resize(TerminalSize(columns=132, rows=50))

    recorder.output(0, PayloadType.OUTPUT, b"x")

    header = json.loads(in_spool(tmp_path)[0].split(b"\n")[1])
    assert (header["width"], header["height"]) == (132, 50)


def test_a_size_that_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    recorder.output(0, PayloadType.OUTPUT, b"x")
    for size in [(100, 30), (100, 30), (80, 24)]:
        recorder.resize(TerminalSize(columns=size[0], rows=size[1]))

    recorder.finish("")

    sizes = [text for code, text in events(in_spool(tmp_path)[0]) if code == "r"]
    assert sizes == ["100x30", "80x24"]


def test_a_session_that_showed_nothing_has_a_recording_too(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path, FakeClock())

    recorder.finish("the node did not open its side in time")
    recorder.finish("again")

    assert checked(in_spool(tmp_path)).reason == "the node did not open its side in time"


@pytest.mark.parametrize("change", [b"x", b""], ids=["altered", "shortened"])
def test_a_changed_byte_is_found(tmp_path: Path, change: bytes) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    recorder.output(0, PayloadType.OUTPUT, b"rm -rf /")
    recorder.finish("")

    (sealed,) = in_spool(tmp_path)

    assert not checked([sealed.replace(b"rm -rf /", change)]).is_whole


def test_a_short_write_leaves_nothing_of_the_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = a_recorder(tmp_path, FakeClock())
    recorder.output(0, PayloadType.OUTPUT, b"seen")
    whole = in_spool(tmp_path)
    really_write = os.write

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: really_write(fd, data[: len(data) // 2]))
        with pytest.raises(OSError, match="No space left") as caught:
            recorder.output(1, PayloadType.OUTPUT, b"unseen")

    assert caught.value.errno == errno.ENOSPC
    assert in_spool(tmp_path) == whole


def died(spool: Path, clock: FakeClock) -> Recorder:
    """Return a recorder that has taken up what lies in the spool."""
    recorder = a_recorder(spool, clock)
    for name in spool_files(spool):
        recorder.resume(name.path, name.index)
    return recorder


def test_a_recording_goes_on_after_a_crash(tmp_path: Path) -> None:
    clock = FakeClock()
    a_recorder(tmp_path, clock).output(0, PayloadType.OUTPUT, b"before ")

    recorder = died(tmp_path, clock)
    recorder.output(0, PayloadType.OUTPUT, b"before ")
    recorder.output(1, PayloadType.OUTPUT, b"after")
    recorder.finish("")

    segments = in_spool(tmp_path)
    assert shown(segments) == b"before after"
    assert checked(segments).is_whole


def test_the_size_of_the_terminal_outlives_a_crash(tmp_path: Path) -> None:
    clock = FakeClock()
    first = a_recorder(tmp_path, clock)
    first.output(0, PayloadType.OUTPUT, b"x")
    first.resize(TerminalSize(columns=100, rows=30))
    recorder = died(tmp_path, clock)

    recorder.resize(TerminalSize(columns=80, rows=24))
    recorder.finish("")

    sizes = [text for code, text in events(in_spool(tmp_path)[0]) if code == "r"]
    assert sizes == ["100x30", "80x24"]


def test_a_torn_write_is_cut_off_and_its_frame_taken_again(tmp_path: Path) -> None:
    clock = FakeClock()
    recorder = a_recorder(tmp_path, clock)
    for number, text in enumerate([b"one ", b"two ", "drei ☃".encode()]):
        recorder.output(number, PayloadType.OUTPUT, text)
    path = spool_path(tmp_path, SESSION_ID, 0)
    whole = path.read_bytes()
    start = whole.rindex(b'"o"')

    for length in range(start, len(whole)):
        path.write_bytes(whole[:length])
        again = died(tmp_path, clock)
        assert again.next_sequence == 2
        again.output(2, PayloadType.OUTPUT, "drei ☃".encode())
        again.finish("")
        assert shown(in_spool(tmp_path)) == "one two drei ☃".encode()
        assert checked(in_spool(tmp_path)).is_whole


@pytest.mark.parametrize("left", [b"", b'{"version":1,"form'], ids=["empty", "torn"])
def test_a_file_without_a_whole_first_line_is_begun_again(tmp_path: Path, left: bytes) -> None:
    path = spool_path(tmp_path, SESSION_ID, 0)
    path.write_bytes(left)

    recorder = died(tmp_path, FakeClock())
    recorder.output(0, PayloadType.OUTPUT, b"x")
    recorder.finish("")

    assert checked(in_spool(tmp_path)).is_whole


def test_a_seal_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    clock = FakeClock()
    recorder = a_recorder(tmp_path, clock)
    recorder.output(0, PayloadType.OUTPUT, b"x")
    recorder.finish("the user left")
    path = spool_path(tmp_path, SESSION_ID, 0)
    sealed = path.read_bytes()
    seal_at = sealed.rindex(b'{"seal"')

    for length in (seal_at, seal_at + 10, len(sealed) - 1):
        path.write_bytes(sealed[:length])
        died(tmp_path, clock).finish("the server stopped")
        assert checked(in_spool(tmp_path)) == Verdict(segments=1, reason="the server stopped")
        assert shown(in_spool(tmp_path)) == b"x"


def test_the_next_segment_follows_a_sealed_one_of_an_earlier_life(tmp_path: Path) -> None:
    clock = FakeClock()
    first = a_recorder(tmp_path, clock, segment_bytes=1)
    first.output(0, PayloadType.OUTPUT, b"one ")
    (sealed,) = in_spool(tmp_path)

    recorder = a_recorder(tmp_path, clock)
    recorder.continue_after(sealed, 0)
    recorder.output(1, PayloadType.OUTPUT, b"two")
    recorder.finish("")

    assert checked(in_spool(tmp_path)).is_whole
    assert shown(in_spool(tmp_path)) == b"one two"
    assert recorder.segments.next_index == 2


def test_a_recording_that_was_over_stays_over(tmp_path: Path) -> None:
    first = a_recorder(tmp_path, FakeClock())
    first.finish("the user left")
    (sealed,) = in_spool(tmp_path)

    recorder = a_recorder(tmp_path, FakeClock())
    recorder.continue_after(sealed, 0)
    recorder.finish("the server stopped")

    assert recorder.segments.ended_because == "the user left"
    assert in_spool(tmp_path) == [sealed]


def test_keys_from_a_file_seal_what_their_public_halves_verify(tmp_path: Path) -> None:
    FileKeyRing.create(tmp_path / "keys")
    keys = FileKeyRing.load(tmp_path / "keys")
    spool = tmp_path / "spool"
    spool.mkdir()
    recorder = Recorder(a_session(), RecorderSettings(spool=spool, key=b"k"), FakeClock(), keys)
    recorder.output(0, PayloadType.OUTPUT, b"x")

    recorder.finish("")

    assert checked(in_spool(spool), keys).is_whole
    assert checked(in_spool(spool), FakeKeyRing()).fault == "wrong key"


@given(
    frames=st.lists(st.binary(max_size=20), min_size=1, max_size=12),
    order=st.randoms(use_true_random=False),
    crashes=st.sets(st.integers(0, 40)),
    segment_bytes=st.sampled_from([1, 400, 10_000]),
)
def test_any_order_duplicates_and_crashes_leave_each_byte_once(
    frames: list[bytes],
    order: object,
    crashes: set[int],
    segment_bytes: int,
) -> None:
    sends = list(enumerate(frames)) * 3
    shuffle: Callable[[list[tuple[int, bytes]]], None] = order.shuffle  # type: ignore[attr-defined]
    shuffle(sends)
    with tempfile.TemporaryDirectory() as folder:
        spool, clock = Path(folder), FakeClock()
        recorder = a_recorder(spool, clock, segment_bytes=segment_bytes)
        for number, (sequence, payload) in enumerate(sends):
            if number in crashes:
                recorder = taken_up(spool, clock, segment_bytes)
            recorder.output(sequence, PayloadType.OUTPUT, payload)

        recorder.finish("")

        assert shown(in_spool(spool)) == b"".join(frames)
        assert checked(in_spool(spool)).is_whole


def taken_up(spool: Path, clock: FakeClock, segment_bytes: int) -> Recorder:
    recorder = a_recorder(spool, clock, segment_bytes=segment_bytes)
    for name in spool_files(spool):
        data = name.path.read_bytes()
        if b'"seal"' in data:
            recorder.continue_after(data, name.index)
        else:
            recorder.resume(name.path, name.index)
    return recorder


def test_kill_9_loses_nothing_that_was_forwarded(tmp_path: Path) -> None:
    child = subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, CHILD, tmp_path], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    forwarded = b""
    while len(forwarded) < 200_000:
        forwarded += os.read(child.stdout.fileno(), 65536)
    child.kill()
    forwarded += child.stdout.read()
    child.stdout.close()
    child.wait()

    recorder = taken_up(tmp_path, FakeClock(), 100_000)
    recorder.finish("the server stopped")

    segments = in_spool(tmp_path)
    assert shown(segments).startswith(forwarded)
    assert checked(segments).is_whole
