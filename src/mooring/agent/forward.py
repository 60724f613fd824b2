"""Connections of a port session, on the node's side: each stream of the mux is one to the target.

::

    data channel --take--> Mux --Arrived--> a stream's queue --> the target's socket
    data channel <--Outlet-- Mux <--send-- the target's socket

A target that ends its side ends that direction of the stream, and the other goes on. A target
that reads slowly makes its own queue grow; beyond ``_MAX_AHEAD`` in all queues together the
session is read no further until there is room again (the streams of AWS's version have no
windows of their own), unless we ourselves wait for the client to read: then nobody would.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import anyio.abc

from mooring.agent.bell import Bell
from mooring.agent.outlet import Outlet
from mooring.agent.targets import TargetRefused
from mooring.wire.data_channel import DataChannel
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.mux import Arrived, Credited, Finished, Mux, Opened
from mooring.wire.payloads import PayloadType, SessionFlag, serialize_flag

__all__ = ["Connect", "Forward", "Usage"]

Connect = Callable[[], Awaitable[anyio.abc.SocketStream]]

_MAX_AHEAD = 4 * 1024 * 1024
"""What AWS's peers hold for all streams of a session together."""
_MOST_AHEAD = 32 * 1024 * 1024
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
    """What waits for one target; an empty piece is the end of it."""

    pieces: deque[bytes] = field(default_factory=deque)
    arrived: Bell = field(default_factory=Bell)
    credited: Bell = field(default_factory=Bell)


class Forward:
    """The node's side of a forward; ``connect`` makes a connection to its target."""

    def __init__(
        self,
        channel: DataChannel,
        speak: Callable[[], None],
        *,
        connect: Connect,
        version: int,
    ) -> None:
        self._channel = channel
        self._speak = speak
        self._taken = Bell()
        self._outlet = Outlet(channel, speak, self._taken.ring)
        self._mux = Mux(version=version)
        self._connect = connect
        self._queues: dict[int, _Queue] = {}
        self._ahead = 0
        self._ready = Bell()
        self._sent = anyio.Event()
        self._backlog = 0
        self._ending = anyio.Event()
        self._tasks: anyio.abc.TaskGroup | None = None
        self.usage = Usage()

    async def run(self) -> None:
        """Carry until ``stop``."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._send)
            for stream_id in self._queues:
                tasks.start_soon(self._serve, stream_id)
            await self._ending.wait()
            tasks.cancel_scope.cancel()
        self._tasks = None

    def stop(self) -> None:
        """End every connection."""
        self._ending.set()
        self._taken.ring()

    def has_room(self) -> None:
        """Hear that the channel takes data again."""
        self._outlet.has_room()

    def take(self, data: bytes) -> bool:
        """Take bytes of the client; False if it broke the protocol or sent hopelessly much."""
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
        """Whether far too much lies ahead of the targets to take more.

        While we wait for the client to read, it must go on being heard: nobody else would tell
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
            self._queues[event.stream_id] = _Queue()
            if self._tasks is not None:
                self._tasks.start_soon(self._serve, event.stream_id)
            return
        queue = self._queues.get(event.stream_id)
        if queue is None:
            return
        if isinstance(event, Credited):
            queue.credited.ring()
            return
        piece = event.data if isinstance(event, Arrived) else b""
        queue.pieces.append(piece)
        self._ahead += len(piece)
        queue.arrived.ring()

    async def _serve(self, stream_id: int) -> None:
        """Have one connection, from its first byte to its last."""
        queue = self._queues[stream_id]
        try:
            target = await self._connect()
        except TargetRefused as error:
            self._refuse(stream_id, error)
            return
        self.usage.connections += 1
        try:
            async with target, anyio.create_task_group() as directions:
                directions.start_soon(self._pour, stream_id, queue, target)
                await self._draw(stream_id, queue, target)
        finally:
            self._forget(stream_id)

    def _refuse(self, stream_id: int, error: TargetRefused) -> None:
        logger.info("target_refused", extra={"reason": str(error)})
        self.usage.refused += 1
        self._forget(stream_id)
        if not self._channel.closed:
            flag = serialize_flag(SessionFlag.CONNECT_TO_PORT_ERROR)
            self._channel.send(PayloadType.FLAG, flag, anyio.current_time())
            self._speak()

    def _forget(self, stream_id: int) -> None:
        queue = self._queues.pop(stream_id, None)
        if queue is not None:
            self._ahead -= sum(map(len, queue.pieces))
            self._taken.ring()
        self._mux.finish(stream_id)
        self._ready.ring()

    async def _pour(self, stream_id: int, queue: _Queue, target: anyio.abc.SocketStream) -> None:
        """Give the target what the client sends; a target that is gone takes the rest nowhere."""
        while True:
            while queue.pieces:
                piece = queue.pieces.popleft()
                self._ahead -= len(piece)
                self._taken.ring()
                with contextlib.suppress(*_GONE):
                    await (target.send(piece) if piece else target.send_eof())
                if not piece:
                    return
                self.usage.bytes_in += len(piece)
                self._mux.consumed(stream_id, len(piece))
                self._ready.ring()
            await queue.arrived.wait()

    async def _draw(self, stream_id: int, queue: _Queue, target: anyio.abc.SocketStream) -> None:
        """Give the client what the target sends, as fast as the client reads."""
        while True:
            try:
                data = await target.receive(_READ_SIZE)
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
