"""A server, a gateway and a node in one, for a plugin that runs as a process of its own."""

import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4  # any id will do here

import anyio
import pexpect
import uvicorn
from tests.net.served import QuietServer, bound

from mooring.net.websocket import Peer, UpgradeRequest
from mooring.net.websocket_server import websocket_protocol
from mooring.wire.agent_message import AgentMessage
from mooring.wire.channel_events import Received
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.handshake import (
    HandshakeComplete,
    HandshakeRequest,
    HandshakeResponse,
    RequestedAction,
    Terms,
)
from mooring.wire.payloads import ChannelClosed, MessageType, PayloadType, TerminalSize
from mooring.wire.session_order import SessionType

SESSION_ID = "ann-0123456789abcdef0"
ROOT = Path(__file__).parent.parent.parent.parent
PLUGIN = (sys.executable, "-m", "mooring.cli.plugin.main")
TERMS = Terms(max_payload=64 * 1024, window_bytes=128 * 1024)

Scope = MutableMapping[str, Any]


class Gateway:
    """Accepts one session's client as often as it comes, and plays the node behind it."""

    def __init__(self) -> None:
        self.channel = DataChannel(
            role=Role.AGENT, new_id=uuid4, wall_offset=1.7e9, limits=Limits(first_payload=1024)
        )
        self.session_type = SessionType.STANDARD_STREAM
        self.extra_actions: tuple[RequestedAction, ...] = ()
        self.terms: Terms | None = TERMS
        self.shakes_hands = True
        self.customer_message = ""
        self.port = 0
        self.peer: Peer | None = None
        self.opening: list[dict[str, Any]] = []
        self.typed = bytearray()
        self.sizes: list[TerminalSize] = []
        self.response: HandshakeResponse | None = None
        self.calls: list[str] = []
        self.token: str | None = "token-2"  # noqa: S105
        self.refuses_calls: tuple[int, str] | None = None
        self._moved = anyio.Event()

    # What tests ask for.

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to be true after anything happened."""
        while not condition():
            self._moved = anyio.Event()
            await self._moved.wait()

    async def types(self, keys: bytes) -> None:
        await self.until(lambda: keys in self.typed)

    def show(self, output: bytes) -> None:
        self.channel.send(PayloadType.OUTPUT, output, anyio.current_time())
        self.flush()

    def end(self, output: str = "", exit_code: int | None = None) -> None:
        closed = ChannelClosed(session_id=SESSION_ID, output=output, exit_code=exit_code)
        message = AgentMessage(
            message_type=MessageType.CHANNEL_CLOSED,
            payload=closed.serialize(),
            message_id=uuid4(),
            created_date=1,
        )
        assert self.peer is not None
        self.peer.send(message.serialize())

    def cut(self) -> None:
        assert self.peer is not None
        self.peer.abort()

    def command(self) -> list[str]:
        """The command line of a plugin, as the AWS CLI writes it."""
        answer = {
            "SessionId": SESSION_ID,
            "TokenValue": "token-1",
            "StreamUrl": f"ws://127.0.0.1:{self.port}/v1/data-channel/{SESSION_ID}",
        }
        endpoint = f"http://127.0.0.1:{self.port}"
        request = json.dumps({"Target": "i-1"})
        return [
            *PLUGIN, json.dumps(answer), "ap-northeast-1", "StartSession", "", request, endpoint
        ]  # fmt: skip

    # What the plugin causes.

    def accept(self, _: UpgradeRequest) -> "Arrival":
        return Arrival(self)

    def flush(self) -> None:
        for frame in self.channel.writes():
            if self.peer is not None:
                self.peer.send(frame)

    def opened(self, peer: Peer, opening: str) -> None:
        self.opening.append(json.loads(opening))
        self.peer = peer
        now = anyio.current_time()
        if len(self.opening) > 1:
            self.channel.reconnected(now)
        elif self.shakes_hands:
            request = HandshakeRequest(
                agent_version="3.3.0.0",
                actions=(RequestedAction.session_type(self.session_type), *self.extra_actions),
                terms=self.terms,
            )
            self.channel.send(PayloadType.HANDSHAKE_REQUEST, request.serialize(), now)
        self.flush()
        self.moved()

    def received(self, data: bytes) -> None:
        self.channel.receive(data, anyio.current_time())
        for event in self.channel.events():
            if isinstance(event, Received):
                self._take(event)
        self.flush()
        self.moved()

    def lost(self, peer: Peer | None) -> None:
        if peer is self.peer:
            self.peer = None
            self.channel.disconnected()
        self.moved()

    def moved(self) -> None:
        self._moved.set()

    def _take(self, event: Received) -> None:
        if event.payload_type == PayloadType.OUTPUT:
            self.typed += event.payload
        elif event.payload_type == PayloadType.SIZE:
            self.sizes.append(TerminalSize.parse(event.payload))
        elif event.payload_type == PayloadType.HANDSHAKE_RESPONSE:
            self.response = HandshakeResponse.parse(event.payload)
            if self.response.terms is not None:
                self.channel.adopt(self.response.terms)
            if self.response.accepts_session_type():
                complete = HandshakeComplete(customer_message=self.customer_message)
                self.channel.send(
                    PayloadType.HANDSHAKE_COMPLETE, complete.serialize(), anyio.current_time()
                )

    async def tick(self) -> None:
        while True:
            await anyio.sleep(0.05)
            self.channel.tick(anyio.current_time())
            self.flush()

    async def app(
        self,
        scope: Scope,
        receive: Callable[[], Awaitable[Scope]],
        send: Callable[[Scope], Awaitable[None]],
    ) -> None:
        """Answer API calls."""
        while (await receive()).get("more_body"):
            pass
        target = dict(scope["headers"])[b"x-amz-target"].decode()
        self.calls.append(target.partition(".")[2])
        status, body = 200, {"SessionId": SESSION_ID, "TokenValue": self.token}
        if self.refuses_calls is not None:
            status, code = self.refuses_calls
            body = {"__type": code, "message": "no"}
        self.moved()
        headers = [(b"content-type", b"application/x-amz-json-1.1")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


class Arrival:
    """Hears one connection of the client."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._peer: Peer | None = None

    def opened(self, peer: Peer) -> None:
        self._peer = peer

    def text(self, data: str) -> None:
        assert self._peer is not None
        self._gateway.opened(self._peer, data)

    def binary(self, data: memoryview | bytes, last_in_buffer: bool) -> None:  # noqa: ARG002, FBT001
        self._gateway.received(bytes(data))

    def pinged(self) -> None: ...

    def ponged(self) -> None: ...

    def writable(self, is_writable: bool) -> None: ...  # noqa: FBT001

    def closed(self, code: int) -> None:  # noqa: ARG002
        self._gateway.lost(self._peer)


@asynccontextmanager
async def serving() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    config = uvicorn.Config(
        gateway.app,
        ws=websocket_protocol(gateway.accept, max_message=256 * 1024),
        interface="asgi3",
        lifespan="off",
        log_config=None,
    )
    server = QuietServer(config)
    with bound() as listener:
        listener.listen()
        gateway.port = listener.getsockname()[1]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            tasks.start_soon(gateway.tick)
            try:
                with anyio.fail_after(30):
                    yield gateway
            finally:
                with anyio.CancelScope(shield=True):
                    if gateway.peer is not None:
                        gateway.peer.abort()
                    server.should_exit = True
                    await anyio.sleep(0.2)
                tasks.cancel_scope.cancel()


def environment(**more: str) -> dict[str, str]:
    """An environment with credentials and none of this machine's profiles."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **more,
    }


class Person:
    """A plugin on a terminal, with somebody in front of it."""

    def __init__(self, command: list[str], **more: str) -> None:
        self.child = pexpect.spawn(
            command[0], command[1:], env=environment(**more), dimensions=(30, 100), timeout=20
        )
        self.child.delaybeforesend = None

    async def reads(self, text: str | bytes) -> bytes:
        """Wait until it stands on the screen; return what stood before it."""
        await anyio.to_thread.run_sync(self.child.expect_exact, text)
        before = self.child.before
        assert isinstance(before, bytes)
        return before

    def types(self, keys: bytes) -> None:
        self.child.send(keys)

    async def leaves(self) -> int:
        """Wait for the end; return the exit code, -1 for a signal."""
        await anyio.to_thread.run_sync(self.child.expect, pexpect.EOF)
        await anyio.to_thread.run_sync(self.child.wait)
        status = self.child.exitstatus
        return -1 if status is None else status
