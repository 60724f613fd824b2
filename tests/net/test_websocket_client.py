"""Our client against our server: what either may count on, plain and over TLS."""

import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketAttribute, SocketStream
from tests.net.served import MAX_MESSAGE, Door, certified, served

from mooring.net.websocket import ConnectFailed, ConnectRefused, WebSocketClosed
from mooring.net.websocket_client import MAX_UNREAD, WebSocket, connect


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The command line may run on either loop."""
    return "asyncio", {"use_uvloop": request.param}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A running server and how to reach it."""

    door: Door
    origin: str
    context: ssl.SSLContext | None

    async def connect(self, path: str = "/", *, max_message: int = MAX_MESSAGE) -> WebSocket:
        return await connect(
            self.origin + path,
            headers={"X-Name": "value"},
            ssl=self.context,
            deadline_s=10,
            max_message=max_message,
        )


@pytest.fixture(params=["ws", "wss"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    door = Door()
    certificate, context = certified(tmp_path) if request.param == "wss" else (None, None)
    async with served(door, certificate=certificate) as (port, _):
        with anyio.fail_after(20):
            yield Place(door=door, origin=f"{request.param}://127.0.0.1:{port}", context=context)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 16_383, 16_384, 65_536, MAX_MESSAGE])
async def test_a_message_of_any_size_comes_back(place: Place, size: int) -> None:
    payload = os.urandom(size)

    async with await place.connect() as ws:
        await ws.send(payload)
        echo = await ws.receive()

    assert echo == payload


async def test_text_stays_text(place: Place) -> None:
    async with await place.connect() as ws:
        await ws.send_text("grüß")
        echo = await ws.receive()

    assert echo == "grüß"


async def test_the_server_sees_path_query_and_headers(place: Place) -> None:
    async with await place.connect("/v1/x?role=subscribe"):
        pass

    (request,) = place.door.requests
    assert (request.path, request.query) == ("/v1/x", "role=subscribe")
    assert request.headers["x-name"] == "value"
    assert request.headers["host"] == place.origin.partition("//")[2]


async def test_order_holds_through_a_slow_reader_on_both_sides(place: Place) -> None:
    count, payload = 600, os.urandom(10_000)

    async def send_all(ws: WebSocket) -> None:
        for index in range(count):
            await ws.send(index.to_bytes(4) + payload[: index * 16])

    async with await place.connect() as ws, anyio.create_task_group() as tasks:
        tasks.start_soon(send_all, ws)
        await anyio.sleep(0.2)
        got = [await ws.receive() for _ in range(count)]

    assert got == [index.to_bytes(4) + payload[: index * 16] for index in range(count)]


async def test_what_waits_for_a_slow_receiver_is_bounded(place: Place) -> None:
    async with await place.connect() as ws:
        sender = place.door.listeners[0].peer
        assert sender is not None
        for _ in range(200):
            sender.send(bytes(50_000))
        with anyio.fail_after(5):
            while ws.statistics().reading:
                await anyio.lowlevel.checkpoint()
        unread = ws.pending * 50_000
        total = [len(await ws.receive()) for _ in range(200)]

    assert unread < MAX_UNREAD * 4
    assert total == [50_000] * 200


async def test_sending_waits_while_the_server_does_not_read(place: Place) -> None:
    async with await place.connect() as ws:
        peer = place.door.listeners[0].peer
        assert peer is not None
        peer.pause_reading()
        sent = 0
        with anyio.move_on_after(0.3):
            while True:
                await ws.send(bytes(50_000))
                sent += 1
        buffered = ws.statistics().buffered
        peer.abort()

    assert sent > 0
    assert buffered < 1_000_000


async def test_receiving_ends_with_the_servers_code_and_reason(place: Place) -> None:
    async with await place.connect() as ws:
        peer = place.door.listeners[0].peer
        assert peer is not None
        peer.send(b"last words")
        peer.close(4000, "policy changed")
        last = await ws.receive()
        with pytest.raises(WebSocketClosed) as ended:
            await ws.receive()
        with pytest.raises(WebSocketClosed):
            await ws.send(b"too late")

    assert last == b"last words"
    assert (ended.value.code, ended.value.reason) == (4000, "policy changed")


async def test_the_server_learns_why_we_closed(place: Place) -> None:
    ws = await place.connect()

    await ws.close(4001, "done")

    await place.door.listeners[0].over.wait()
    assert place.door.listeners[0].heard == [4001]


async def test_a_cancelled_receive_loses_no_message(place: Place) -> None:
    async with await place.connect() as ws:
        with anyio.move_on_after(0.01):
            await ws.receive()
        await ws.send(b"kept")
        echo = await ws.receive()

    assert echo == b"kept"


async def test_pings_pass_both_ways(place: Place) -> None:
    async with await place.connect() as ws:
        listener = place.door.listeners[0]
        assert listener.peer is not None
        ws.ping()
        listener.peer.ping()
        await listener.hears("ping", "pong")
        seen = ws.last_seen

    assert 0 <= anyio.current_time() - seen < 20


async def test_a_message_over_the_bound_closes_with_1009(place: Place) -> None:
    async with await place.connect(max_message=1000) as ws:
        await ws.send(bytes(1001))
        with pytest.raises(WebSocketClosed) as ended:
            await ws.receive()

    assert ended.value.code == 1009


async def test_small_messages_of_one_turn_leave_in_one_write(place: Place) -> None:
    async with await place.connect() as ws:
        for index in range(10):
            await ws.send(bytes([index]))
        before = ws.statistics().bytes_sent
        got = [await ws.receive() for _ in range(10)]
        after = ws.statistics().bytes_sent

    # A masked frame of one byte is 7 bytes.
    assert after - before == 10 * 7
    assert got == [bytes([index]) for index in range(10)]


@pytest.mark.parametrize(("path", "status", "body"), [("/forbidden", 403, b"not you")])
async def test_a_refusal_carries_status_and_body(
    place: Place, path: str, status: int, body: bytes
) -> None:
    with pytest.raises(ConnectRefused) as refused:
        await place.connect(path)

    assert (refused.value.status, refused.value.body) == (status, body)


async def test_a_stopping_server_closes_its_clients() -> None:
    async with served(Door()) as (port, server):
        ws = await connect(
            f"ws://127.0.0.1:{port}/", headers={}, ssl=None, deadline_s=10, max_message=100
        )
        server.should_exit = True
        with pytest.raises(WebSocketClosed) as ended:
            await ws.receive()

    assert ended.value.code == 1001


async def dial(url: str, context: ssl.SSLContext | None = None, deadline_s: float = 5) -> None:
    ws = await connect(url, headers={}, ssl=context, deadline_s=deadline_s, max_message=100)
    await ws.close()


@asynccontextmanager
async def answering(*parts: bytes, hang_up: bool = True) -> AsyncIterator[int]:
    """A server that reads a head and says what it is told, in pieces."""

    async def answer(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            for part in parts:
                await stream.send(part)
                await anyio.sleep(0.01)
            if not hang_up:
                await anyio.sleep_forever()

    listeners = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listeners, anyio.create_task_group() as tasks:
        tasks.start_soon(listeners.serve, answer)
        yield listeners.extra(SocketAttribute.local_port)  # noqa: S610  # no database near
        tasks.cancel_scope.cancel()


async def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

        with pytest.raises(ConnectFailed, match="cannot connect to"):
            await dial(f"ws://127.0.0.1:{port}/")


@pytest.mark.parametrize("url", ["http://h/", "ws:///x", "h", "ws://h:99999/", "ws://[/"])
async def test_an_url_that_is_none_is_named(url: str) -> None:
    with pytest.raises(ConnectFailed, match="expected a ws:// or wss:// url"):
        await dial(url)


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with answering(hang_up=False) as port:
        with pytest.raises(ConnectFailed, match=r"within 0\.1 s"):
            await dial(f"ws://127.0.0.1:{port}/", deadline_s=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        (b"garbage\r\n\r\n",),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n",),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         b"Sec-WebSocket-Accept: wrong\r\n\r\n",),
        (b"x" * 70_000,),
        (b"HTTP/1.1 200",),
        (),
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_websocket_fails(parts: tuple[bytes, ...]) -> None:
    async with answering(*parts) as port:
        with pytest.raises(ConnectFailed):
            await dial(f"ws://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 8\r\n\r\n", b"come ", b"bac"),
        (b"HTTP/1.1 503 Busy\r\n", b"\r\ncome ", b"bac"),
    ],
)
async def test_a_refusal_in_pieces_is_read_whole(parts: tuple[bytes, ...]) -> None:
    async with answering(*parts) as port:
        with pytest.raises(ConnectRefused) as refused:
            await dial(f"ws://127.0.0.1:{port}/")

    assert (refused.value.status, refused.value.body) == (503, b"come bac")


async def test_a_name_in_the_certificate_is_trusted_and_another_is_not(tmp_path: Path) -> None:
    certificate, context = certified(tmp_path, address="127.0.0.2")
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    async with served(Door(), certificate=certificate) as (port, _):
        await dial(f"wss://localhost:{port}/", context)
        with pytest.raises(ConnectFailed, match="CERTIFICATE_VERIFY_FAILED"):
            await dial(f"wss://localhost:{port}/", stranger)
        with pytest.raises(ConnectFailed, match="IP address mismatch"):
            await dial(f"wss://127.0.0.1:{port}/", context)


async def test_a_secure_url_asks_for_a_context() -> None:
    with pytest.raises(ValueError, match="expected an ssl context"):
        await dial("wss://localhost/")
