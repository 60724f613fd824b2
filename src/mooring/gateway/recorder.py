"""Keeps what a session shows: every output frame is on file before it is forwarded.

A frame is recorded once, by its sequence number, however often the node sends it; one that comes
again with other bytes is told apart, because it must not be shown. A segment is
sealed when it is large or old, and at the end; ``take_sealed`` names the files to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mooring.gateway.fingerprints import Fingerprints, Repeat
from mooring.gateway.spool import FORMAT, SpoolFile, last_size
from mooring.ports.world import Clock, KeyRing
from mooring.sessions.session import Session
from mooring.wire.asciicast import Transcript, header_line, recorded_frames, recover, resize_line
from mooring.wire.chain import FIRST_PREVIOUS, SegmentEnd, SegmentHeader, segment_digest
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.handshake import HandshakeComplete
from mooring.wire.payloads import PayloadType, TerminalSize

__all__ = ["NumberReused", "Recorder", "RecorderSettings"]

_SILENT = frozenset({PayloadType.HANDSHAKE_REQUEST, PayloadType.ENC_CHALLENGE_REQUEST})
"""All that a client does not show. A stock one prints whatever else comes in a shell."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENV: Mapping[str, str] = {"TERM": "xterm-256color"}


class NumberReused(Exception):
    """The node sent other bytes under a sequence number that is on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderSettings:
    """Where recordings are spooled, and when a segment is sealed.

    ``key`` is what frames are remembered under, new in each process.
    """

    spool: Path
    key: bytes
    segment_bytes: int = 1024 * 1024
    segment_age: timedelta = timedelta(minutes=10)


class Recorder:
    """The recording of one session, from its first frame to its seal."""

    def __init__(
        self, session: Session, settings: RecorderSettings, clock: Clock, keys: KeyRing
    ) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._keys = keys
        self._transcript = Transcript()
        self._known = Fingerprints(settings.key)
        self._size = TerminalSize(columns=80, rows=24)
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

    @property
    def next_sequence(self) -> int:
        """Return the number of the first frame that is not on file."""
        return self._transcript.next_sequence

    def output(self, sequence: int, payload_type: int, payload: bytes) -> bool:
        """Put a frame on file; it may be forwarded when this returns.

        Returns whether it is new; when it is not, it shows what was recorded.

        Raises:
            OSError: it could not be written, and must not be forwarded.
            RemoteProtocolError: it is too far ahead of its turn, or older than anything that is
                remembered, and must not be forwarded.
            NumberReused: it shows other than what was recorded, and must not be forwarded.
        """
        shown = _shown(payload_type, payload)
        if self._transcript.has(sequence):
            self._check_repeat(sequence, shown)
            return False
        now_us = self._now_us()
        file = self._open(now_us)
        file.write(b"".join(self._transcript.feed(sequence, shown, self._since(now_us))))
        self._known.add(sequence, shown)
        self._rotate_if_due(file, now_us)
        return True

    def _check_repeat(self, sequence: int, shown: bytes) -> None:
        found = self._known.compare(sequence, shown)
        if found is Repeat.OTHER:
            raise NumberReused(f"it sent other bytes under sequence number {sequence} again")
        if found is Repeat.FORGOTTEN:
            raise RemoteProtocolError(f"sequence number {sequence} is from too long ago")

    @property
    def remembers(self) -> int:
        """Return how many frames a repeat can be compared with."""
        return len(self._known)

    def remember(self, segment: bytes, index: int) -> None:
        """Take the frames of a segment that an earlier process recorded; in order of segments."""
        found = recorded_frames(segment, is_first=index == 0)
        self._known.start(found.start)
        for sequence, shown in found.frames:
            self._known.add(sequence, shown)

    def _rotate_if_due(self, file: SpoolFile, now_us: int) -> None:
        if file.size > self._settings.segment_bytes or self._is_old(now_us):
            self._close(final=False, reason="", now_us=now_us)

    def resize(self, size: TerminalSize) -> None:
        """Note the size of the client's terminal.

        Raises:
            OSError: it could not be written.
        """
        if size == self._size and self._file is not None:
            return
        self._size = size
        if self._file is not None:
            now_us = self._now_us()
            self._file.write(resize_line(self._since(now_us), size.columns, size.rows))
            self._rotate_if_due(self._file, now_us)

    def finish(self, reason: str) -> None:
        """Seal the recording. A second call does nothing.

        Raises:
            OSError: it could not be written; the spool keeps what there is.
        """
        if self.ended_because is not None:
            return
        now_us = self._now_us()
        file = self._open(now_us)
        file.write(b"".join(self._transcript.finish(self._since(now_us))))
        self.ended_because = reason
        self._close(final=True, reason=reason, now_us=now_us)

    def take_sealed(self) -> list[Path]:
        """Return the files sealed since the last call."""
        taken, self._sealed = self._sealed, []
        return taken

    def add_sealed(self, path: Path) -> None:
        """Name a file that an earlier process sealed and did not see kept."""
        self._sealed.append(path)

    def resume(self, path: Path, index: int) -> None:
        """Go on in a file that a dead process left, where its last whole frame ended.

        Raises:
            OSError: it cannot be written.
            RemoteProtocolError: it is no spool file.
        """
        data = path.read_bytes()
        if b"\n" not in data:
            path.unlink()  # it died before the first line was whole, and forwarded nothing
            return
        header = SegmentHeader.parse(data.partition(b"\n")[0])
        found = recover(data)
        self._index = index
        self._previous = header.previous
        self._size = last_size(data) or self._size
        self._transcript = found.transcript
        self._file = SpoolFile(path, header, size=len(data))
        self._file.truncate(found.length)
        self.remember(data[: found.length], index)

    def continue_after(self, sealed: bytes, index: int) -> None:
        """Begin the segment after a sealed one, which a dead process had not begun.

        Raises:
            RemoteProtocolError: it is no sealed segment.
        """
        self._transcript = recover(sealed).transcript
        self.remember(sealed, index)
        self._size = last_size(sealed) or self._size
        self._index = index + 1
        self._previous = segment_digest(sealed)
        end = SegmentEnd.parse(sealed.split(b"\n")[-3])
        self.ended_because = end.reason if end.final else None

    def _open(self, now_us: int) -> SpoolFile:
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
            self._file.write(self._head(now_us))
        return self._file

    def _head(self, now_us: int) -> bytes:
        first = header_line(
            width=self._size.columns,
            height=self._size.rows,
            timestamp=self._began_us // 1_000_000,
            title=self._session.session_id,
            env=_ENV,
        )
        if self._index == 0:
            return first
        return first + b"".join(self._transcript.checkpoint(self._since(now_us)))

    def _close(self, *, final: bool, reason: str, now_us: int) -> None:
        file = self._file
        if file is None:
            return
        end = SegmentEnd(final=final, reason=reason, closed_us=now_us)
        self._previous = file.close_sealed(end, self._keys.sign)
        self._sealed.append(file.path)
        self._file = None
        self._index += 1

    def _is_old(self, now_us: int) -> bool:
        if self._file is None:
            return False
        age = timedelta(microseconds=now_us - self._file.header.created_us)
        return age > self._settings.segment_age

    def _now_us(self) -> int:
        return (self._clock.now() - _EPOCH) // timedelta(microseconds=1)

    def _since(self, now_us: int) -> float:
        return max(0.0, (now_us - self._began_us) / 1_000_000)


def _shown(payload_type: int, payload: bytes) -> bytes:
    """Return what a client's screen shows of a frame."""
    if payload_type in _SILENT:
        return b""
    if payload_type != PayloadType.HANDSHAKE_COMPLETE:
        return payload
    try:
        message = HandshakeComplete.parse(payload).customer_message
    except RemoteProtocolError:
        return b""
    return f"{message}\r\n".encode() if message else b""
