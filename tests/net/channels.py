"""Two ends of a data channel in one process, joined by a task that carries their frames."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import anyio
import anyio.lowlevel

from mooring.net.bell import Bell
from mooring.wire.channel_events import Received, Writable
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.payloads import PayloadType

__all__ = ["Hearer", "Joined", "joined"]

Take = Callable[[bytes], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearer:
    """Who hears one end of a channel."""

    take: Callable[[Received], object]
    has_room: Callable[[], object] = lambda: None


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

    async def carry(self, agent: Hearer, client: Hearer | None = None) -> None:
        """Carry frames both ways, in order; by default what the client gets is kept here."""
        client = client or Hearer(take=self._keep)
        while True:
            await self.bell.wait()
            while self._move(agent, client):
                await anyio.lowlevel.checkpoint()

    def _move(self, agent: Hearer, client: Hearer) -> bool:
        inward = self.client.writes()
        outward = self.agent.writes() if self.client_reads else ()
        _deliver(inward, self.agent, agent)
        _deliver(outward, self.client, client)
        return bool(inward or outward)

    def _keep(self, event: Received) -> None:
        if event.payload_type == PayloadType.FLAG:
            self.flags.append(event.payload)
        else:
            self.got += event.payload
        self.has_got.set()
        self.has_got = anyio.Event()


def _deliver(frames: Sequence[bytes], to: DataChannel, hearer: Hearer) -> None:
    for frame in frames:
        to.receive(frame, anyio.current_time())
    for event in to.events():
        if isinstance(event, Received):
            hearer.take(event)
        elif isinstance(event, Writable):
            hearer.has_room()


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
        tasks.start_soon(ends.carry, Hearer(take=lambda e: take(e.payload), has_room=has_room))
        tasks.start_soon(work)
        yield
        tasks.cancel_scope.cancel()
