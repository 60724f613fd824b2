"""The connections of a port session, each a stream of the mux; both sides of a forward have this.

::

    data channel --take--> Mux --Arrived--> a stream's queue --> the socket
    data channel <--Outlet-- Mux <--send-- the socket

A socket that ends its side ends that direction of the stream, and the other goes on. One that
is slow to take makes its own queue grow; beyond ``_MAX_AHEAD`` in all queues together the session
is read no further until there is room again (the streams of AWS's version have no windows of
their own), unless we ourselves wait for the other side to read: then nobody would.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import anyio.abc

from mooring.net.bell import Bell
from mooring.net.outlet import Outlet
from mooring.wire.data_channel import DataChannel
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.mux import MAX_STREAMS, Arrived, Credited, Finished, Mux, Opened

__all__ = ["Streams", "Usage"]

_MAX_AHEAD = 4 * 1024 * 1024
"""What AWS's peers hold for all streams of a session together."""
_MOST_AHEAD = 32 * 1024 * 1024
_PIECE_COST = 64
"""What a piece takes beside its bytes: a peer may send them one by one."""
_BACKLOG = 256 * 1024
_READ_SIZE = 32 * 1024
_GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Usage:
    """What a forward has carried so far, in bytes and connections."""

    connections: int = 0
    refused: int = 0
    bytes_in: int = 0
    bytes_out: int = 0


@dataclass(slots=True)
class _Queue:
    """What waits for one socket; an empty piece is the end of it."""

    pieces: deque[bytes] = field(default_factory=deque)
    arrived: Bell = field(default_factory=Bell)
    credited: Bell = field(default_factory=Bell)


def _cost(piece: bytes) -> int:
    return len(piece) + _PIECE_COST


class Streams:
    """One side of a forward; ``opened`` is called with each stream that the other side opens."""

    def __init__(
        self,
        channel: DataChannel,
        speak: Callable[[], None],
        *,
        version: int,
        opened: Callable[[int], None],
    ) -> None:
        self._opened = opened
        self._taken = Bell()
        self._outlet = Outlet(channel, speak, self._taken.ring)
        self._mux = Mux(version=version)
        self._queues: dict[int, _Queue] = {}
        self._ahead = 0
        self._ready = Bell()
        self._sent = anyio.Event()
        self._backlog = 0
        self._ending = anyio.Event()
        self.usage = Usage()

    async def run(self) -> None:
        """Send what the streams have to say, until ``stop``."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._send)
            await self._ending.wait()
            tasks.cancel_scope.cancel()

    def stop(self) -> None:
        """Carry nothing more."""
        self._ending.set()
        self._taken.ring()

    def has_room(self) -> None:
        """Hear that the channel takes data again."""
        self._outlet.has_room()

    def take(self, data: bytes) -> bool:
        """Take bytes of the other side; False if it broke the protocol or sent hopelessly much."""
        try:
            events = self._mux.receive(data)
        except RemoteProtocolError as error:
            logger.warning("forward_broken", extra={"reason": str(error)})
            return False
        for event in events:
            self._hear(event)
        self._ready.ring()
        return self._ahead <= _MOST_AHEAD

    def is_full(self) -> bool:
        """Whether far too much lies ahead of the sockets to take more.

        While we wait for the other side to read, it must go on being heard: nobody else would tell
        us that it has.
        """
        is_much = self._ahead > _MAX_AHEAD
        return is_much and not self._outlet.is_waiting and not self._ending.is_set()

    async def wait_room(self) -> None:
        """Wait until it is not full."""
        while self.is_full():
            await self._taken.wait()

    def _hear(self, event: Opened | Arrived | Finished | Credited) -> None:
        if isinstance(event, Opened):
            self._hear_opened(event.stream_id)
            return
        queue = self._queues.get(event.stream_id)
        if queue is None:
            return
        if isinstance(event, Credited):
            queue.credited.ring()
            return
        piece = event.data if isinstance(event, Arrived) else b""
        queue.pieces.append(piece)
        self._ahead += _cost(piece)
        queue.arrived.ring()

    def _hear_opened(self, stream_id: int) -> None:
        """Let a stream in; one that is over for the mux may have a socket that still takes."""
        if stream_id in self._queues or len(self._queues) >= MAX_STREAMS:
            self.usage.refused += 1
            self._mux.finish(stream_id)
            return
        self._queues[stream_id] = _Queue()
        self._opened(stream_id)

    async def carry(self, stream_id: int, socket: anyio.abc.SocketStream) -> None:
        """Join a stream and a socket until both directions have ended."""
        queue = self._queues[stream_id]
        self.usage.connections += 1
        try:
            async with socket, anyio.create_task_group() as directions:
                directions.start_soon(self._pour, stream_id, queue, socket)
                await self._draw(stream_id, queue, socket)
        finally:
            self._forget(stream_id)

    def open(self) -> int:
        """Open a stream; ``carry`` it.

        Raises:
            LocalProtocolError: as many as there may be are open.
        """
        stream_id = self._mux.open()
        self._queues[stream_id] = _Queue()
        self._ready.ring()
        return stream_id

    def refuse(self, stream_id: int) -> None:
        """End a stream that no socket will carry."""
        self.usage.refused += 1
        self._forget(stream_id)

    def _forget(self, stream_id: int) -> None:
        queue = self._queues.pop(stream_id, None)
        if queue is not None:
            self._ahead -= sum(map(_cost, queue.pieces))
            self._taken.ring()
        self._mux.finish(stream_id)
        self._ready.ring()

    async def _pour(self, stream_id: int, queue: _Queue, socket: anyio.abc.SocketStream) -> None:
        """Give the socket what came; one that is gone takes the rest nowhere."""
        while True:
            while queue.pieces:
                piece = queue.pieces.popleft()
                self._ahead -= _cost(piece)
                self._taken.ring()
                with contextlib.suppress(*_GONE):
                    await (socket.send(piece) if piece else socket.send_eof())
                if not piece:
                    return
                self.usage.bytes_in += len(piece)
                self._mux.consumed(stream_id, len(piece))
                self._ready.ring()
            await queue.arrived.wait()

    async def _draw(self, stream_id: int, queue: _Queue, socket: anyio.abc.SocketStream) -> None:
        """Give the other side what the socket says, as fast as it is read there."""
        while True:
            try:
                data = await socket.receive(_READ_SIZE)
            except (anyio.EndOfStream, *_GONE):
                break
            self.usage.bytes_out += len(data)
            while data:
                room = self._mux.room(stream_id)
                if room:
                    piece, data = data[:room], data[room:]
                    self._mux.send(stream_id, piece)
                    await self._passed_on(len(piece))
                else:
                    await queue.credited.wait()
        self._mux.finish(stream_id)
        self._ready.ring()

    async def _passed_on(self, size: int) -> None:
        """Wait until the channel has taken most of what was given to it."""
        self._backlog += size
        self._ready.ring()
        while self._backlog > _BACKLOG:
            await self._sent.wait()

    async def _send(self) -> None:
        while True:
            while data := self._mux.take():
                await self._outlet.send(data)
                self._backlog = 0
                self._sent.set()
                self._sent = anyio.Event()
            await self._ready.wait()
