"""The machine's clock and generator, and the fakes that stand for them."""

from datetime import UTC, datetime, timedelta

from tests.fakes.clock import FakeClock
from tests.fakes.entropy import FakeEntropy

from mooring.system import SystemClock, SystemEntropy


def test_the_clock_tells_the_time_in_utc() -> None:
    before = datetime.now(UTC)  # noqa: TID251 the clock is what is tested

    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert timedelta(0) <= now - before < timedelta(minutes=1)


def test_entropy_has_the_length_asked_for_and_does_not_repeat() -> None:
    entropy = SystemEntropy()

    drawn = {entropy.bytes(16) for _ in range(100)}

    assert len(drawn) == 100
    assert {len(text) for text in drawn} == {16}
    assert entropy.bytes(0) == b""


def test_uuids_are_random_ones() -> None:
    drawn = {SystemEntropy().uuid() for _ in range(100)}

    assert len(drawn) == 100
    assert {each.version for each in drawn} == {4}


def test_the_fakes_stand_still_and_repeat() -> None:
    clock = FakeClock()
    before = clock.now()

    clock.advance(timedelta(seconds=5))

    assert clock.now() - before == timedelta(seconds=5)
    assert FakeEntropy(7).bytes(9) == FakeEntropy(7).bytes(9) != FakeEntropy(8).bytes(9)
    assert FakeEntropy(7).uuid() == FakeEntropy(7).uuid()
    assert FakeEntropy().uuid().version == 4
