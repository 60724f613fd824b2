"""One connection carried alone: both ways, to the target's end, or refused."""

from __future__ import annotations

import hashlib

import anyio
import anyio.abc
import anyio.lowlevel
import pytest
from tests.agent.test_forward import echo, served
from tests.net.channels import Joined, joined

from mooring.agent.pipe import Pipe
from mooring.agent.targets import TargetRefused, connect


def pipe_to(port: int, ends: Joined) -> Pipe:
    async def to_target() -> anyio.abc.SocketStream:
        return await connect("127.0.0.1", port)

    return Pipe(ends.agent, ends.bell.ring, connect=to_target)


async def test_bytes_go_both_ways_as_they_are() -> None:
    ends = Joined()
    whole = hashlib.sha256(b"seed").digest() * (4 * 2**20 // 32)

    async with served(echo) as port:
        pipe = pipe_to(port, ends)
        async with joined(pipe.run, ends, take=pipe.take, has_room=pipe.has_room):
            await ends.say_all(whole)
            got = await ends.until(lambda got: len(got) == len(whole))

    assert got == whole
    assert pipe.usage.bytes_in == pipe.usage.bytes_out == len(whole)


async def test_the_targets_end_is_the_end_and_nothing_it_said_is_lost() -> None:
    async def bye(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.send(b"SSH-2.0-test\r\n" * 1000)

    ends = Joined()
    ended = anyio.Event()
    async with served(bye) as port:
        pipe = pipe_to(port, ends)

        async def run() -> None:
            await pipe.run()
            ended.set()

        async with joined(run, ends, take=pipe.take, has_room=pipe.has_room):
            await ended.wait()
            got = await ends.until(lambda got: len(got) == 14_000)

    assert got == b"SSH-2.0-test\r\n" * 1000


async def test_without_a_connection_it_says_why() -> None:
    ends = Joined()
    async with served(echo) as port:
        pass
    pipe = pipe_to(port, ends)

    with pytest.raises(TargetRefused, match="no connection"):
        await pipe.run()

    assert pipe.usage.refused == 1


async def test_stopping_ends_it_and_the_connection() -> None:
    gone = anyio.Event()

    async def wait(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            async for _ in stream:
                """Read to the end."""
            gone.set()

    ends = Joined()
    async with served(wait) as port:
        pipe = pipe_to(port, ends)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pipe.run)
            while not pipe.usage.connections:
                await anyio.lowlevel.checkpoint()

            pipe.stop()

        with anyio.move_on_after(5):
            await gone.wait()
        assert gone.is_set()
