"""Each frame once and in its turn, as long as what is missing comes in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.recordings.in_order import MAX_HELD_BYTES, MAX_HELD_FRAMES, MAX_WAIT_US, InOrder


def numbers(order: InOrder, *sequences: int) -> list[bytes]:
    found: list[bytes] = []
    for sequence in sequences:
        found += [bytes(data) for _, data in order.feed(sequence, 1, b"%d" % sequence, 0)]
    return found


@given(st.permutations(range(8)), st.lists(st.integers(0, 7)))
def test_any_order_and_any_repeats_come_out_once_in_turn(first: list[int], more: list[int]) -> None:
    assert numbers(InOrder(), *first, *more) == [b"%d" % number for number in range(8)]


def test_repeats_of_what_waits_are_taken_once() -> None:
    order = InOrder()

    assert numbers(order, 1, 1, 2, 1, 0, 2) == [b"0", b"1", b"2"]
    assert not order.is_waiting


def test_a_negative_number_is_none_of_a_stream() -> None:
    assert numbers(InOrder(), -1) == []


@pytest.mark.parametrize(
    ("frames", "size", "pause_us"),
    [
        (MAX_HELD_FRAMES + 1, 1, 0),
        (2, MAX_HELD_BYTES // 2 + 1, 0),
        (2, 1, MAX_WAIT_US + 1),
    ],
)
def test_what_waits_is_bounded(frames: int, size: int, pause_us: int) -> None:
    order = InOrder()
    seen = [
        piece
        for number in range(frames)
        for piece in order.feed(5 + number, 1, bytes(size), number * pause_us)
    ]

    assert order.is_lost
    assert len(seen) == frames
    assert not order.is_waiting
    assert list(order.feed(0, 1, b"late", 0)) == [(1, b"late")]
