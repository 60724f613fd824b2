"""Frames as AWS's peers write them, whole or in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.smux import Command, Frame, FrameDecoder, Update

# Captured from a stock plugin when the first connection is accepted, and what curl then sent.
CAPTURED = bytes.fromhex("0100000003000000" + "0102050003000000") + b"GET /"
FRAMES = st.lists(
    st.builds(
        Frame,
        command=st.sampled_from([Command.SYN, Command.FIN, Command.PSH, Command.NOP]),
        stream_id=st.integers(0, 2**32 - 1),
        data=st.binary(max_size=200),
    ),
    max_size=8,
)


def test_the_captured_bytes_are_an_open_stream_and_its_data() -> None:
    frames = FrameDecoder(1).feed(CAPTURED)

    assert frames == [
        Frame(command=Command.SYN, stream_id=3),
        Frame(command=Command.PSH, stream_id=3, data=b"GET /"),
    ]
    assert b"".join(frame.encode(1) for frame in frames) == CAPTURED


@given(frames=FRAMES, cuts=st.lists(st.integers(1, 40), min_size=1, max_size=10))
def test_pieces_make_the_same_frames(frames: list[Frame], cuts: list[int]) -> None:
    text = b"".join(frame.encode(1) for frame in frames)
    decoder = FrameDecoder(1)

    found: list[Frame] = []
    turn = 0
    while text:
        size = cuts[turn % len(cuts)]
        found += decoder.feed(text[:size])
        text = text[size:]
        turn += 1

    assert found == frames


def test_the_largest_frame_is_taken() -> None:
    whole = Frame(command=Command.PSH, stream_id=5, data=b"x" * 65535)

    assert FrameDecoder(1).feed(whole.encode(1)) == [whole]


@pytest.mark.parametrize(
    ("version", "head"),
    [(1, "02"), (1, "00"), (2, "01"), (1, "0105"), (1, "0104"), (2, "0205")],
)
def test_another_version_or_command_ends_the_session(version: int, head: str) -> None:
    text = bytes.fromhex(head).ljust(8, b"\0")

    with pytest.raises(RemoteProtocolError):
        FrameDecoder(version).feed(text)


def test_an_update_is_two_numbers() -> None:
    update = Update(consumed=2**32 - 1, window=262144)

    assert update.encode() == bytes.fromhex("ffffffff00000400")
    assert Update.parse(update.encode()) == update
    with pytest.raises(RemoteProtocolError):
        Update.parse(b"\0" * 7)
