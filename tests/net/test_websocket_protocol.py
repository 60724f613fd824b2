"""How much a fast peer gets read in one piece, and that nothing of it is lost."""

import socket
import struct

import anyio
import anyio.to_thread
import pytest
from tests.net.served import served

from mooring.net.websocket import Peer, UpgradeRequest
from mooring.net.websocket_protocol import MOST_AT_ONCE

COUNT = 1024
MESSAGE = 64 * 1024


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The server runs on uvloop; asyncio's own loop must not differ."""
    return "asyncio", {"use_uvloop": request.param}


class Scales:
    """Weighs each read: what is counted as received changes once with each."""

    def __init__(self) -> None:
        self.peer: Peer | None = None
        self.messages = 0
        self.heaviest = 0
        self.all_here = anyio.Event()
        self._seen = 0

    def opened(self, peer: Peer) -> None:
        self.peer = peer

    def text(self, data: str) -> None:
        """Nobody sends any."""

    def binary(self, data: memoryview | bytes, last_in_buffer: bool) -> None:  # noqa: ARG002, FBT001
        assert self.peer is not None
        received = self.peer.statistics().bytes_received
        self.heaviest = max(self.heaviest, received - self._seen)
        self._seen = received
        self.messages += 1
        if self.messages == COUNT:
            self.all_here.set()

    def pinged(self) -> None:
        """Nobody does."""

    def ponged(self) -> None:
        """Nobody does."""

    def writable(self, is_writable: bool) -> None:  # noqa: FBT001
        """Nothing is written."""

    def closed(self, code: int) -> None:
        """The test is over."""


def flood(port: int) -> None:
    """Be a peer that does nothing else: upgrade, then send everything at once."""
    head = (
        "GET / HTTP/1.1\r\nHost: node.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n"
    )
    # A mask of zeros leaves zeros as they are.
    frame = struct.pack("!BBQ4x", 0x82, 0x80 | 127, MESSAGE) + bytes(MESSAGE)
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(head.encode())
        line.recv(4096)
        line.sendall(frame * COUNT)


async def test_one_read_is_bounded_however_fast_the_peer_is() -> None:
    scales = Scales()

    def accept(_: UpgradeRequest) -> Scales:
        return scales

    with anyio.fail_after(20):
        async with served(accept) as (port, _):
            await anyio.to_thread.run_sync(flood, port)
            await scales.all_here.wait()

    # A message that comes in two reads is heard with the second.
    assert scales.heaviest <= MOST_AT_ONCE + MESSAGE + 16
