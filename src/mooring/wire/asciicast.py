"""A session's output as lines of an asciicast v2 file, written so that a crash loses nothing.

The first line is the header, each other one an event ``[seconds, code, text]``. Codes ``o``
(output), ``i`` (input), ``r`` (resize) and ``m`` (marker) are the format's; players skip the rest:

====  ============================  =====================================================
code  text                          meaning
====  ============================  =====================================================
x     hex                           the exact bytes of the ``o`` that follows, which is
                                    no UTF-8 and so shows U+FFFD
h     sequence number, space, hex   a frame that came before its turn
n     sequence number, space, hex   all frames before this number are above; the hex is the
                                    beginning of a character whose rest has not come
====  ============================  =====================================================

A frame's lines end with ``n``, and are meant to reach the file in one write. An ``o``, ``x`` or
``h`` after the last ``n`` belongs to a frame that was not forwarded yet: a recorder that starts
again cuts it off, and the node sends the frame again.

Source: asciinema, "asciicast v2" file format.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonValue, write_json
from mooring.wire.utf8 import Utf8Splitter

__all__ = [
    "CastEvent",
    "RecordedFrames",
    "Recovered",
    "Transcript",
    "event_line",
    "header_line",
    "input_line",
    "marker_line",
    "output_bytes",
    "parse_line",
    "recorded_frames",
    "recover",
    "resize_line",
]

_VERSION = 2
_MAX_HELD_FRAMES = 1000
_MAX_HELD_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CastEvent:
    """One event line."""

    time_s: float
    code: str
    text: str


class Transcript:
    """Turns frames of output into lines, each frame once and in the order of their numbers."""

    __slots__ = ("_held", "_held_bytes", "_splitter", "next_sequence")

    def __init__(
        self,
        *,
        next_sequence: int = 0,
        pending: bytes = b"",
        held: Mapping[int, bytes] | None = None,
    ) -> None:
        self.next_sequence = next_sequence
        self._splitter = Utf8Splitter(pending)
        self._held = dict(held or {})
        self._held_bytes = sum(map(len, self._held.values()))

    def feed(self, sequence: int, output: bytes, time_s: float) -> list[bytes]:
        """Record one frame; nothing for one that is recorded already.

        Args:
            sequence: the frame's number in the node's stream.
            output: what it shows; empty for frames that show nothing, whose number counts too.
            time_s: seconds since the recording began.

        Raises:
            RemoteProtocolError: the frame is further ahead of its turn than may be kept; it must
                not be forwarded, and the node will send it again.
        """
        if self.has(sequence):
            return []
        if sequence > self.next_sequence:
            return [self._hold(sequence, output, time_s), self._next_line(time_s)]
        lines = self._show(output, time_s)
        # INVARIANT: frames are shown one by one in the order of their numbers.
        self.next_sequence += 1
        while self.next_sequence in self._held:
            held = self._held.pop(self.next_sequence)
            self._held_bytes -= len(held)
            lines += self._show(held, time_s)
            self.next_sequence += 1
        lines.append(self._next_line(time_s))
        return lines

    def has(self, sequence: int) -> bool:
        """Whether the frame of this number is recorded."""
        return sequence < self.next_sequence or sequence in self._held

    def checkpoint(self, time_s: float) -> list[bytes]:
        """Return the lines that begin another file, so that it can be recovered by itself."""
        held = [_held_line(time_s, *frame) for frame in sorted(self._held.items())]
        return [*held, self._next_line(time_s)]

    def finish(self, time_s: float) -> list[bytes]:
        """Show what is pending, because nothing will follow."""
        rest = self._splitter.flush()
        return [*_output_lines(rest, time_s), self._next_line(time_s)]

    def _show(self, output: bytes, time_s: float) -> list[bytes]:
        return _output_lines(self._splitter.push(output), time_s)

    def _hold(self, sequence: int, output: bytes, time_s: float) -> bytes:
        full = len(self._held) >= _MAX_HELD_FRAMES
        if full or self._held_bytes + len(output) > _MAX_HELD_BYTES:
            raise RemoteProtocolError(
                f"sequence number {sequence} is too far ahead of {self.next_sequence}"
            )
        self._held[sequence] = output
        self._held_bytes += len(output)
        return _held_line(time_s, sequence, output)

    def _next_line(self, time_s: float) -> bytes:
        return _line(time_s, "n", f"{self.next_sequence} {self._splitter.pending.hex()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Where a recording stopped: cut the file to ``length`` bytes and go on."""

    transcript: Transcript
    length: int
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFrames:
    """Number and exact output of frames, as they reached a file that starts before ``start``."""

    start: int
    frames: tuple[tuple[int, bytes], ...]


def header_line(
    *, width: int, height: int, timestamp: int, title: str, env: Mapping[str, str]
) -> bytes:
    """Return the first line; ``timestamp`` is the epoch's seconds when the recording began."""
    header: dict[str, JsonValue] = {
        "version": _VERSION,
        "width": width,
        "height": height,
        "timestamp": timestamp,
        "title": title,
        "env": env,
    }
    return write_json(header) + b"\n"


def input_line(time_s: float, text: str) -> bytes:
    """Return the line of what a person typed."""
    return _line(time_s, "i", text)


def resize_line(time_s: float, columns: int, rows: int) -> bytes:
    """Return the line of a terminal that changed its size."""
    return _line(time_s, "r", f"{columns}x{rows}")


def marker_line(time_s: float, label: str) -> bytes:
    """Return the line of something worth finding again."""
    return _line(time_s, "m", label)


def event_line(time_s: float, code: str, text: str) -> bytes:
    """Return the line of an event of a code that others have given a meaning."""
    return _line(time_s, code, text)


def parse_line(line: bytes) -> CastEvent | None:
    """Read an event line; None for a header, whichever file format it belongs to.

    Raises:
        RemoteProtocolError: it is neither.
    """
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError) as exc:
        raise RemoteProtocolError("line of a recording is not JSON") from exc
    if isinstance(value, dict):
        return None
    match value:
        case [int() | float() as time_s, str(code), str(text)]:
            return CastEvent(time_s=float(time_s), code=code, text=text)
    raise RemoteProtocolError("line of a recording is no event")


def output_bytes(lines: Iterable[bytes]) -> bytes:
    """Return the exact bytes that a recording's frames showed, over all its files.

    Raises:
        RemoteProtocolError: a line is not one of a recording.
    """
    out: list[bytes] = []
    exact: bytes | None = None
    pending = b""
    for line in lines:
        event = parse_line(line)
        if event is None:
            continue
        if event.code == "x":
            exact = _unhex(event.text)
        elif event.code == "o":
            out.append(_encoded(event.text) if exact is None else exact)
            exact = None
        elif event.code == "n":
            pending = _numbered(event.text)[1]
    return b"".join(out) + pending


def recover(data: bytes) -> Recovered:
    """Read what a recorder left when it died.

    ``data`` is the file. Whatever is no event after the first one is cut off with all that
    follows: a torn write, or the end line of a seal that was not finished.
    """
    reading = _Reading()
    # Not splitlines: text in a line may hold what other alphabets take for the end of one.
    for line in data.split(b"\n")[:-1]:
        if not reading.takes(line + b"\n"):
            break
    return reading.result()


def recorded_frames(data: bytes, *, is_first: bool) -> RecordedFrames:
    """Return every frame in one file of a recording.

    ``is_first`` tells a recording's first file from the others, which begin with where they
    stand.
    """
    frames = _Frames(0 if is_first else None)
    for line in data.split(b"\n")[:-1]:
        try:
            event = parse_line(line)
            if event is not None:
                frames.take(event)
        except RemoteProtocolError:
            break
    return RecordedFrames(start=frames.start or 0, frames=tuple(frames.found))


class _Frames:
    """Puts the lines of a file together to frames again."""

    def __init__(self, start: int | None) -> None:
        self.start = start
        self.found: list[tuple[int, bytes]] = []
        self._following = start
        self._pending = b""
        self._shown = b""
        self._exact: bytes | None = None
        self._held: dict[int, bytes] = {}

    def take(self, event: CastEvent) -> None:
        if event.code == "x":
            self._exact = _unhex(event.text)
        elif event.code == "o":
            self._shown += _encoded(event.text) if self._exact is None else self._exact
            self._exact = None
        elif event.code == "h":
            sequence, output = _numbered(event.text)
            self._held[sequence] = output
            self.found.append((sequence, output))
        elif event.code == "n":
            self._end(*_numbered(event.text))

    def _end(self, number: int, rest: bytes) -> None:
        """One frame came in its turn, and set free those that had come before theirs."""
        following = self._following
        if following is None:
            self.start = number
        elif number > following:
            whole = (self._shown + rest)[len(self._pending) :]
            freed = sum(len(self._held.pop(at, b"")) for at in range(following + 1, number))
            self.found.append((following, whole[: len(whole) - freed]))
        self._following, self._pending, self._shown = number, rest, b""


class _Reading:
    """What is known of a recording, line by line; ``length`` covers only what counts."""

    def __init__(self) -> None:
        self._length = 0
        self._read = 0
        self._time_s = 0.0
        self._next = 0
        self._pending = b""
        self._held: dict[int, bytes] = {}
        self._uncommitted: dict[int, bytes] = {}
        self._is_open = False
        self._has_events = False

    def takes(self, line: bytes) -> bool:
        try:
            event = parse_line(line)
            if event is not None:
                self._take(event)
        except RemoteProtocolError:
            return False
        if event is None and self._has_events:
            return False
        self._has_events = event is not None
        self._read += len(line)
        if not self._is_open:
            self._length = self._read
            self._time_s = self._time_s if event is None else event.time_s
        return True

    def _take(self, event: CastEvent) -> None:
        if event.code == "h":
            sequence, output = _numbered(event.text)
            self._uncommitted[sequence] = output
            self._is_open = True
        elif event.code in {"o", "x"}:
            self._is_open = True
        elif event.code == "n":
            self._next, self._pending = _numbered(event.text)
            held = self._held | self._uncommitted
            self._held = {number: held[number] for number in held if number >= self._next}
            self._uncommitted = {}
            self._is_open = False

    def result(self) -> Recovered:
        transcript = Transcript(next_sequence=self._next, pending=self._pending, held=self._held)
        return Recovered(transcript=transcript, length=self._length, time_s=self._time_s)


def _output_lines(output: bytes, time_s: float) -> list[bytes]:
    if not output:
        return []
    try:
        return [_line(time_s, "o", output.decode())]
    except UnicodeDecodeError:
        shown = output.decode(errors="replace")
        return [_line(time_s, "x", output.hex()), _line(time_s, "o", shown)]


def _held_line(time_s: float, sequence: int, output: bytes) -> bytes:
    return _line(time_s, "h", f"{sequence} {output.hex()}")


def _line(time_s: float, code: str, text: str) -> bytes:
    return f'[{time_s:.6f}, "{code}", {json.dumps(text, ensure_ascii=False)}]\n'.encode()


def _numbered(text: str) -> tuple[int, bytes]:
    number, _, digits = text.partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) <= 19):
        raise RemoteProtocolError("line of a recording has no sequence number")
    return int(number), _unhex(digits)


def _unhex(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError as exc:
        raise RemoteProtocolError("line of a recording is not hexadecimal") from exc


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as exc:
        raise RemoteProtocolError("line of a recording is not Unicode") from exc
