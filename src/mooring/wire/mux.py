"""Many connections over the bytes of one port session: who may send how much on which.

Both sides of a forward have one of these. It does no I/O: bytes of the other side go in by
``receive``, bytes for it come out of ``take``, and what happened comes back as events.

A stream is over when both sides have sent FIN. AWS's peers give up a stream in both directions
as soon as one of them has ended and skip what comes after; ours go on in the other direction,
as TCP does. Version 1 has no windows: a reader that is slow holds up every stream, because all
that can be done is to stop reading the session. Version 2, between our own ends, gives each
stream a window of its own.

Source: the xtaci/smux protocol; ids and limits as AWS's peers have them.
"""

from __future__ import annotations

from dataclasses import dataclass

from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.smux import MAX_DATA_SENT, Command, Frame, FrameDecoder, Update

__all__ = [
    "FIRST_WINDOW",
    "MAX_STREAMS",
    "Arrived",
    "Credited",
    "Finished",
    "Mux",
    "MuxEvent",
    "Opened",
]

MAX_STREAMS = 256
"""Open at a time; one more is refused."""
FIRST_WINDOW = 262144
"""What may be under way on a stream of version 2 before its first update."""
_MAX_UNREAD = 2**19
"""Frames that wait for a side that goes on opening streams; more than data alone can make."""
_CLIENT_FIRST_ID = 3
_WITHOUT_LIMIT = 2**31
_MODULUS = 2**32
_VERSION_WITH_WINDOWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The other side opened a stream."""

    stream_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Data; whoever has passed it on says so by ``consumed``."""

    stream_id: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The other side sends no more on the stream."""

    stream_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """There is room to send on the stream again."""

    stream_id: int


MuxEvent = Opened | Arrived | Finished | Credited


@dataclass(slots=True, kw_only=True)
class _Stream:
    """Counts, modulo nothing; windows compare them modulo 2^32."""

    sent: int = 0
    peer_consumed: int = 0
    peer_window: int = FIRST_WINDOW
    received: int = 0
    consumed: int = 0
    told: int = 0
    is_finished_here: bool = False
    is_finished_there: bool = False

    @property
    def is_over(self) -> bool:
        return self.is_finished_here and self.is_finished_there


class Mux:
    """One side; the client opens the streams.

    Attributes:
        version: 1, or 2 between our own ends.
    """

    def __init__(self, *, version: int = 1, max_streams: int = MAX_STREAMS) -> None:
        self.version = version
        self._max_streams = max_streams
        self._decoder = FrameDecoder(version)
        self._streams: dict[int, _Stream] = {}
        self._next_id = _CLIENT_FIRST_ID
        self._out: list[bytes] = []

    @property
    def streams(self) -> tuple[int, ...]:
        """The streams that are not over."""
        return tuple(self._streams)

    def open(self) -> int:
        """Open a stream and return its id.

        Raises:
            LocalProtocolError: as many as there may be are open.
        """
        if len(self._streams) >= self._max_streams:
            raise LocalProtocolError(f"expected at most {self._max_streams} open streams")
        stream_id, self._next_id = self._next_id, self._next_id + 2
        self._streams[stream_id] = _Stream()
        self._send(Command.SYN, stream_id)
        return stream_id

    def room(self, stream_id: int) -> int:
        """Say how many bytes may be sent on the stream now; none on one that is over."""
        stream = self._streams.get(stream_id)
        if stream is None or stream.is_finished_here:
            return 0
        if self.version < _VERSION_WITH_WINDOWS:
            return _WITHOUT_LIMIT
        return max(0, stream.peer_window - (stream.sent - stream.peer_consumed))

    def send(self, stream_id: int, data: bytes) -> None:
        """Send data, which must fit into ``room``; what comes after the stream's end is dropped.

        Raises:
            LocalProtocolError: more than there is room for.
        """
        stream = self._streams.get(stream_id)
        if stream is None or stream.is_finished_here:
            return
        if len(data) > self.room(stream_id):
            raise LocalProtocolError(f"expected at most {self.room(stream_id)} bytes to send")
        stream.sent += len(data)
        for at in range(0, len(data), MAX_DATA_SENT):
            self._send(Command.PSH, stream_id, data[at : at + MAX_DATA_SENT])

    def finish(self, stream_id: int) -> None:
        """Send no more on the stream; once is enough."""
        stream = self._streams.get(stream_id)
        if stream is None or stream.is_finished_here:
            return
        stream.is_finished_here = True
        self._send(Command.FIN, stream_id)
        self._forget(stream_id, stream)

    def consumed(self, stream_id: int, count: int) -> None:
        """Say that so many bytes that arrived were passed on: there is room for as many."""
        stream = self._streams.get(stream_id)
        if stream is None or self.version < _VERSION_WITH_WINDOWS:
            return
        stream.consumed += count
        if stream.consumed - stream.told >= FIRST_WINDOW // 2:
            stream.told = stream.consumed
            update = Update(consumed=stream.consumed % _MODULUS, window=FIRST_WINDOW)
            self._send(Command.UPD, stream_id, update.encode())

    def take(self) -> bytes:
        """Return the bytes for the other side, and forget them."""
        out, self._out = b"".join(self._out), []
        return out

    def receive(self, data: bytes) -> list[MuxEvent]:
        """Take bytes of the other side.

        Raises:
            RemoteProtocolError: it broke the protocol; the session cannot go on.
        """
        events: list[MuxEvent] = []
        for frame in self._decoder.feed(data):
            event = self._heard(frame)
            if event is not None:
                events.append(event)
        return events

    def _heard(self, frame: Frame) -> MuxEvent | None:
        if frame.command is Command.SYN:
            return self._opened(frame.stream_id)
        stream = self._streams.get(frame.stream_id)
        if stream is None:  # over already, or keepalive
            return None
        if frame.command is Command.PSH:
            return self._arrived(frame, stream)
        if frame.command is Command.FIN:
            return self._finished(frame.stream_id, stream)
        return self._credited(frame, stream) if frame.command is Command.UPD else None

    def _opened(self, stream_id: int) -> MuxEvent | None:
        if len(self._out) > _MAX_UNREAD:
            raise RemoteProtocolError(f"{len(self._out)} frames wait for who opens streams")
        if stream_id in self._streams:
            return None
        if len(self._streams) >= self._max_streams:
            self._send(Command.FIN, stream_id)
            return None
        self._streams[stream_id] = _Stream()
        return Opened(stream_id=stream_id)

    def _arrived(self, frame: Frame, stream: _Stream) -> MuxEvent | None:
        if stream.is_finished_there or not frame.data:
            return None
        stream.received += len(frame.data)
        has_window = self.version >= _VERSION_WITH_WINDOWS
        if has_window and stream.received - stream.consumed > FIRST_WINDOW:
            raise RemoteProtocolError(f"stream {frame.stream_id} sent more than its window")
        return Arrived(stream_id=frame.stream_id, data=frame.data)

    def _finished(self, stream_id: int, stream: _Stream) -> MuxEvent | None:
        if stream.is_finished_there:
            return None
        stream.is_finished_there = True
        self._forget(stream_id, stream)
        return Finished(stream_id=stream_id)

    def _credited(self, frame: Frame, stream: _Stream) -> MuxEvent | None:
        update = Update.parse(frame.data)
        under_way = (stream.sent - update.consumed) % _MODULUS
        if under_way > stream.sent - stream.peer_consumed:
            raise RemoteProtocolError(f"stream {frame.stream_id} consumed what was never sent")
        stream.peer_consumed = stream.sent - under_way
        stream.peer_window = update.window
        return Credited(stream_id=frame.stream_id)

    def _forget(self, stream_id: int, stream: _Stream) -> None:
        if stream.is_over:
            del self._streams[stream_id]

    def _send(self, command: Command, stream_id: int, data: bytes = b"") -> None:
        frame = Frame(command=command, stream_id=stream_id, data=data)
        self._out.append(frame.encode(self.version))
