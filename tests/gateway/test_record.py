"""What every kind of record promises to the relay and the keeper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.gateway.forwarding import a_forward_recorder
from tests.gateway.scenes import SESSION_ID, a_recorder
from tests.gateway.test_recorder import checked, in_spool

from mooring.gateway.record import Record
from mooring.gateway.spool import spool_path
from mooring.wire.payloads import PayloadType

Make = Callable[..., Record]


@pytest.fixture(params=[a_recorder, a_forward_recorder], ids=["shell", "forward"])
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def test_the_first_end_stands(make: Make, tmp_path: Path) -> None:
    record = make(tmp_path, FakeClock())

    record.finish("the user left")
    record.finish("again")

    assert record.segments.ended_because == "the user left"
    assert checked(in_spool(tmp_path)).reason == "the user left"


def test_frames_are_counted_in_their_turn(make: Make, tmp_path: Path) -> None:
    record = make(tmp_path, FakeClock())

    for number in (0, 2, 0):
        assert record.output(number, PayloadType.OUTPUT, memoryview(b"x")) is not None
    record.input(0, PayloadType.SIZE, b'{"cols":100,"rows":30}')

    assert record.next_sequence == 1


def test_it_goes_on_after_a_crash(make: Make, tmp_path: Path) -> None:
    make(tmp_path, FakeClock()).output(0, PayloadType.OUTPUT, b"\x01\x02\x00\x00\x03\x00\x00\x00")

    record = make(tmp_path, FakeClock())
    record.resume(spool_path(tmp_path, SESSION_ID, 0), 0)
    record.finish("over")

    assert checked(in_spool(tmp_path)).is_whole


def test_it_goes_on_after_a_sealed_file(make: Make, tmp_path: Path) -> None:
    first = make(tmp_path, FakeClock(), segment_bytes=1)
    first.output(0, PayloadType.OUTPUT, b"\x01\x02\x00\x00\x03\x00\x00\x00")
    sealed = spool_path(tmp_path, SESSION_ID, 0).read_bytes()

    record = make(tmp_path, FakeClock())
    record.continue_after(sealed, 0)
    record.remember(sealed, 0)
    record.finish("over")

    assert checked(in_spool(tmp_path)).segments == 2
