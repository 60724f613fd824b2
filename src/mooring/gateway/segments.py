"""The files of one recording: begun, written, sealed one after the other.

What is recorded is the business of whoever owns them; how it becomes a chain of sealed segments,
and goes on after a crash, is the same for every kind of record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from mooring.gateway.spool import FORMAT, SpoolFile
from mooring.ports.world import Clock, KeyRing
from mooring.sessions.session import Session
from mooring.wire.asciicast import header_line
from mooring.wire.chain import FIRST_PREVIOUS, SegmentEnd, SegmentHeader, segment_digest
from mooring.wire.payloads import TerminalSize

__all__ = ["Head", "RecorderSettings", "Segments"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderSettings:
    """Where recordings are spooled, and when a segment is sealed.

    ``key`` is what frames are remembered under, new in each process.
    """

    spool: Path
    key: bytes
    segment_bytes: int = 1024 * 1024
    segment_age: timedelta = timedelta(minutes=10)


class Head(Protocol):
    """Makes the first lines of a segment's content."""

    def __call__(self, now_us: int, *, is_first: bool) -> bytes:
        """Return the lines."""


class Segments:
    """One recording's files; ``head`` begins the content of each."""

    def __init__(
        self,
        session: Session,
        settings: RecorderSettings,
        clock: Clock,
        keys: KeyRing,
        head: Head,
    ) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._keys = keys
        self._head = head
        self._file: SpoolFile | None = None
        # Times count from the session's start, in every segment alike.
        self._began_us = (session.started_at - _EPOCH) // timedelta(microseconds=1)
        self._index = 0
        self._previous = FIRST_PREVIOUS
        self._sealed: list[Path] = []
        self.ended_because: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is an open segment."""
        return self._file is not None

    @property
    def next_index(self) -> int:
        """Return the number of the segment that is open or comes next."""
        return self._index

    @property
    def has_sealed(self) -> bool:
        """Whether there are files for ``take_sealed``."""
        return bool(self._sealed)

    def now_us(self) -> int:
        """Return the time in microseconds since the epoch."""
        return (self._clock.now() - _EPOCH) // timedelta(microseconds=1)

    def since(self, now_us: int) -> float:
        """Return the seconds since the session began."""
        return max(0.0, (now_us - self._began_us) / 1_000_000)

    def header_line(self, size: TerminalSize, env: Mapping[str, str]) -> bytes:
        """Return the line that makes the content an asciicast."""
        return header_line(
            width=size.columns,
            height=size.rows,
            timestamp=self._began_us // 1_000_000,
            title=self._session.session_id,
            env=env,
        )

    def open(self, now_us: int) -> SpoolFile:
        """Return the open segment; begin one when there is none.

        Raises:
            OSError: it cannot be written.
        """
        if self._file is None:
            header = SegmentHeader(
                format=FORMAT,
                session_id=self._session.session_id,
                index=self._index,
                key_id=self._keys.signing_key_id,
                previous=self._previous,
                created_us=now_us,
            )
            self._file = SpoolFile.begin(self._settings.spool, header)
            self._file.write(self._head(now_us, is_first=self._index == 0))
        return self._file

    def write(self, lines: Iterable[bytes], now_us: int) -> None:
        """Append lines in one write.

        Raises:
            OSError: they could not be written, none of them.
        """
        self.open(now_us).write(b"".join(lines))

    def rotate_if_due(self, now_us: int) -> None:
        """Seal the open segment when it is large or old.

        Raises:
            OSError: it could not be written.
        """
        file = self._file
        if file is None:
            return
        age = timedelta(microseconds=now_us - file.header.created_us)
        if file.size > self._settings.segment_bytes or age > self._settings.segment_age:
            self._close(final=False, reason="", now_us=now_us)

    def finish(self, reason: str, last: Callable[[float], Iterable[bytes]]) -> None:
        """Write the last lines, made for the time of now, and seal the recording.

        Raises:
            OSError: it could not be written; the spool keeps what there is.
        """
        now_us = self.now_us()
        self.open(now_us)
        self.write(last(self.since(now_us)), now_us)
        self.ended_because = reason
        self._close(final=True, reason=reason, now_us=now_us)

    def take_sealed(self) -> list[Path]:
        """Return the files sealed since the last call."""
        taken, self._sealed = self._sealed, []
        return taken

    def add_sealed(self, path: Path) -> None:
        """Name a file that an earlier process sealed and did not see kept."""
        self._sealed.append(path)

    def resume(self, path: Path, index: int, data: bytes, *, length: int) -> None:
        """Go on in a file that a dead process left, whose first ``length`` bytes count.

        Raises:
            OSError: it cannot be written.
            RemoteProtocolError: it is no spool file.
        """
        header = SegmentHeader.parse(data.partition(b"\n")[0])
        self._index = index
        self._previous = header.previous
        self._file = SpoolFile(path, header, size=len(data))
        self._file.truncate(length)

    def continue_after(self, sealed: bytes, index: int) -> None:
        """Begin with the segment after a sealed one.

        Raises:
            RemoteProtocolError: it is no sealed segment.
        """
        self._index = index + 1
        self._previous = segment_digest(sealed)
        end = SegmentEnd.parse(sealed.split(b"\n")[-3])
        self.ended_because = end.reason if end.final else None

    def _close(self, *, final: bool, reason: str, now_us: int) -> None:
        file = self._file
        if file is None:
            return
        end = SegmentEnd(final=final, reason=reason, closed_us=now_us)
        self._previous = file.close_sealed(end, self._keys.sign)
        self._sealed.append(file.path)
        self._file = None
        self._index += 1
