"""The relays that ``bench.relay`` compares: ours, a raw TCP one, and one on aiohttp.

Run as ``python -m bench.relay_servers ours|raw|aiohttp``; the port is the first line of output.
``/agent/<number>`` and ``/client/<number>`` are the two sides of a session.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
import uvloop
from aiohttp import WSMsgType, web

from bench.process import pin
from mooring.gateway.leg import DataListener
from mooring.gateway.recorder import Recorder
from mooring.gateway.relay import Leg, Relay, Side
from mooring.gateway.segments import RecorderSettings
from mooring.keys.file import FileKeyRing
from mooring.net.websocket import Listener, Refusal, UpgradeRequest
from mooring.net.websocket_server import websocket_protocol
from mooring.sessions.session import End, Session, SessionStatus
from mooring.system import SystemClock, SystemEntropy
from mooring.wire.agent_message import peek
from mooring.wire.open_message import OpenMessage
from mooring.wire.stamp import Stamp

__all__ = ["main"]

MAX_MESSAGE = 256 * 1024
RAW_BUFFER = 256 * 1024


class Door:
    """Lets everybody in, and pairs them: implements ``leg.DataDoor`` and ``relay.Office``."""

    def __init__(self, folder: Path) -> None:
        self._keys = FileKeyRing.create(folder / "keys")
        self._folder = folder
        self._sides: dict[DataListener, tuple[Side, int]] = {}
        self._relays: dict[int, Relay] = {}

    def accept(self, request: UpgradeRequest) -> Listener | Refusal:
        _, side, number = request.path.split("/")
        listener = DataListener(number, request.peer, self)
        self._sides[listener] = Side(side), int(number)
        return listener

    def redeem_data(self, listener: DataListener, message: OpenMessage) -> None:
        assert message.token
        assert listener.peer is not None
        side, number = self._sides[listener]
        if number not in self._relays:
            self._relays[number] = self._begin(number)
        listener.admit(self._relays[number], side, Leg(peer=listener.peer))

    def _begin(self, number: int) -> Relay:
        session = Session(
            account_id="123456789012",
            region="ap-northeast-1",
            session_id=f"alice-{number:017x}",
            node_id="mi-0123456789abcdef0",
            status=SessionStatus.CONNECTING,
            owner="arn:aws:iam::123456789012:user/alice",
            owner_user_id="AIDACKCEVSQ6C2EXAMPLE",
            document_name="SSM-SessionManagerRunShell",
            started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        )
        settings = RecorderSettings(spool=self._folder, key=bytes(32))
        recorder = Recorder(session, settings, SystemClock(), self._keys)
        return Relay(session, recorder, self, Stamp(SystemEntropy().uuid, 1_700_000_000.0))

    def gone(self, listener: DataListener) -> None:
        del self._sides[listener]

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def later(self, delay_s: float, act: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(delay_s, act)

    def connected(self, relay: Relay) -> None:
        """Nobody asks."""

    def ended(self, relay: Relay, end: End, output: str) -> None:
        raise RuntimeError(f"{relay.session.session_id} ended: {end} {output}")

    def sealed(self, relay: Relay) -> None:
        for path in relay.recorder.segments.take_sealed():
            path.unlink()


async def _nothing(scope: object, receive: object, send: object) -> None:
    """Answer no request."""


def _ours(listening: socket.socket) -> None:
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as folder:
        protocol = websocket_protocol(Door(Path(folder)).accept, max_message=MAX_MESSAGE)
        config = uvicorn.Config(
            _nothing, ws=protocol, lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        uvloop.run(uvicorn.Server(config).serve([listening]))


def _aiohttp(listening: socket.socket) -> None:
    legs: dict[tuple[str, str], web.WebSocketResponse] = {}

    async def leg(request: web.Request) -> web.WebSocketResponse:
        here = web.WebSocketResponse(max_msg_size=MAX_MESSAGE, compress=False)
        await here.prepare(request)
        _, side, number = request.path.split("/")
        legs[side, number] = here
        other = "client" if side == "agent" else "agent"
        async for message in here:
            if message.type is WSMsgType.BINARY:
                peek(message.data)
                await legs[other, number].send_bytes(message.data)
        return here

    app = web.Application()
    app.add_routes([web.get("/agent/{number}", leg), web.get("/client/{number}", leg)])
    loop = uvloop.new_event_loop()
    web.run_app(app, sock=listening, loop=loop, print=None, access_log=None, shutdown_timeout=1)


def _raw(listening: socket.socket) -> None:
    """Copy what the second of two connections sends to the first, in one thread."""
    buffer = bytearray(RAW_BUFFER)
    view = memoryview(buffer)
    while True:
        sink, _ = listening.accept()
        source, _ = listening.accept()
        with sink, source:
            while size := source.recv_into(buffer):
                sink.sendall(view[:size])


def main() -> None:
    """Serve on a free port until SIGTERM."""
    pin(0)
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    os.set_blocking(listening.fileno(), sys.argv[1] == "raw")
    {"ours": _ours, "raw": _raw, "aiohttp": _aiohttp}[sys.argv[1]](listening)


if __name__ == "__main__":
    main()
