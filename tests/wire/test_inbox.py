"""Frames are given out once and in order, and a gap cannot be made to cost memory."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.inbox import Arrival, Held, Inbox


def held(payload: bytes = b"x") -> Held:
    return Held(UUID(int=0), 1, payload)


def inbox() -> Inbox:
    return Inbox(max_frames=4, max_bytes=100)


def drain(box: Inbox) -> list[int]:
    out = []
    while (taken := box.take(lambda _: True)) is not None:
        out.append(taken[0])
    return out


@given(st.permutations(range(4)))
def test_any_order_within_the_limits_is_put_right(order: list[int]) -> None:
    box = inbox()

    for sequence in order:
        assert box.offer(sequence, held()) is Arrival.KEPT

    assert drain(box) == [0, 1, 2, 3]
    assert (box.frames, box.held_bytes) == (0, 0)


@given(st.lists(st.tuples(st.integers(0, 2**63 - 1) | st.integers(0, 9), st.binary(max_size=60))))
def test_no_numbers_make_it_keep_more_than_its_limits(frames: list[tuple[int, bytes]]) -> None:
    box = inbox()

    for sequence, payload in frames:
        box.offer(sequence, held(payload))

        assert box.frames <= 4 + 1
        assert box.held_bytes <= 100 + 60


def test_tells_what_became_of_each_frame() -> None:
    box = inbox()
    box.offer(0, held())
    drain(box)

    assert box.offer(0, held()) is Arrival.PAST
    assert box.offer(2, held()) is Arrival.KEPT
    assert box.offer(2, held()) is Arrival.REPEATED
    assert box.offer(5, held()) is Arrival.NO_ROOM
    assert box.offer(3, held(b"x" * 100)) is Arrival.NO_ROOM
    assert box.offer(1, held(b"x" * 100)) is Arrival.KEPT


def test_gives_nothing_out_that_may_not_go() -> None:
    box = inbox()
    box.offer(0, held())

    assert box.take(lambda _: False) is None
    assert box.held(0) == held()
