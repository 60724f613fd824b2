"""The servers that ``bench.idle`` compares, each one ours and one on aiohttp that does the same.

Run as ``python -m bench.idle_servers <kind> plain|tls <data directory>``; the port is the first
line of output. Kinds:

=================  ==========================================================================
ours               the whole server
aiohttp            our chain and use cases behind aiohttp: every call is judged, audited, stored
ours-front         our listeners and control channels, and no store: each call gets a token
aiohttp-front      the same on aiohttp
=================  ==========================================================================
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from aiohttp import WSMsgType, web

from bench.process import pin
from mooring.api.chain import Chain
from mooring.api.operations import OPERATIONS
from mooring.api.protocol.models import load_extra_models
from mooring.api.protocol.protocols import Protocols
from mooring.api.protocol.request import HttpRequest
from mooring.data_dir import DataDir
from mooring.gateway.control import ControlListener
from mooring.net.http_server import http_protocol
from mooring.net.tls import server_context
from mooring.net.websocket import UpgradeRequest
from mooring.net.websocket_server import websocket_protocol
from mooring.operations.channels import ControlOpened, open_control_channel
from mooring.operations.orders import node_subject
from mooring.operations.world import World
from mooring.server import open_world, serve
from mooring.settings import load
from mooring.wire.agent_message import AgentMessage
from mooring.wire.control_channel import TaskComplete
from mooring.wire.open_message import OpenMessage
from mooring.wire.sigv4_verify import fold_headers

__all__ = ["main"]

GATEWAY = "gateway-aiohttp"
TOKEN = b"<Answer><TokenValue>" + b"t" * 43 + b"</TokenValue></Answer>"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Peer:
    """Control channels on aiohttp."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chain = Chain(world, Protocols(load_extra_models()), OPERATIONS)

    async def post(self, request: web.Request) -> web.Response:
        """Answer a signed call."""
        answer = await self._chain.answer(
            HttpRequest(
                method=request.method,
                path=request.raw_path,
                headers=fold_headers(request.headers.items()),
                body=await request.read(),
                secure=request.secure,
                peer=request.remote or "",
            )
        )
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def line(self, request: web.Request) -> web.WebSocketResponse:
        """Hold a node's line."""
        here = web.WebSocketResponse(compress=False)
        await here.prepare(request)
        first = await here.receive_str()
        node = await open_control_channel(
            self._world,
            node_id=request.match_info["node"],
            token=OpenMessage.parse(first).token,
            gateway=GATEWAY,
            address=request.remote or "",
        )

        async def order(frame: bytes) -> bytes:
            await here.send_bytes(frame)
            return b""

        held = self._world.bus.subscribe(node_subject(node.account_id, node.node_id), order)
        try:
            async for message in here:
                assert message.type is not WSMsgType.TEXT
        finally:
            held.close()
        return here


class OpenDoor:
    """Implements ``control.ControlDoor``: lets everybody in."""

    def __init__(self) -> None:
        self._lines: dict[str, ControlListener] = {}

    def accept(self, request: UpgradeRequest) -> ControlListener:
        """Say who hears a new connection."""
        return ControlListener(request.path.rpartition("/")[2], request.peer, self)

    def redeem_control(self, listener: ControlListener, message: OpenMessage) -> None:
        """Let it in."""
        assert message.token
        listener.admit(ControlOpened(account_id="1", region="r", node_id=listener.node_id))
        self._lines[listener.node_id] = listener

    def task_complete(
        self, listener: ControlListener, report: TaskComplete, message: AgentMessage
    ) -> None:
        """Nobody reports."""

    def gone(self, listener: ControlListener) -> None:
        """Forget the line."""
        self._lines.pop(listener.node_id, None)


async def _answer(scope: Message, receive: Receive, send: Send) -> None:
    """Give a token, whoever asks."""
    assert scope["type"] == "http"
    while (await receive()).get("more_body", False):
        pass
    headers = [(b"content-length", str(len(TOKEN)).encode()), (b"content-type", b"text/xml")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": TOKEN})


async def _our_front(listening: socket.socket, data_dir: DataDir, *, tls: bool) -> None:
    config = uvicorn.Config(
        _answer,
        http=http_protocol(head_deadline_s=10),
        ws=websocket_protocol(OpenDoor().accept, max_message=256 * 1024),
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=data_dir.server_certificate if tls else None,
        ssl_keyfile=data_dir.server_key if tls else None,
    )
    config.load()
    if tls:
        config.ssl = server_context(data_dir.server_certificate, data_dir.server_key)
    await uvicorn.Server(config).serve([listening])


async def _token(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=201, body=TOKEN, content_type="text/xml")


async def _held(request: web.Request) -> web.WebSocketResponse:
    here = web.WebSocketResponse(compress=False)
    await here.prepare(request)
    assert OpenMessage.parse(await here.receive_str()).token
    async for message in here:
        assert message.type is not WSMsgType.TEXT
    return here


async def _aiohttp_front(listening: socket.socket, data_dir: DataDir, *, tls: bool) -> None:
    await _run_aiohttp(listening, data_dir, _token, _held, tls=tls)


async def _ours(listening: socket.socket, data_dir: DataDir, *, tls: bool) -> None:
    other = socket.create_server(("127.0.0.1", 0))
    other.setblocking(False)  # noqa: FBT003 a library's argument
    plain, secure = (other, listening) if tls else (listening, other)
    await serve(data_dir, load(data_dir.path, env={}, flags={}), plain=plain, tls=secure)


async def _aiohttp(listening: socket.socket, data_dir: DataDir, *, tls: bool) -> None:
    async with open_world(data_dir, load(data_dir.path, env={}, flags={})) as world:
        peer = Peer(world)
        await _run_aiohttp(listening, data_dir, peer.post, peer.line, tls=tls)


async def _run_aiohttp(
    listening: socket.socket, data_dir: DataDir, post: Handler, line: Handler, *, tls: bool
) -> None:
    context = server_context(data_dir.server_certificate, data_dir.server_key) if tls else None
    app = web.Application()
    path = "/v1/control-channel/{node}"
    app.add_routes([web.post(path, post), web.get(path, line)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.SockSite(runner, listening, ssl_context=context).start()
    await asyncio.Event().wait()


KINDS = {
    "ours": _ours,
    "aiohttp": _aiohttp,
    "ours-front": _our_front,
    "aiohttp-front": _aiohttp_front,
}


def main() -> None:
    """Serve until SIGTERM."""
    pin(0)
    logging.disable(logging.INFO)
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listening.setblocking(False)  # noqa: FBT003 a library's argument
    print(listening.getsockname()[1], flush=True)
    uvloop.run(KINDS[sys.argv[1]](listening, DataDir(Path(sys.argv[3])), tls=sys.argv[2] == "tls"))


if __name__ == "__main__":
    main()
