"""The relay between real sockets: 64 MiB each way past a reader that dawdles, whole and in order.

The ends are plain sockets in threads, because only a sender that pushes as fast as the kernel
lets it shows what a read brings after reading has been paused.
"""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from tests.gateway.scenes import Scene, a_scene, keys, output
from tests.net.served import served

from mooring.gateway.backlog import MAX_BACKLOG
from mooring.gateway.leg import DataListener
from mooring.gateway.relay import Leg, Side
from mooring.net.websocket import Listener, Refusal, UpgradeRequest
from mooring.wire.agent_message import peek
from mooring.wire.open_message import OpenMessage

PAYLOAD = 32 * 1024
FRAMES = 2048
MASK = b"\x5a\xa5\x3c\xc3"


def most_in_one_read() -> int:
    """What the kernel may hold of one connection, and so the most that a read can bring."""
    return int(Path("/proc/sys/net/ipv4/tcp_rmem").read_text().split()[2])


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """On the loop that the gateway runs on."""
    return "asyncio", {"use_uvloop": True}


class Door:
    """Lets both sides in; the path is the side."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._sides: dict[DataListener, Side] = {}

    def accept(self, request: UpgradeRequest) -> Listener | Refusal:
        listener = DataListener("session", request.peer, self)
        self._sides[listener] = Side(request.path.strip("/"))
        return listener

    def redeem_data(self, listener: DataListener, message: OpenMessage) -> None:
        assert message.token
        assert listener.peer is not None
        leg = Leg(peer=listener.peer, is_own_agent=True)
        listener.admit(self._scene.relay, self._sides[listener], leg)

    def gone(self, listener: DataListener) -> None:
        del self._sides[listener]


def masked(data: bytes) -> bytes:
    mask = (MASK * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(mask)).to_bytes(len(data))


def dialled(port: int, side: Side) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    line.connect(("127.0.0.1", port))
    line.settimeout(30)
    line.sendall(
        f"GET /{side} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += line.recv(1)
    token = b'{"TokenValue":"t"}'
    line.sendall(bytes([0x81, 0x80 | len(token)]) + MASK + masked(token))
    return line


def push(line: socket.socket, side: Side) -> None:
    make = output if side is Side.AGENT else keys
    for number in range(FRAMES):
        data = make(number, number.to_bytes(4) * (PAYLOAD // 4))
        line.sendall(b"\x82\xfe" + len(data).to_bytes(2) + MASK + masked(data))


def dawdle(line: socket.socket, first: Side) -> list[int]:
    """Read everything, with pauses; return the numbers of the frames that came whole."""
    make = output if first is Side.AGENT else keys
    numbers: list[int] = []
    file = line.makefile("rb")
    with file:
        while len(numbers) < FRAMES:
            head = file.read(2)
            size = head[1] if head[1] < 126 else int.from_bytes(file.read(2))
            data = file.read(size)
            header = peek(data)
            if header.message_type.endswith(b"_stream_data"):
                number = header.sequence_number
                assert data == make(number, number.to_bytes(4) * (PAYLOAD // 4))
                numbers.append(number)
                if number % 256 == 0:
                    time.sleep(0.05)
    return numbers


@asynccontextmanager
async def watched(scene: Scene) -> AsyncIterator[list[int]]:
    """Note how much waits inside the relay, again and again."""
    seen: list[int] = []

    async def look() -> None:
        while True:
            seen.extend(leg.peer.statistics().buffered for leg in scene.relay.legs.values())
            await anyio.sleep(0.005)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        yield seen
        tasks.cancel_scope.cancel()


async def test_much_data_passes_a_dawdling_reader_whole_and_within_bounds(tmp_path: Path) -> None:
    scene = a_scene(tmp_path)
    threads = anyio.CapacityLimiter(4)
    in_thread = partial(anyio.to_thread.run_sync, limiter=threads)
    got: dict[Side, list[int]] = {}

    async def read(line: socket.socket, sender: Side) -> None:
        got[sender] = await in_thread(dawdle, line, sender)

    async with served(Door(scene).accept) as (port, _), watched(scene) as waiting:
        client = await in_thread(dialled, port, Side.CLIENT)
        agent = await in_thread(dialled, port, Side.AGENT)
        with client, agent:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(in_thread, push, client, Side.CLIENT)
                tasks.start_soon(in_thread, push, agent, Side.AGENT)
                tasks.start_soon(read, agent, Side.CLIENT)
                tasks.start_soon(read, client, Side.AGENT)

    assert got == {side: list(range(FRAMES)) for side in Side}
    assert max(waiting) <= most_in_one_read() + MAX_BACKLOG
    assert scene.relay.recorder.next_sequence == FRAMES
