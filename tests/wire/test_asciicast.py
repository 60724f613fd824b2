"""A recording gives back the exact bytes, wherever its writer died."""

import json
import random as random_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.asciicast import (
    CastEvent,
    RecordedFrames,
    Transcript,
    header_line,
    input_line,
    marker_line,
    output_bytes,
    parse_line,
    recorded_frames,
    recover,
    resize_line,
)
from mooring.wire.errors import RemoteProtocolError

frames = st.lists(
    st.binary(max_size=12)
    | st.text(max_size=6).map(str.encode)
    | st.sampled_from(
        [b"", b"\xe2", b"\x82", b"\xac", b"\xf0\x9f", b"\x0c\x85", "\u2028".encode()]
    ),
    max_size=12,
)


def cast(transcript: Transcript, numbered: list[tuple[int, bytes]]) -> list[bytes]:
    return [
        line
        for at, (sequence, output) in enumerate(numbered)
        for line in transcript.feed(sequence, output, float(at))
    ]


def test_lines_are_those_of_the_format() -> None:
    header = header_line(width=80, height=24, timestamp=1700000000, title="t", env={"TERM": "x"})

    assert header == (
        b'{"version":2,"width":80,"height":24,"timestamp":1700000000,"title":"t",'
        b'"env":{"TERM":"x"}}\n'
    )
    assert Transcript().feed(0, b"\x1b[1mhi\r\n", 1.5) == [
        b'[1.500000, "o", "\\u001b[1mhi\\r\\n"]\n',
        b'[1.500000, "n", "1 "]\n',
    ]
    assert input_line(0.25, "l\r") == b'[0.250000, "i", "l\\r"]\n'
    assert resize_line(2.0, 120, 40) == b'[2.000000, "r", "120x40"]\n'
    assert marker_line(2.0, "resumed") == b'[2.000000, "m", "resumed"]\n'


def test_a_character_cut_in_two_is_shown_whole() -> None:
    lines = cast(Transcript(), [(0, b"a\xe2\x82"), (1, b"\xacb")])

    assert lines == [
        b'[0.000000, "o", "a"]\n',
        b'[0.000000, "n", "1 e282"]\n',
        '[1.000000, "o", "\u20acb"]\n'.encode(),
        b'[1.000000, "n", "2 "]\n',
    ]


def test_bytes_that_are_no_text_are_kept_beside_what_is_shown() -> None:
    lines = Transcript().feed(0, b"a\xffb", 0.0)

    assert lines[:2] == [
        b'[0.000000, "x", "61ff62"]\n',
        '[0.000000, "o", "a\ufffdb"]\n'.encode(),
    ]
    assert output_bytes(lines) == b"a\xffb"


def test_a_frame_before_its_turn_is_kept_and_shown_in_order() -> None:
    lines = cast(Transcript(), [(1, b"b"), (0, b"a")])

    assert lines == [
        b'[0.000000, "h", "1 62"]\n',
        b'[0.000000, "n", "0 "]\n',
        b'[1.000000, "o", "a"]\n',
        b'[1.000000, "o", "b"]\n',
        b'[1.000000, "n", "2 "]\n',
    ]


def test_a_frame_that_shows_nothing_still_counts() -> None:
    assert Transcript().feed(0, b"", 0.0) == [b'[0.000000, "n", "1 "]\n']


@given(frames, st.data())
def test_gives_back_the_exact_bytes_of_frames_in_any_order(
    outputs: list[bytes], draw: st.DataObject
) -> None:
    numbered = draw.draw(st.permutations(list(enumerate(outputs)) * 2))

    lines = cast(Transcript(), numbered)

    assert output_bytes(lines) == b"".join(outputs)


@given(frames)
def test_shows_what_a_terminal_would(outputs: list[bytes]) -> None:
    transcript = Transcript()
    lines = cast(transcript, list(enumerate(outputs))) + transcript.finish(9.0)

    shown = [event.text for line in lines if (event := parse_line(line)) and event.code == "o"]

    assert "".join(shown) == b"".join(outputs).decode(errors="replace")
    assert output_bytes(lines) == b"".join(outputs)


@given(frames, st.data())
def test_nothing_is_lost_or_doubled_wherever_the_writer_died(
    outputs: list[bytes], draw: st.DataObject
) -> None:
    order = draw.draw(st.permutations(list(enumerate(outputs))))
    written = b"".join(cast(Transcript(), order))
    cut = draw.draw(st.integers(0, len(written)))

    recovered = recover(written[:cut])
    more = cast(recovered.transcript, list(enumerate(outputs)))

    assert recovered.length <= cut
    assert output_bytes(_lines(written[: recovered.length]) + more) == b"".join(outputs)


@given(frames, frames)
def test_another_file_can_be_recovered_by_itself(first: list[bytes], then: list[bytes]) -> None:
    transcript = Transcript()
    before = cast(transcript, [(number + 1, output) for number, output in enumerate(first)])
    opening = transcript.checkpoint(1.0)

    recovered = recover(b"".join(opening)).transcript
    numbered = list(enumerate([b"?", *first, *then]))
    after = cast(recovered, numbered)

    assert output_bytes(before + opening + after) == b"".join(output for _, output in numbered)


def test_keeps_sizes_and_marks_and_the_last_time() -> None:
    lines = [*Transcript().feed(0, b"a", 1.0), resize_line(2.0, 80, 24)]
    torn = Transcript(next_sequence=1).feed(1, b"b", 3.0)[0]

    recovered = recover(b"".join(lines) + torn)

    assert recovered.length == len(b"".join(lines))
    assert recovered.time_s == 2.0
    assert recovered.transcript.next_sequence == 1


def test_cuts_off_a_seal_that_was_not_finished() -> None:
    opening = b'{"version":1}\n' + header_line(width=1, height=1, timestamp=0, title="", env={})
    lines = b"".join(Transcript().feed(0, b"a", 1.0))

    recovered = recover(opening + lines + b'{"end":{"final":true}}\n')

    assert recovered.length == len(opening + lines)


@given(st.binary())
def test_any_bytes_are_recovered_from(data: bytes) -> None:
    recovered = recover(data)

    assert 0 <= recovered.length <= len(data)


@given(
    st.binary()
    | st.recursive(st.text() | st.integers(), st.lists).map(
        lambda value: json.dumps(value).encode()
    )
)
def test_any_line_is_parsed_or_refused(line: bytes) -> None:
    try:
        parse_line(line)
        output_bytes([line])
    except RemoteProtocolError:
        pass


def test_reads_events() -> None:
    assert parse_line(b'[1, "o", "x"]\n') == CastEvent(time_s=1.0, code="o", text="x")
    assert parse_line(b'{"version": 2}\n') is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[1]",
        b'["1","o","x"]',
        b'[0,"x","0"]',
        b'[0,"n",""]',
        b'[0,"n","-1 "]',
        b'[0,"o","\\ud800"]',
        b"[" * 100_000,
    ],
)
def test_refuses_lines_that_are_none(line: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        output_bytes([line])


def test_refuses_frames_too_far_ahead_of_their_turn() -> None:
    many, large = Transcript(), Transcript()
    for sequence in range(1, 1001):
        many.feed(sequence, b"", 0.0)

    with pytest.raises(RemoteProtocolError, match="1001 is too far ahead of 0"):
        many.feed(1001, b"", 0.0)
    with pytest.raises(RemoteProtocolError, match="too far ahead"):
        large.feed(1, b"x" * (4 * 1024 * 1024 + 1), 0.0)


@given(frames, st.randoms(use_true_random=False), st.integers(0, 12))
def test_gives_back_every_frame_of_a_file(
    outputs: list[bytes], random: "random_module.Random", cut: int
) -> None:
    order = list(enumerate(outputs))
    random.shuffle(order)
    transcript = Transcript()
    first = b"".join(b"".join(transcript.feed(*frame, 0.0)) for frame in order[:cut])
    opening = b"".join(transcript.checkpoint(0.0))
    start = transcript.next_sequence
    second = opening + b"".join(b"".join(transcript.feed(*frame, 0.0)) for frame in order[cut:])

    before = recorded_frames(first, is_first=True)
    after = recorded_frames(second, is_first=False)

    assert before == RecordedFrames(start=0, frames=tuple(order[:cut]))
    assert after.start == start
    held = {frame for frame in order[:cut] if frame[0] >= start}
    assert set(after.frames) == held | set(order[cut:])


def test_takes_the_frames_before_a_torn_line() -> None:
    lines = b"".join(Transcript().feed(0, b"whole", 0.0))

    found = recorded_frames(lines + b'[0.1, "o", "to', is_first=True)

    assert found.frames == ((0, b"whole"),)


def _lines(data: bytes) -> list[bytes]:
    return [line + b"\n" for line in data.split(b"\n")[:-1]]
