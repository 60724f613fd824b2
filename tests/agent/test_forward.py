"""Connections through a forward: many at once, half-closed, refused, slow, and none too many."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.abc
import anyio.lowlevel
import pytest
from anyio.streams.stapled import MultiListener
from tests.net.channels import Joined, joined

from mooring.agent.forward import Forward
from mooring.agent.targets import TargetRefused, connect
from mooring.wire.data_channel import Limits
from mooring.wire.mux import Arrived, Finished, Mux
from mooring.wire.payloads import SessionFlag, serialize_flag

Handle = Callable[[anyio.abc.SocketStream], Awaitable[None]]


@dataclass
class Client:
    """The client's side: its mux over the joined channel."""

    ends: Joined
    forward: Forward
    mux: Mux
    data: dict[int, bytearray] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)
    read: int = 0

    def open(self, first: bytes = b"") -> int:
        stream = self.mux.open()
        self.data[stream] = bytearray()
        self.mux.send(stream, first)
        self.flush()
        return stream

    def flush(self) -> None:
        """Send what the mux has, whole, as soon as there is room: frames must not mix."""
        if self.ends.client.room() and (data := self.mux.take()):
            self.ends.say(data)

    def finish(self, stream: int) -> None:
        self.mux.finish(stream)
        self.flush()

    async def until(self, is_enough: Callable[[], bool]) -> None:
        def look(got: bytes) -> bool:
            for event in self.mux.receive(got[self.read :]):
                if isinstance(event, Arrived):
                    self.data[event.stream_id] += event.data
                    self.mux.consumed(event.stream_id, len(event.data))
                elif isinstance(event, Finished):
                    self.finished.add(event.stream_id)
            self.read = len(got)
            self.flush()
            return is_enough()

        await self.ends.until(look)


@asynccontextmanager
async def served(handle: Handle) -> AsyncIterator[int]:
    """Listen as a target does."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    assert isinstance(listener, MultiListener)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        yield listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 no database
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def forwarding(port: int, *, version: int = 1) -> AsyncIterator[Client]:
    ends = Joined()

    async def to_target() -> anyio.abc.SocketStream:
        return await connect("127.0.0.1", port)

    forward = Forward(ends.agent, ends.bell.ring, connect=to_target, version=version)
    async with joined(forward.run, ends, take=forward.take, has_room=forward.has_room):
        yield Client(ends=ends, forward=forward, mux=Mux(version=version))


async def echo(stream: anyio.abc.SocketStream) -> None:
    async with stream:
        async for data in stream:
            await stream.send(data)


async def sum_up(stream: anyio.abc.SocketStream) -> None:
    """Answer only when everything has come: half-close."""
    digest = hashlib.sha256()
    async with stream:
        async for data in stream:
            digest.update(data)
        await stream.send(digest.digest())


@pytest.mark.parametrize("version", [1, 2])
async def test_twenty_connections_at_once_each_get_their_own(version: int) -> None:
    async with served(echo) as port, forwarding(port, version=version) as client:
        sent = {client.open(b"%d" % n): b"%d" % n for n in range(20)}

        await client.until(lambda: all(client.data[s] == sent[s] for s in sent))

        assert client.forward.usage.connections == 20


@pytest.mark.parametrize("version", [1, 2])
async def test_a_target_that_waits_for_the_end_still_answers(version: int) -> None:
    async with served(sum_up) as port, forwarding(port, version=version) as client:
        stream = client.open(b"all of it")
        client.finish(stream)

        await client.until(lambda: stream in client.finished)

        assert bytes(client.data[stream]) == hashlib.sha256(b"all of it").digest()
        assert client.mux.streams == ()


@pytest.mark.parametrize("version", [1, 2])
async def test_eight_mebibytes_come_back_as_they_went(version: int) -> None:
    whole = hashlib.sha256(b"seed").digest() * (8 * 2**20 // 32)

    async with served(echo) as port, forwarding(port, version=version) as client:
        stream = client.open()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(push, client, stream, whole)
            await client.until(lambda: len(client.data[stream]) == len(whole))

        assert bytes(client.data[stream]) == whole
        assert client.forward.usage.bytes_in == client.forward.usage.bytes_out == len(whole)


async def push(client: Client, stream: int, data: bytes) -> None:
    while data:
        size = min(client.mux.room(stream), 32 * 1024)
        if size and client.ends.client.room():
            client.mux.send(stream, data[:size])
            data = data[size:]
            client.flush()
        await anyio.lowlevel.checkpoint()


async def test_a_target_that_refuses_is_told_and_the_session_goes_on() -> None:
    async with served(echo) as port:
        pass
    async with forwarding(port) as client:
        stream = client.open(b"anybody?")

        await client.until(lambda: stream in client.finished)

        assert client.ends.flags == [serialize_flag(SessionFlag.CONNECT_TO_PORT_ERROR)]
        assert client.forward.usage.refused == 1


async def test_a_refused_address_looks_like_a_refusal_of_the_target() -> None:
    ends = Joined()

    async def refused() -> anyio.abc.SocketStream:
        raise TargetRefused("`metadata` leads to no address that may be reached through a node")

    forward = Forward(ends.agent, ends.bell.ring, connect=refused, version=1)
    async with joined(forward.run, ends, take=forward.take, has_room=forward.has_room):
        client = Client(ends=ends, forward=forward, mux=Mux())
        stream = client.open()

        await client.until(lambda: stream in client.finished)

        assert ends.flags == [serialize_flag(SessionFlag.CONNECT_TO_PORT_ERROR)]


async def test_a_client_that_does_not_read_is_not_told_of_refusals_without_end() -> None:
    ends = Joined()
    refused = 0

    async def refuse() -> anyio.abc.SocketStream:
        nonlocal refused
        refused += 1
        raise TargetRefused("no connection")

    forward = Forward(ends.agent, ends.bell.ring, connect=refuse, version=1)
    ends.client_reads = False
    async with joined(forward.run, ends, take=forward.take, has_room=forward.has_room):
        with anyio.fail_after(20):
            while refused <= Limits().window_frames:
                client = Mux()
                client.finish(client.open())
                forward.take(client.take())
                await anyio.lowlevel.checkpoint()

    assert len(ends.agent.writes()) <= Limits().window_frames


async def test_a_target_that_does_not_read_holds_up_no_other_stream_with_windows() -> None:
    async def deaf_or_echo(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            first = await stream.receive(1)
            if first == b"d":
                await anyio.sleep_forever()
            await stream.send(first)
            async for data in stream:
                await stream.send(data)

    async with served(deaf_or_echo) as port, forwarding(port, version=2) as client:
        deaf = client.open(b"d")
        await push(client, deaf, bytes(client.mux.room(deaf)))
        quick = client.open(b"quick")

        await client.until(lambda: client.data[quick] == b"quick")

        assert client.mux.room(deaf) < 2**20


async def test_what_is_no_mux_ends_the_session() -> None:
    async with served(echo) as port, forwarding(port) as client:
        assert not client.forward.take(b"GET / HTTP/1.1\r\n")


async def test_stopping_closes_every_connection() -> None:
    gone = anyio.Event()

    async def wait(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.send(b"hello")
            try:
                await stream.receive(1)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                gone.set()

    async with served(wait) as port, forwarding(port) as client:
        stream = client.open()
        await client.until(lambda: client.data[stream] == b"hello")

        client.forward.stop()

        with anyio.move_on_after(5):
            await gone.wait()
        assert gone.is_set()
