"""What stock and hostile peers say to the server, in bytes: RFC 6455 by hand, under uvicorn."""

import base64
import contextlib
import hashlib
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream
from tests.net.served import MAX_MESSAGE, Door, certified, served

from mooring.net import websocket_link

KEY = base64.b64encode(bytes(range(16))).decode()
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

FIN = 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The server runs on uvloop; asyncio's own loop must not differ."""
    return "asyncio", {"use_uvloop": request.param}


def head(path: str = "/", **headers: str) -> bytes:
    fields = {
        "Host": "node.example",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True) -> bytes:
    first = opcode | (FIN if fin else 0)
    mask = 0x80 if masked else 0
    if len(payload) < 126:
        out = bytes([first, mask | len(payload)])
    elif len(payload) < 65536:
        out = struct.pack("!BBH", first, mask | 126, len(payload))
    else:
        out = struct.pack("!BBQ", first, mask | 127, len(payload))
    if not masked:
        return out + payload
    key = os.urandom(4)
    pad = key * (len(payload) // 4 + 1)
    whole = int.from_bytes(payload) ^ int.from_bytes(pad[: len(payload)])
    return out + key + whole.to_bytes(len(payload))


class RawPeer:
    """A peer that knows nothing of us."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.reader = BufferedByteReceiveStream(stream)

    async def send(self, data: bytes) -> None:
        await self.stream.send(data)

    async def answer(self) -> bytes:
        """Read a response head."""
        return await self.reader.receive_until(b"\r\n\r\n", 65536)

    async def read(self) -> tuple[int, bytes]:
        """Read a frame."""
        first, size = await self.reader.receive_exactly(2)
        assert not size & 0x80, "a server must not mask"
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.receive_exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.reader.receive_exactly(8))
        payload = await self.reader.receive_exactly(size) if size else b""
        assert first & FIN
        return first & 0x0F, payload

    async def close_code(self) -> int:
        """Read up to the close frame."""
        while True:
            opcode, payload = await self.read()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2])

    async def hung_up(self) -> None:
        """Wait for the end of the stream."""
        with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            while True:
                await self.stream.receive()


@asynccontextmanager
async def dialled(port: int) -> AsyncIterator[RawPeer]:
    with anyio.fail_after(20):
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            yield RawPeer(stream)


@asynccontextmanager
async def upgraded(port: int) -> AsyncIterator[RawPeer]:
    async with dialled(port) as peer:
        await peer.send(head())
        assert (await peer.answer()).startswith(b"HTTP/1.1 101 ")
        yield peer


async def still_serves(port: int) -> bool:
    async with upgraded(port) as peer:
        await peer.send(frame(BINARY, b"alive"))
        return await peer.read() == (BINARY, b"alive")


async def test_the_answer_proves_that_the_key_was_read() -> None:
    expected = base64.b64encode(hashlib.sha1((KEY + MAGIC).encode()).digest())  # noqa: S324

    async with served(Door()) as (port, _), dialled(port) as peer:
        await peer.send(head())
        answer = await peer.answer()

    assert b"sec-websocket-accept: " + expected.lower() in answer.lower()


async def test_the_door_sees_the_request_as_it_was_sent() -> None:
    door = Door()

    async with served(door) as (port, _), dialled(port) as peer:
        await peer.send(head("/v1/data-channel/a%40b?role=x&y=%20", X_Name="Value"))
        await peer.answer()

    (request,) = door.requests
    assert (request.path, request.query) == ("/v1/data-channel/a%40b", "role=x&y=%20")
    assert request.headers["x-name"] == "Value"
    assert (request.peer, request.secure) == ("127.0.0.1", False)


async def test_post_and_upgrade_share_one_connection() -> None:
    async with served(Door()) as (port, _), dialled(port) as peer:
        await peer.send(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
        posted = await peer.answer()
        body = await peer.reader.receive_exactly(2)
        await peer.send(head())
        answer = await peer.answer()
        await peer.send(frame(BINARY, b"same line"))
        echo = await peer.read()

    assert posted.startswith(b"HTTP/1.1 201 ")
    assert body == b"hi"
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert echo == (BINARY, b"same line")


async def test_a_head_of_7_kib_is_read_whole() -> None:
    door = Door()
    token = "t" * 7 * 1024

    async with served(door) as (port, _), dialled(port) as peer:
        await peer.send(head(X_Amz_Security_Token=token))
        answer = await peer.answer()
        await peer.send(frame(BINARY, b"after"))
        echo = await peer.read()

    assert answer.startswith(b"HTTP/1.1 101 ")
    assert door.requests[0].headers["x-amz-security-token"] == token
    assert echo == (BINARY, b"after")


async def test_firefox_may_ask_to_keep_the_connection_alive_too() -> None:
    async with served(Door()) as (port, _), dialled(port) as peer:
        await peer.send(head(Connection="keep-alive, Upgrade"))
        answer = await peer.answer()

    assert answer.startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (head("/forbidden"), 403),
        (head("/broken"), 500),
        (head(Sec_WebSocket_Version="12", **{"Sec-WebSocket-Version": ""}), 426),
        (head(**{"Sec-WebSocket-Key": "c2hvcnQ="}), 400),
        (head(**{"Sec-WebSocket-Key": "not base64"}), 400),
        (head(**{"Sec-WebSocket-Key": ""}), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nbroken header\r\n\r\n", 400),
    ],
    ids=["no", "bug", "version", "short", "garbled", "no-key", "tls", "header"],
)
async def test_a_bad_request_is_answered_and_hung_up(request_head: bytes, status: int) -> None:
    door = Door()

    async with served(door) as (port, _):
        async with dialled(port) as peer:
            await peer.send(request_head)
            answer = await peer.answer()
            await peer.hung_up()
        served_after = await still_serves(port)

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert len(door.listeners) == 1
    assert served_after


async def test_frames_written_byte_by_byte_arrive_whole() -> None:
    async with served(Door()) as (port, _), upgraded(port) as peer:
        for byte in frame(BINARY, b"slow but sure" * 20):
            await peer.send(bytes([byte]))
        echo = await peer.read()

    assert echo == (BINARY, b"slow but sure" * 20)


async def test_fragments_are_joined_around_a_ping() -> None:
    async with served(Door()) as (port, _), upgraded(port) as peer:
        await peer.send(frame(BINARY, b"a" * 4096, fin=False))
        await peer.send(frame(CONTINUATION, b"b" * 4096, fin=False))
        await peer.send(frame(PING, b"keepalive"))
        await peer.send(frame(CONTINUATION, b"c"))
        first = await peer.read()
        second = await peer.read()

    assert first == (PONG, b"keepalive")
    assert second == (BINARY, b"a" * 4096 + b"b" * 4096 + b"c")


async def test_a_character_may_be_cut_between_fragments_of_text() -> None:
    text = "grüß".encode()

    async with served(Door()) as (port, _), upgraded(port) as peer:
        await peer.send(frame(TEXT, text[:3], fin=False))
        await peer.send(frame(CONTINUATION, text[3:]))
        echo = await peer.read()

    assert echo == (TEXT, text)


async def test_a_ping_may_come_before_the_first_text() -> None:
    door = Door()

    async with served(door) as (port, _), upgraded(port) as peer:
        await peer.send(frame(PING, b"keepalive") + frame(TEXT, b"{}"))
        answers = [await peer.read(), await peer.read()]

    assert answers == [(PONG, b"keepalive"), (TEXT, b"{}")]
    assert door.listeners[0].heard[0] == "ping"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(BINARY, b"x", masked=False), 1002),
        (frame(0x3, b"x"), 1002),
        (frame(CONTINUATION, b"x"), 1002),
        (frame(BINARY, b"x", fin=False) + frame(BINARY, b"y"), 1002),
        (frame(BINARY, b"x", fin=False) + frame(TEXT, b"y", fin=False), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(BINARY | 0x40, b"x"), 1002),
        (frame(TEXT | 0x40, b"x"), 1002),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(TEXT, b"\xc3", fin=False) + frame(CONTINUATION, b"("), 1007),
        (frame(TEXT, b"raise"), 1011),
        (frame(BINARY, bytes(MAX_MESSAGE + 1)), 1009),
        (frame(BINARY, bytes(MAX_MESSAGE), fin=False) + frame(CONTINUATION, b"1"), 1009),
        (frame(CLOSE, b"\x0f\xa1bye"), 4001),
        (frame(CLOSE), 1000),
        (frame(CLOSE, b"\x03"), 1002),
        (b"\x82\xff" + b"\xff" * 12, 1002),
    ],
    ids=[
        "unmasked",
        "opcode",
        "stray-continuation",
        "binary-in-binary",
        "text-in-binary",
        "long-ping",
        "reserved-bit",
        "reserved-bit-text",
        "not-utf8",
        "not-utf8-in-fragments",
        "listener-raises",
        "too-big",
        "too-big-in-fragments",
        "close-4001",
        "close-empty",
        "close-one-byte",
        "length",
    ],
)
async def test_a_close_names_its_cause_and_harms_nobody_else(sent: bytes, code: int) -> None:
    door = Door()

    async with served(door) as (port, _):
        async with upgraded(port) as peer:
            await peer.send(sent)
            closed = await peer.close_code()
            await peer.send(frame(CLOSE, closed.to_bytes(2)))
            await peer.hung_up()
            with anyio.fail_after(5):
                await door.listeners[0].over.wait()
        served_after = await still_serves(port)

    assert closed == code
    assert served_after


async def test_a_frame_of_10_mb_is_refused_by_its_header_alone() -> None:
    door = Door()

    async with served(door) as (port, _), upgraded(port) as peer:
        await peer.send(frame(BINARY, bytes(10_000_000))[:14])
        code = await peer.close_code()
        received = door.listeners[0].peer

    assert code == 1009
    assert received is not None
    assert received.statistics().bytes_received < 1024


async def test_ten_megabytes_sent_blindly_leave_the_server_unharmed() -> None:
    async with served(Door()) as (port, _):
        async with upgraded(port) as peer:
            with pytest.raises(anyio.BrokenResourceError):
                await peer.send(frame(BINARY, bytes(10_000_000)) * 4)
        served_after = await still_serves(port)

    assert served_after


async def test_a_peer_that_never_answers_a_close_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket_link, "CLOSE_DEADLINE_S", 0.05)
    door = Door()

    async with served(door) as (port, _), upgraded(port) as peer:
        listener = door.listeners[0]
        assert listener.peer is not None
        listener.peer.close(1008, "go")
        code = await peer.close_code()
        await peer.hung_up()
        await listener.over.wait()

    assert code == 1008
    assert listener.heard == [1008]


async def test_a_vanished_peer_is_reported_as_abnormal() -> None:
    door = Door()

    async with served(door) as (port, _):
        async with upgraded(port):
            pass
        with anyio.fail_after(5):
            await door.listeners[0].over.wait()

    assert door.listeners[0].heard == [1006]


async def test_a_peer_that_does_not_read_is_held_back_and_loses_nothing() -> None:
    door = Door()
    payload = os.urandom(100_000)
    count = 200

    async with (
        served(door) as (port, _),
        upgraded(port) as peer,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(peer.send, frame(BINARY, payload) * count)
        await door.listeners[0].hears("full")
        held = door.listeners[0].peer
        assert held is not None
        buffered = held.statistics().buffered
        for _ in range(count):
            assert await peer.read() == (BINARY, payload)

    assert "writable" in door.listeners[0].heard
    assert buffered < 4_000_000


async def test_a_peer_that_pings_and_never_reads_gets_one_answer_later() -> None:
    door = Door()

    async with served(door) as (port, _), upgraded(port) as peer:
        listener = door.listeners[0]
        assert listener.peer is not None
        while "full" not in listener.heard:
            listener.peer.send(bytes(100_000))
        listener.peer.resume_reading()
        await peer.send(frame(PING, b"first") + frame(PING, b"last"))
        await listener.hears("ping", "ping")
        opcode, payload = BINARY, b""
        while opcode == BINARY:
            opcode, payload = await peer.read()

    assert (opcode, payload) == (PONG, b"last")


async def test_views_of_reused_memory_are_sent_as_they_were() -> None:
    door = Door()
    sizes = [100, 8_000, 9_000, 16_383, 16_384, 70_000, 70_000, 5]

    async with served(door) as (port, _), upgraded(port) as peer:
        sender = door.listeners[0].peer
        assert sender is not None
        for index, size in enumerate(sizes):
            memory = bytearray([index]) * size
            sender.send(memoryview(memory))
            memory[:] = bytes([0xEE]) * size
        got = [await peer.read() for _ in sizes]

    assert got == [(BINARY, bytes([index]) * size) for index, size in enumerate(sizes)]


async def test_small_frames_text_and_large_frames_keep_their_order() -> None:
    door = Door()

    async with served(door) as (port, _), upgraded(port) as peer:
        sender = door.listeners[0].peer
        assert sender is not None
        sender.send(b"1")
        sender.send_text("2")
        sender.send(b"3")
        sender.send(b"4" * 20_000)
        sender.send(b"5")
        sender.flush()
        sender.send(b"6")
        got = [(await peer.read())[1][:1] for _ in range(6)]

    assert got == [b"1", b"2", b"3", b"4", b"5", b"6"]


async def test_the_server_pings_and_hears_the_pong() -> None:
    door = Door()

    async with served(door) as (port, _), upgraded(port) as peer:
        listener = door.listeners[0]
        assert listener.peer is not None
        seen = listener.peer.last_seen
        listener.peer.ping()
        ping = await peer.read()
        await peer.send(frame(PONG, ping[1]))
        await listener.hears("pong")

    assert ping == (PING, b"keepalive")
    assert listener.peer.last_seen >= seen


async def test_a_stopping_server_says_so_and_waits_for_the_answer() -> None:
    door = Door()

    async with served(door) as (port, server), upgraded(port) as peer:
        server.should_exit = True
        code = await peer.close_code()
        await peer.send(frame(CLOSE, code.to_bytes(2)))
        await peer.hung_up()

    assert code == 1001
    assert door.listeners[0].heard == [1001]


async def test_a_half_open_socket_holds_up_nobody() -> None:
    async with served(Door()) as (port, server):
        async with dialled(port) as peer:
            await peer.send(b"GET / HTTP/1.1\r\nUpgrade: web")
            served_meanwhile = await still_serves(port)
        server.should_exit = True

    assert served_meanwhile


async def test_the_same_over_tls(tmp_path: Path) -> None:
    certificate, context = certified(tmp_path)
    door = Door()

    async with served(door, certificate=certificate) as (port, _):
        with anyio.fail_after(20):
            async with await anyio.connect_tcp(
                "127.0.0.1", port, ssl_context=context, tls_standard_compatible=False
            ) as stream:
                peer = RawPeer(stream)
                await peer.send(head())
                answer = await peer.answer()
                for size in (10, 20_000, 200_000):
                    await peer.send(frame(BINARY, bytes(size)))
                    assert await peer.read() == (BINARY, bytes(size))

    assert answer.startswith(b"HTTP/1.1 101 ")
    assert door.requests[0].secure
