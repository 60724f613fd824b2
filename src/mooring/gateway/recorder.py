"""Keeps what a session shows: every output frame is on file before it is forwarded.

A frame is recorded once, by its sequence number, however often the node sends it; one that comes
again with other bytes is told apart, because it must not be shown. A segment is
sealed when it is large or old, and at the end; ``segments`` names the files to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from mooring.gateway.fingerprints import Fingerprints, Repeat
from mooring.gateway.segments import RecorderSettings, Segments
from mooring.gateway.spool import last_size
from mooring.ports.world import Clock, KeyRing
from mooring.recordings.forward import Forward
from mooring.sessions.session import Session
from mooring.wire.asciicast import Transcript, recorded_frames, recover, resize_line
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.handshake import HandshakeComplete
from mooring.wire.payloads import PayloadType, TerminalSize

__all__ = ["NumberReused", "Recorder"]

_SILENT = frozenset({PayloadType.HANDSHAKE_REQUEST, PayloadType.ENC_CHALLENGE_REQUEST})
"""All that a client does not show. A stock one prints whatever else comes in a shell."""
_ENV: Mapping[str, str] = {"TERM": "xterm-256color"}


class NumberReused(Exception):
    """The node sent other bytes under a sequence number that is on record."""


class Recorder:
    """The recording of one session, from its first frame to its seal."""

    forward: Forward | None = None
    """What is shown is what is recorded; connections are ``ForwardRecorder``'s."""

    def __init__(
        self, session: Session, settings: RecorderSettings, clock: Clock, keys: KeyRing
    ) -> None:
        self.segments = Segments(session, settings, clock, keys, self._head)
        self._transcript = Transcript()
        self._known = Fingerprints(settings.key)
        self._size = TerminalSize(columns=80, rows=24)

    @property
    def next_sequence(self) -> int:
        """Return the number of the first frame that is not on file."""
        return self._transcript.next_sequence

    def output(self, sequence: int, payload_type: int, payload: bytes | memoryview) -> bool:
        """Put a frame on file; it may be forwarded when this returns.

        Returns whether it is new; when it is not, it shows what was recorded.

        Raises:
            OSError: it could not be written, and must not be forwarded.
            RemoteProtocolError: it is too far ahead of its turn, or older than anything that is
                remembered, and must not be forwarded.
            NumberReused: it shows other than what was recorded, and must not be forwarded.
        """
        shown = _shown(payload_type, bytes(payload))
        if self._transcript.has(sequence):
            self._check_repeat(sequence, shown)
            return False
        now_us = self.segments.now_us()
        self.segments.open(now_us)
        lines = self._transcript.feed(sequence, shown, self.segments.since(now_us))
        self.segments.write(lines, now_us)
        self._known.add(sequence, shown)
        self.segments.rotate_if_due(now_us)
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

    def input(self, _sequence: int, payload_type: int, payload: bytes | memoryview) -> None:
        """Note of what a client sends the size of its terminal.

        Raises:
            OSError: it could not be written.
        """
        if payload_type == PayloadType.SIZE:
            with suppress(RemoteProtocolError):  # the agent passes it over as well
                self.resize(TerminalSize.parse(bytes(payload)))

    def resize(self, size: TerminalSize) -> None:
        """Note the size of the client's terminal.

        Raises:
            OSError: it could not be written.
        """
        if size == self._size and self.segments.is_open:
            return
        self._size = size
        if self.segments.is_open:
            now_us = self.segments.now_us()
            line = resize_line(self.segments.since(now_us), size.columns, size.rows)
            self.segments.write([line], now_us)
            self.segments.rotate_if_due(now_us)

    def finish(self, reason: str) -> None:
        """Seal the recording. A second call does nothing.

        Raises:
            OSError: it could not be written; the spool keeps what there is.
        """
        if self.segments.ended_because is None:
            self.segments.finish(reason, self._transcript.finish)

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
        found = recover(data)
        self._size = last_size(data) or self._size
        self._transcript = found.transcript
        self.segments.resume(path, index, data, length=found.length)
        self.remember(data[: found.length], index)

    def continue_after(self, sealed: bytes, index: int) -> None:
        """Begin the segment after a sealed one, which a dead process had not begun.

        Raises:
            RemoteProtocolError: it is no sealed segment.
        """
        self._transcript = recover(sealed).transcript
        self.remember(sealed, index)
        self._size = last_size(sealed) or self._size
        self.segments.continue_after(sealed, index)

    def _head(self, now_us: int, *, is_first: bool) -> bytes:
        first = self.segments.header_line(self._size, _ENV)
        if is_first:
            return first
        return first + b"".join(self._transcript.checkpoint(self.segments.since(now_us)))


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
