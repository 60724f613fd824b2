"""Frames are kept until acknowledged, and resent no sooner than the stock rules say."""

import itertools

import pytest

from mooring.wire.outbox import Outbox, RoundTrip

WINDOW = 100


def outbox(frames: int, *, sent_at: float | None = 0.0) -> Outbox:
    box = Outbox()
    for number in range(frames):
        box.add(bytes([number]), 10, sent_at=sent_at)
    return box


def test_the_time_out_follows_the_plugin_s_arithmetic() -> None:
    round_trip = RoundTrip()
    assert round_trip.rto_s == 0.2

    # var = |0.1 - 0.02| / 4 = 0.02; srtt = 0.0875 + 0.0025 = 0.09; RTO = 0.09 + 0.08
    round_trip.measure(0.02)
    assert round_trip.rto_s == pytest.approx(0.17)

    # var = 0.015 + 0 = 0.015; srtt = 0.09; RTO = 0.09 + 0.06
    round_trip.measure(0.09)
    assert round_trip.rto_s == pytest.approx(0.15)


def test_the_time_out_is_a_second_at_most() -> None:
    round_trip = RoundTrip()

    round_trip.measure(60.0)

    assert round_trip.rto_s == 1.0


def test_a_cumulative_acknowledgement_drops_all_before_it() -> None:
    box = outbox(5)

    box.acknowledge_up_to(2, 0.1)

    assert box.restart(1.0) == [b"\3", b"\4"]
    assert box.unacked_bytes == 20


def test_a_cumulative_acknowledgement_of_the_future_drops_what_there_is() -> None:
    box = outbox(2)

    box.acknowledge_up_to(2**62, 0.1)

    assert box.is_empty
    assert box.deadline() is None


def test_what_was_never_sent_cannot_be_acknowledged() -> None:
    box = outbox(2, sent_at=None)

    box.acknowledge(0, 0.1)
    box.acknowledge_up_to(1, 0.1)

    assert box.unsent(1.0) == [b"\0", b"\1"]
    assert box.unsent(1.0) == []


def test_all_old_frames_are_resent_when_nothing_is_acknowledged() -> None:
    box = outbox(3)

    assert box.due(0.19, window_bytes=WINDOW) == []
    assert box.due(0.2, window_bytes=WINDOW) == [b"\0", b"\1", b"\2"]
    assert box.resent == 3


def test_only_the_oldest_is_resent_while_others_are_acknowledged() -> None:
    box = outbox(4)
    box.acknowledge(3, 0.15)

    assert box.due(0.2, window_bytes=WINDOW) == [b"\0"]


def test_frames_set_aside_are_resent_ever_more_seldom() -> None:
    box = outbox(2)
    box.acknowledge(1, 0.1)
    at = 0.0
    times: list[float] = []

    while len(times) < 10:
        at = box.deadline() or 0.0
        assert box.due(at, window_bytes=WINDOW) == [b"\0"]
        times.append(at)

    assert box.is_empty
    gaps = [later - earlier for earlier, later in itertools.pairwise(times[4:])]
    assert gaps == pytest.approx([4.0, 8.0, 16.0, 32.0, 64.0])


def test_frames_set_aside_are_dropped_when_acknowledged_after_all() -> None:
    box = outbox(2)
    box.acknowledge(1, 0.1)
    for second in range(1, 5):
        box.due(float(second), window_bytes=WINDOW)

    box.acknowledge(0, 5.0)

    assert box.deadline() is None


def test_frames_set_aside_never_fill_more_than_a_window() -> None:
    box = outbox(20)
    box.acknowledge(19, 0.1)
    for second in range(1, 5):
        box.due(float(second), window_bytes=WINDOW)

    assert box.is_empty
    assert box.forgotten == 9
    assert len(box.restart(9.0)) == 10


def test_an_end_that_repeats_its_acknowledgements_has_nothing_set_aside() -> None:
    box = outbox(2)
    box.peer_repeats_acks = True
    box.acknowledge(1, 0.1)

    for second in range(1, 9):
        box.due(float(second), window_bytes=WINDOW)

    assert not box.is_empty


def test_a_cumulative_acknowledgement_clears_what_was_set_aside() -> None:
    box = outbox(2)
    box.acknowledge(1, 0.1)
    for second in range(1, 5):
        box.due(float(second), window_bytes=WINDOW)

    box.acknowledge_up_to(0, 5.0)

    assert box.restart(6.0) == []


def test_what_may_not_be_sent_yet_is_not_resent() -> None:
    box = outbox(1)
    box.add(b"later", 10, sent_at=None)

    assert box.due(5.0, window_bytes=WINDOW) == [b"\0"]
