"""Local connections through a forward to a node's streams, and what the person reads."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.abc
import pytest
from tests.net.channels import Hearer, Joined

from mooring.cli.plugin.forward import ForwardFailed, LocalEnd, LocalForward
from mooring.net.streams import Streams
from mooring.wire.channel_events import Received


@dataclass
class Far:
    """The node's end: each stream that is opened is answered by an echo."""

    ends: Joined
    said: list[str] = field(default_factory=list)
    news: anyio.Event = field(default_factory=anyio.Event)

    def say(self, text: str) -> None:
        self.said.append(text)
        self.news.set()

    async def first_words(self) -> str:
        with anyio.fail_after(5):
            await self.news.wait()
        return self.said[0]


@asynccontextmanager
async def forwarding(end: LocalEnd) -> AsyncIterator[Far]:
    ends = Joined()
    far = Far(ends)
    async with anyio.create_task_group() as tasks:

        def opened(stream: int) -> None:
            tasks.start_soon(echo, node, stream)

        node = Streams(ends.agent, ends.bell.ring, version=1, opened=opened)
        forward = LocalForward(end, ends.client, ends.bell.ring, session_id="ann-1", say=far.say)
        tasks.start_soon(ends.carry, hearer(node), hearer(forward))
        tasks.start_soon(node.run)
        tasks.start_soon(forward.run)
        yield far
        tasks.cancel_scope.cancel()


async def echo(node: Streams, stream_id: int) -> None:
    here, inner = socket.socketpair(socket.AF_UNIX)
    wrap = anyio.abc.SocketStream.from_socket
    async with await wrap(here) as outer, anyio.create_task_group() as tasks:
        tasks.start_soon(node.carry, stream_id, await wrap(inner))
        async for data in outer:
            await outer.send(data.upper())
        await outer.send_eof()


def hearer(side: Streams | LocalForward) -> Hearer:
    def take(event: Received) -> None:
        assert side.take(event.payload)

    return Hearer(take=take, has_room=side.has_room)


async def asked(stream: anyio.abc.SocketStream, question: bytes) -> bytes:
    async with stream:
        await stream.send(question)
        await stream.send_eof()
        with anyio.fail_after(10):
            return b"".join([part async for part in stream])


async def test_connections_of_programs_reach_the_node_each_by_itself() -> None:
    async with forwarding(LocalEnd()) as far:
        words = await far.first_words()
        port = int(words.removeprefix("Port ").partition(" ")[0])
        answers: dict[int, bytes] = {}

        async def ask(number: int) -> None:
            stream = await anyio.connect_tcp("localhost", port)
            answers[number] = await asked(stream, b"hello %d" % number)

        async with anyio.create_task_group() as tasks:
            for number in range(12):
                tasks.start_soon(ask, number)

    assert answers == {number: b"HELLO %d" % number for number in range(12)}
    assert words == f"Port {port} opened for sessionId ann-1.\nWaiting for connections..."
    assert far.said[1:] == ["\nConnection accepted for session [ann-1]"]


async def test_a_socket_of_the_person_alone_can_stand_for_the_port(tmp_path: Path) -> None:
    path = tmp_path / "db.sock"
    async with forwarding(LocalEnd(unix_socket=str(path))) as far:
        words = await far.first_words()
        mode = path.stat().st_mode & 0o777
        answer = await asked(await anyio.connect_unix(path), b"quiet")

    assert answer == b"QUIET"
    assert mode == 0o600
    assert words == f"Unix socket {path} opened for sessionId ann-1."


async def test_a_port_that_is_taken_says_so() -> None:
    ends = Joined()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        forward = LocalForward(
            LocalEnd(port=port), ends.client, ends.bell.ring, session_id="s", say=print
        )

        with pytest.raises(ForwardFailed, match=f"cannot listen on localhost port {port}: "):
            await forward.run()


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, None),
        ({"portNumber": "22", "type": ""}, None),
        ({"type": "LocalPortForwarding"}, LocalEnd()),
        ({"type": "LocalPortForwarding", "localPortNumber": "8080"}, LocalEnd(port=8080)),
        ({"type": "LocalPortForwarding", "localPortNumber": "99999"}, LocalEnd()),
        ({"type": "LocalPortForwarding", "localUnixSocket": "/x"}, LocalEnd(unix_socket="/x")),
    ],
)
def test_where_to_listen_is_in_the_properties(
    properties: dict[str, str], expected: LocalEnd | None
) -> None:
    assert LocalEnd.read(properties) == expected
