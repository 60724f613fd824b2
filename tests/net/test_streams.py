"""Sockets joined to streams on both sides of a channel: what one end says, the other hears."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.abc
import pytest
from tests.net.channels import Hearer, Joined

from mooring.net.streams import Streams
from mooring.wire.channel_events import Received
from mooring.wire.mux import MAX_STREAMS
from mooring.wire.smux import Command, Frame

WHOLE = hashlib.sha256(b"seed").digest() * (4 * 2**20 // 32)


@dataclass
class Both:
    """A client's streams and a node's, and the sockets at their far ends."""

    ends: Joined
    client: Streams
    node: Streams
    arrived: list[int] = field(default_factory=list)
    tasks: anyio.abc.TaskGroup | None = None

    async def connection(self) -> tuple[anyio.abc.SocketStream, anyio.abc.SocketStream]:
        """Return the two outer ends of a connection through everything."""
        assert self.tasks is not None
        near, near_inner = await pair()
        far, far_inner = await pair()
        stream = self.client.open()
        self.tasks.start_soon(self.client.carry, stream, near_inner)
        with anyio.fail_after(5):
            while stream not in self.arrived:
                await anyio.lowlevel.checkpoint()
        self.tasks.start_soon(self.node.carry, stream, far_inner)
        return near, far


async def pair() -> tuple[anyio.abc.SocketStream, anyio.abc.SocketStream]:
    one, other = socket.socketpair(socket.AF_UNIX)
    wrap = anyio.abc.SocketStream.from_socket
    return await wrap(one), await wrap(other)


def hearer(streams: Streams) -> Hearer:
    def take(event: Received) -> None:
        assert streams.take(event.payload)

    return Hearer(take=take, has_room=streams.has_room)


@asynccontextmanager
async def both(version: int) -> AsyncIterator[Both]:
    ends = Joined()
    arrived: list[int] = []
    made = Both(
        ends=ends,
        client=Streams(ends.client, ends.bell.ring, version=version, opened=arrived.append),
        node=Streams(ends.agent, ends.bell.ring, version=version, opened=arrived.append),
        arrived=arrived,
    )
    async with anyio.create_task_group() as tasks:
        made.tasks = tasks
        tasks.start_soon(ends.carry, hearer(made.node), hearer(made.client))
        for streams in (made.client, made.node):
            tasks.start_soon(streams.run)
        yield made
        tasks.cancel_scope.cancel()


async def read_all(stream: anyio.abc.SocketStream) -> bytes:
    with anyio.fail_after(20):
        return b"".join([part async for part in stream])


@pytest.mark.parametrize("version", [1, 2])
async def test_four_mebibytes_each_way_and_each_end_closes_alone(version: int) -> None:
    async def push(stream: anyio.abc.SocketStream) -> None:
        await stream.send(WHOLE)
        await stream.send_eof()

    async with both(version) as made:
        near, far = await made.connection()
        async with near, far, anyio.create_task_group() as tasks:
            tasks.start_soon(push, near)
            assert await read_all(far) == WHOLE
            tasks.start_soon(push, far)
            assert await read_all(near) == WHOLE

        assert made.client.usage.bytes_in == made.client.usage.bytes_out == len(WHOLE)


@pytest.mark.parametrize("version", [1, 2])
async def test_connections_do_not_mix(version: int) -> None:
    async with both(version) as made:
        pairs = [await made.connection() for _ in range(10)]
        for number, (near, _) in enumerate(pairs):
            await near.send(b"%d" % number)

        heard = [await far.receive() for _, far in pairs]

        assert heard == [b"%d" % number for number in range(10)]
        for near, far in pairs:
            await near.aclose()
            await far.aclose()


async def test_a_refused_stream_ends_the_other_sides_connection() -> None:
    async with both(1) as made:
        assert made.tasks is not None
        near, inner = await pair()
        stream = made.client.open()
        made.tasks.start_soon(made.client.carry, stream, inner)
        with anyio.fail_after(5):
            while stream not in made.arrived:
                await anyio.lowlevel.checkpoint()

        made.node.refuse(stream)

        assert await read_all(near) == b""
        await near.aclose()


def opening(stream: int) -> bytes:
    return Frame(command=Command.SYN, stream_id=stream).encode(1)


def piece(stream: int, data: bytes) -> bytes:
    return Frame(command=Command.PSH, stream_id=stream, data=data).encode(1)


def closing(stream: int) -> bytes:
    return Frame(command=Command.FIN, stream_id=stream).encode(1)


def alone() -> tuple[Streams, list[int]]:
    """Return a node's streams that nobody carries."""
    ends = Joined()
    opened: list[int] = []
    streams = Streams(ends.agent, ends.bell.ring, version=1, opened=opened.append)
    return streams, opened


async def test_an_id_that_is_opened_again_does_not_take_the_place_of_its_first_stream() -> None:
    async with both(1) as made:
        assert made.tasks is not None
        far, inner = await pair()
        made.node.take(opening(3) + piece(3, WHOLE[:65535]) * 32 + closing(3))
        made.tasks.start_soon(made.node.carry, 3, inner)
        await far.send_eof()
        with anyio.fail_after(5):
            while 3 in made.node._mux.streams:  # over, and not yet poured
                await anyio.lowlevel.checkpoint()

        made.node.take(opening(3) + piece(3, b"of the second"))

        assert await read_all(far) == WHOLE[:65535] * 32
        assert made.arrived == [3]
        await far.aclose()


def test_streams_that_are_over_count_while_their_sockets_still_take() -> None:
    streams, opened = alone()
    for stream in range(3, 3 + 2 * MAX_STREAMS, 2):
        streams.take(opening(stream) + closing(stream))
        streams._mux.finish(stream)  # as when the target has ended its side

    streams.take(opening(9999))

    assert len(opened) == MAX_STREAMS
    assert streams.usage.refused == 1


def test_bytes_that_come_one_by_one_count_for_what_they_take() -> None:
    streams, _ = alone()
    streams.take(opening(3))

    streams.take(piece(3, b"x") * 2**16)

    assert streams.is_full()
