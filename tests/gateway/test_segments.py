"""Files of one recording follow each other, and each is sealed once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.keys import FakeKeyRing
from tests.gateway.scenes import SESSION_ID, a_session
from tests.gateway.test_recorder import checked, in_spool

from mooring.gateway.segments import RecorderSettings, Segments
from mooring.gateway.spool import spool_path
from mooring.wire.asciicast import marker_line


def some_segments(spool: Path, clock: FakeClock, **limits: int) -> Segments:
    settings = RecorderSettings(
        spool=spool,
        key=b"",
        segment_bytes=limits.get("segment_bytes", 10_000),
        segment_age=timedelta(minutes=limits.get("minutes", 10)),
    )

    def head(now_us: int, *, is_first: bool) -> bytes:
        return marker_line(now_us / 1e6, "first" if is_first else "next")

    return Segments(a_session(), settings, clock, FakeKeyRing(), head)


def writes(segments: Segments, text: str) -> None:
    now_us = segments.now_us()
    segments.write([marker_line(segments.since(now_us), text)], now_us)
    segments.rotate_if_due(now_us)


def test_every_file_begins_with_its_head_and_the_chain_is_whole(tmp_path: Path) -> None:
    segments = some_segments(tmp_path, FakeClock(), segment_bytes=1)

    writes(segments, "a")
    writes(segments, "b")
    segments.finish("the user left", lambda at: [marker_line(at, "end")])

    files = in_spool(tmp_path)
    assert checked(files).reason == "the user left"
    assert [b'"first"' in file for file in files] == [True, False, False]
    assert [b'"next"' in file for file in files] == [False, True, True]
    assert segments.take_sealed() == [spool_path(tmp_path, SESSION_ID, n) for n in range(3)]
    assert not segments.has_sealed


def test_times_count_from_the_sessions_start(tmp_path: Path) -> None:
    clock = FakeClock()
    segments = some_segments(tmp_path, clock)

    clock.advance(timedelta(seconds=3))
    early = segments.since(segments.now_us())
    clock.advance(-timedelta(seconds=9))

    assert early == 3
    assert segments.since(segments.now_us()) == 0


def test_an_old_file_is_sealed_with_the_next_write(tmp_path: Path) -> None:
    clock = FakeClock()
    segments = some_segments(tmp_path, clock, minutes=10)
    writes(segments, "a")
    clock.advance(timedelta(minutes=11))

    writes(segments, "b")

    assert not segments.is_open
    assert segments.next_index == 1
