"""Two ends of a data channel in one process, joined by a task that carries their frames."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import anyio
import anyio.lowlevel

from mooring.net.bell import Bell
from mooring.wire.channel_events import Received, Writable
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.payloads import PayloadType

__all__ = ["Joined", "joined"]

Take = Callable[[bytes], object]


def _end(role: Role) -> DataChannel:
    numbers = itertools.count()
    return DataChannel(
        role=role, new_id=lambda: UUID(int=next(numbers)), wall_offset=0.0, limits=Limits()
    )


@dataclass(slots=True)
class Joined:
    """The agent's end, the client's, and what the client has got."""

    agent: DataChannel = field(default_factory=lambda: _end(Role.AGENT))
    client: DataChannel = field(default_factory=lambda: _end(Role.CLIENT))
    bell: Bell = field(default_factory=Bell)
    got: bytearray = field(default_factory=bytearray)
    flags: list[bytes] = field(default_factory=list)
    has_got: anyio.Event = field(default_factory=anyio.Event)
    client_reads: bool = True

    def say(self, data: bytes) -> None:
        """Send bytes from the client, as far as its window lets it."""
        self.client.send(PayloadType.OUTPUT, data, anyio.current_time())
        self.bell.ring()

    async def say_all(self, data: bytes) -> None:
        """Send bytes from the client, waiting for room."""
        while data:
            size = min(len(data), self.client.room(), 32 * 1024)
            if size:
                self.say(data[:size])
                data = data[size:]
            await anyio.lowlevel.checkpoint()

    async def until(self, is_enough: Callable[[bytes], bool]) -> bytes:
        """Wait for what the client gets."""
        with anyio.fail_after(20):
            while not is_enough(bytes(self.got)):
                await self.has_got.wait()
        return bytes(self.got)

    async def carry(self, take: Take, has_room: Callable[[], None]) -> None:
        """Carry frames both ways; ``take`` gets the bytes of the client, in order."""
        while True:
            await self.bell.wait()
            moved = True
            while moved:
                moved = await self._to_agent(take, has_room)
                moved = self._to_client() or moved
                await anyio.lowlevel.checkpoint()

    async def _to_agent(self, take: Take, has_room: Callable[[], None]) -> bool:
        frames = self.client.writes()
        for frame in frames:
            self.agent.receive(frame, anyio.current_time())
            for event in self.agent.events():
                if isinstance(event, Received):
                    take(event.payload)
                elif isinstance(event, Writable):
                    has_room()
        return bool(frames)

    def _to_client(self) -> bool:
        if not self.client_reads:
            return False
        frames = self.agent.writes()
        for frame in frames:
            self.client.receive(frame, anyio.current_time())
            for event in self.client.events():
                if isinstance(event, Received):
                    self._hear(event)
        return bool(frames)

    def _hear(self, event: Received) -> None:
        if event.payload_type == PayloadType.FLAG:
            self.flags.append(event.payload)
        else:
            self.got += event.payload
        self.has_got.set()
        self.has_got = anyio.Event()


@asynccontextmanager
async def joined(
    run: Callable[[], Awaitable[object]],
    ends: Joined,
    *,
    take: Take,
    has_room: Callable[[], None],
) -> AsyncIterator[None]:
    """Carry frames and run the agent's side for as long as the block."""

    async def work() -> None:
        await run()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ends.carry, take, has_room)
        tasks.start_soon(work)
        yield
        tasks.cancel_scope.cancel()
