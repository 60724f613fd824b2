"""Keeps of a port session who connected to what, when, and how much passed; never the content.

A record is an asciicast like a shell's, so that the same players show it and the same chain seals
it. Its lines are of our own making: ``o`` for people, ``c`` with the entry as JSON for programs,
and ``s`` with where each direction is, which ends every write. A recorder that starts after a
crash cuts off what follows the last ``s`` and goes on from there.

Bytes of connections that are open are written down every few seconds, not with each frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mooring.gateway.segments import RecorderSettings, Segments
from mooring.ports.world import Clock, KeyRing
from mooring.recordings.entry import Entry, forward_json, forward_text
from mooring.recordings.forward import Forward
from mooring.recordings.ledger import Ledger, Peer
from mooring.sessions.session import Session
from mooring.wire.asciicast import event_line, parse_line
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.payloads import TerminalSize

__all__ = ["NEWS_EVERY_US", "ForwardRecorder"]

NEWS_EVERY_US = 10_000_000
_LOOK_EVERY_US = 1_000_000

_SHOWN = "o"
_ENTRY = "c"
_STATE = "s"
_SIZE = TerminalSize(columns=160, rows=24)
_ENV: Mapping[str, str] = {}


class ForwardRecorder:
    """The record of one port session."""

    remembers = 0
    """Nothing is compared with what was sent before, because nothing of it is shown."""

    def __init__(
        self,
        session: Session,
        forward: Forward,
        settings: RecorderSettings,
        world: tuple[Clock, KeyRing],
    ) -> None:
        self.forward: Forward | None = forward
        self.segments = Segments(session, settings, *world, self._head)
        self._to = forward
        self._ledger = Ledger(forward)
        self._told_us = 0
        self._look_us = 0

    @property
    def next_sequence(self) -> int:
        """Return the number of the node's first frame that was not taken in its turn."""
        return self._ledger.next_sequence(Peer.NODE)

    def output(self, sequence: int, payload_type: int, payload: bytes | memoryview) -> bool:
        """Note a frame of the node's; it is never compared with an earlier one.

        Raises:
            OSError: it could not be written.
        """
        self._passed(Peer.NODE, sequence, payload_type, payload)
        return True

    def input(self, sequence: int, payload_type: int, payload: bytes | memoryview) -> None:
        """Note a frame of the client's.

        Raises:
            OSError: it could not be written.
        """
        self._passed(Peer.CLIENT, sequence, payload_type, payload)

    def _passed(
        self, peer: Peer, sequence: int, payload_type: int, payload: bytes | memoryview
    ) -> None:
        now_us = self.segments.now_us()
        if not self.segments.is_open:
            self.segments.open(now_us)
            self._told_us = now_us
        entries = self._ledger.passed(peer, sequence, payload_type, payload, now_us)
        if entries or now_us >= self._look_us:
            self._write(entries, now_us)

    def _write(self, entries: list[Entry], now_us: int) -> None:
        """Write entries, those that are due with them, and seal what is large or old."""
        self._look_us = now_us + _LOOK_EVERY_US
        if now_us - self._told_us > NEWS_EVERY_US and self._ledger.has_news:
            entries = [*entries, *self._ledger.news()]
        if entries:
            self._told_us = now_us
            self.segments.write(self._lines(entries, now_us), now_us)
        self.segments.rotate_if_due(now_us)

    def _lines(self, entries: Iterable[Entry], now_us: int) -> list[bytes]:
        """Return the lines of one write."""
        time_s = self.segments.since(now_us)
        lines = []
        for entry in entries:
            text = entry.to_text(self._to)
            if text:
                lines.append(event_line(time_s, _SHOWN, f"{_when(now_us)} {text}\r\n"))
            lines.append(event_line(time_s, _ENTRY, entry.to_json(self._to)))
        return [*lines, event_line(time_s, _STATE, self._ledger.state())]

    def _head(self, now_us: int, *, is_first: bool) -> bytes:
        time_s = self.segments.since(now_us)
        lines = [self.segments.header_line(_SIZE, _ENV)]
        if is_first:
            text = f"{_when(now_us)} {forward_text(self._to)}\r\n"
            lines.append(event_line(time_s, _SHOWN, text))
        lines.append(event_line(time_s, _ENTRY, forward_json(self._to)))
        return b"".join([*lines, *self._lines(self._ledger.news(everything=True), now_us)])

    def finish(self, reason: str) -> None:
        """Write what is still open and the sums, and seal. A second call does nothing.

        Raises:
            OSError: it could not be written; the spool keeps what there is.
        """
        if self.segments.ended_because is None:
            self.segments.finish(reason, self._last)

    def _last(self, _time_s: float) -> list[bytes]:
        return self._lines(self._ledger.finish(), self.segments.now_us())

    def remember(self, segment: bytes, index: int) -> None:
        """Do nothing: no frame is compared with an earlier one."""

    def resume(self, path: Path, index: int) -> None:
        """Go on in a file that a dead process left, where its last whole write ended.

        Raises:
            OSError: it cannot be written.
            RemoteProtocolError: it is no spool file.
        """
        data = path.read_bytes()
        length = self._restore(data)
        if not length:
            path.unlink()  # it died before its first write was whole, and forwarded nothing
            return
        self.segments.resume(path, index, data, length=length)
        self._told_us = self.segments.now_us()

    def continue_after(self, sealed: bytes, index: int) -> None:
        """Begin the segment after a sealed one, which a dead process had not begun.

        Raises:
            RemoteProtocolError: it is no sealed segment.
        """
        self._restore(sealed)
        self.segments.continue_after(sealed, index)

    def _restore(self, data: bytes) -> int:
        """Take over what a file tells; return the length of what counts in it."""
        entries: list[Entry] = []
        told, state = 0, ""
        at, length = 0, 0
        for line in data.split(b"\n")[:-1]:
            at += len(line) + 1
            event = None
            with suppress(RemoteProtocolError):
                event = parse_line(line)
            if event is not None and event.code == _STATE:
                length, told, state = at, len(entries), event.text
            elif event is not None and event.code == _ENTRY:
                entry = Entry.parse(event.text)
                entries += [entry] if entry is not None else []
        if length:
            self._ledger.restore(state, entries[:told])
        return length


def _when(now_us: int) -> str:
    moment = datetime.fromtimestamp(now_us // 1_000_000, UTC)
    return moment.isoformat().replace("+00:00", "Z")
