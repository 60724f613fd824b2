"""A socket that does not get to the point is dropped; everybody else is left alone."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import uvicorn
from tests.net.served import Door, served
from tests.net.test_websocket_server import RawPeer, dialled, head
from uvicorn.server import ServerState

from mooring.net.http_server import http_protocol

Message = MutableMapping[str, Any]

REQUEST = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n"


def test_the_deadline_is_the_classs_own() -> None:
    short, long = http_protocol(head_deadline_s=1), http_protocol(head_deadline_s=2)

    assert short is not long


@pytest.mark.parametrize(
    "said",
    [b"", b"\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n"],
    ids=["nothing", "newline", "half"],
)
async def test_a_head_that_does_not_come_is_not_waited_for(said: bytes) -> None:
    async with served(Door(), head_deadline_s=0.1) as (port, server), dialled(port) as peer:
        if said:
            await peer.send(said)
        await peer.hung_up()

    assert not server.server_state.connections


@pytest.mark.parametrize("said", [b"\r\n", b"GET /"], ids=["newline", "half"])
async def test_a_second_head_has_the_same_deadline(said: bytes) -> None:
    async with served(Door(), head_deadline_s=0.1) as (port, server), dialled(port) as peer:
        await peer.send(REQUEST)
        await peer.answer()
        await peer.send(said)
        with anyio.fail_after(2):
            await peer.hung_up()

        assert not server.server_state.connections


async def test_a_dribbled_head_gains_no_time() -> None:
    head = b"GET / HTTP/1.1\r\nX: " + b"x" * 1000
    sent = bytearray()

    async def dribble(peer: RawPeer) -> None:
        with contextlib.suppress(anyio.BrokenResourceError):
            for byte in head:
                await peer.send(bytes([byte]))
                sent.append(byte)
                await anyio.sleep(0.02)

    async with (
        served(Door(), head_deadline_s=0.2) as (port, _),
        dialled(port) as peer,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(dribble, peer)
        await peer.hung_up()
        tasks.cancel_scope.cancel()

    assert 0 < len(sent) < len(head)


async def test_an_idle_websocket_outlives_the_deadline() -> None:
    async with served(Door(), head_deadline_s=0.05) as (port, _), dialled(port) as peer:
        await peer.send(REQUEST)
        await peer.answer()
        await peer.send(head())
        await peer.answer()
        with anyio.move_on_after(0.2) as waited:
            await peer.hung_up()

    assert waited.cancelled_caught


class Written(asyncio.Transport):
    """Keeps what is written, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:  # noqa: ANN401 any kind of bytes
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


class App:
    """Answers in as many parts as it is told to, and waits before the last one."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts
        self.may_end = asyncio.Event()

    async def __call__(
        self,
        scope: Message,  # noqa: ARG002 ASGI
        receive: Callable[[], Awaitable[Message]],  # noqa: ARG002 ASGI
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        size = str(sum(map(len, self._parts))).encode()
        head = [(b"content-length", size)]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for part in self._parts[:-1]:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await self.may_end.wait()
        await send({"type": "http.response.body", "body": self._parts[-1]})


def asked(app: App, request: bytes = REQUEST) -> Written:
    """Hand a request to a protocol of its own."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, server_header=False)
    config.load()
    protocol = http_protocol(head_deadline_s=10)(
        config=config,
        server_state=ServerState(),
        app_state={},
        _loop=asyncio.get_running_loop(),
    )
    transport = Written()
    protocol.connection_made(transport)
    protocol.data_received(request)
    return transport


async def some_turns() -> None:
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


async def test_a_short_answer_leaves_in_one_write() -> None:
    app = App(b"hello")
    app.may_end.set()

    transport = asked(app)

    await some_turns()
    (answer,) = transport.writes
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello")


async def test_an_answer_in_parts_holds_none_back() -> None:
    app = App(b"one", b"two", b"three")

    transport = asked(app)

    await some_turns()
    assert b"".join(transport.writes).endswith(b"\r\n\r\nonetwo")
    app.may_end.set()
    await some_turns()
    assert b"".join(transport.writes).endswith(b"\r\n\r\nonetwothree")


async def test_an_answer_is_whole_before_its_connection_is_closed() -> None:
    app = App(b"bye")
    app.may_end.set()

    transport = asked(app, b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")

    await some_turns()
    assert b"".join(transport.writes).endswith(b"bye")
    assert transport.closed
