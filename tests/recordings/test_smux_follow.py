"""Headers of smux are found wherever the bytes are cut, and nothing of the data is kept."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.recordings.smux_follow import SmuxFollower, Step
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject
from mooring.wire.smux import Command


def frame(command: int, stream: int, data: bytes = b"", version: int = 1) -> bytes:
    return struct.pack("<BBHI", version, command, len(data), stream) + data


def sums(steps: list[Step]) -> list[tuple[int, int, int]]:
    """Return the steps with the pieces of each stretch of data put together."""
    found: list[tuple[int, int, int]] = []
    for step in steps:
        kind = (int(step.command), step.stream_id)
        if found and step.command is Command.PSH and found[-1][:2] == kind:
            found[-1] = (*kind, found[-1][2] + step.size)
        else:
            found.append((*kind, step.size))
    return found


def test_the_first_bytes_of_a_stock_plugin() -> None:
    captured = bytes.fromhex("0100000003000000") + bytes.fromhex("0102050003000000") + b"hello"

    assert sums(SmuxFollower().feed(captured)) == [(0, 3, 0), (2, 3, 5)]


frames = st.lists(
    st.tuples(st.sampled_from([0, 1, 2, 3]), st.integers(1, 9), st.binary(max_size=40)),
    max_size=12,
)


@given(frames, st.lists(st.integers(1, 30), max_size=40))
def test_cuts_anywhere_change_nothing(made: list[tuple[int, int, bytes]], cuts: list[int]) -> None:
    text = b"".join(frame(command, stream, data) for command, stream, data in made)
    whole = SmuxFollower().feed(text)

    follower, steps, at = SmuxFollower(), [], 0
    for cut in [*cuts, len(text)]:
        steps += follower.feed(memoryview(text)[at : at + cut])
        at += cut
        state = JsonObject(follower.state(), what="state")
        follower = SmuxFollower.at(state)

    assert sums(steps) == sums(whole)
    sent = sum(len(data) for command, _, data in made if command == Command.PSH)
    assert sum(step.size for step in steps) == sent


@pytest.mark.parametrize(
    "wrong",
    [
        b"GET / HT",
        frame(7, 3),
        frame(4, 3, bytes(8)),
        frame(0, 3) + frame(0, 5, version=2),
        frame(0, 3, version=3),
    ],
)
def test_what_is_not_smux_is_told(wrong: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="expected"):
        SmuxFollower().feed(wrong)


def test_our_own_second_version_is_followed_too() -> None:
    text = frame(0, 3, version=2) + frame(4, 3, bytes(8), version=2) + frame(1, 3, version=2)

    assert sums(SmuxFollower().feed(text)) == [(0, 3, 0), (1, 3, 0)]


def test_a_state_that_is_none_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        SmuxFollower.at(JsonObject({"begun": "xx", "command": 1}, what="state"))


@given(st.lists(st.binary(max_size=50)))
def test_hostile_bytes_end_in_an_error_or_in_steps(pieces: list[bytes]) -> None:
    follower = SmuxFollower()
    for piece in pieces:
        try:
            steps = follower.feed(piece)
        except RemoteProtocolError:
            return
        assert sum(step.size for step in steps) <= len(piece)
