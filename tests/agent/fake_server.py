"""A server for agents, on loopback: answers calls from a table, and is the client of sessions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import anyio
import uvicorn
from tests.net.served import QuietServer, Receive, Scope, Send, bound, serve_to_the_end

from mooring.agent.world import World
from mooring.net.http_server import http_protocol
from mooring.net.websocket import CloseCode, Peer, Refusal, UpgradeRequest
from mooring.net.websocket_server import websocket_protocol
from mooring.wire.agent_message import AgentMessage, DigestRule
from mooring.wire.channel_events import Received
from mooring.wire.control_channel import interactive_shell_frame
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.payloads import MessageType, PayloadType
from mooring.wire.session_order import SessionOrder
from mooring.wire.stamp import Stamp

NOW = 1_800_000_000.0
ROLE_TOKEN: dict[str, Any] = {
    "AccessKeyId": "ASIAABCDEFGHIJKLMNOP",
    "SecretAccessKey": "hidden",
    "SessionToken": "session-token",
    "TokenExpirationDate": NOW + 3600,
    "UpdateKeyPair": False,
}

Answer = tuple[int, Mapping[str, Any]]


def fixed_world(*, now: float = NOW, random: float = 0.0) -> World:
    """Return a world that stands still, with ids that differ."""
    return World(now=lambda: now, new_id=uuid4_of_tests, random=lambda: random)


def uuid4_of_tests() -> UUID:
    return uuid4()  # the ids of a test need only differ


@dataclass
class Call:
    """One call that came in."""

    operation: str
    fields: Mapping[str, Any]
    headers: Mapping[str, str]
    raw: bytes


class Line:
    """One websocket of an agent: what it said, and a way to talk back."""

    def __init__(self, server: FakeServer, request: UpgradeRequest) -> None:
        self.server = server
        self.request = request
        self.peer: Peer | None = None
        self.opening: dict[str, Any] = {}
        self.frames: list[AgentMessage] = []
        self.is_over = anyio.Event()
        self.code = 0

    def opened(self, peer: Peer) -> None:
        self.peer = peer

    def text(self, data: str) -> None:
        self.opening = json.loads(data)
        self.server.line_opened(self)

    def binary(self, data: memoryview | bytes, last_in_buffer: bool) -> None:  # noqa: ARG002, FBT001
        raw = bytes(data)
        self.frames.append(
            AgentMessage.parse(raw, max_payload=2**20, digest_rule=DigestRule.ENFORCED)
        )
        self.server.heard(self, raw)

    def pinged(self) -> None:
        """Nothing to do."""

    def ponged(self) -> None:
        """Nothing to do."""

    def writable(self, is_writable: bool) -> None:  # noqa: FBT001
        """Tests send little."""

    def closed(self, code: int) -> None:
        self.code = code
        self.is_over.set()
        self.server.line_closed(self)

    def hang_up(self) -> None:
        """Close as a server does that has nothing more to say."""
        assert self.peer is not None
        self.peer.close(CloseCode.NORMAL, "")

    def send(self, frame: bytes) -> None:
        assert self.peer is not None
        self.peer.send(frame)

    def drop(self) -> None:
        """Cut the line as a crash would."""
        assert self.peer is not None
        self.peer.abort()


@dataclass
class FakeServer:
    """What the server answers, and what it has seen."""

    answers: dict[str, Callable[[Call], Answer]] = field(default_factory=dict)
    channel_answers: list[tuple[int, bytes, Mapping[str, str]]] = field(default_factory=list)
    """Answers to the next channel calls; 201 with a token when there is none."""
    calls: list[Call] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    url: str = ""
    date: str = ""
    client: Client | None = None
    on_open: Callable[[Line], None] = lambda _: None
    _changed: anyio.Event = field(default_factory=anyio.Event)

    def line_opened(self, line: Line) -> None:
        self.lines.append(line)
        if self.client is not None and "data-channel" in line.request.path:
            self.client.connected(line)
        self.on_open(line)
        self.change()

    def heard(self, line: Line, raw: bytes) -> None:
        if self.client is not None and "data-channel" in line.request.path:
            self.client.receive(line, raw)
        self.change()

    def line_closed(self, line: Line) -> None:
        if self.client is not None and self.client.line is line:
            self.client.disconnected()
        self.change()

    def change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that was seen makes ``condition`` true."""
        with anyio.fail_after(20):
            while not condition():
                await self._changed.wait()

    def accept(self, request: UpgradeRequest) -> Line | Refusal:
        if "authorization" not in request.headers:
            return Refusal(status=403)
        return Line(self, request)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, answer, extra = self._answer(scope["path"], headers, body)
        lines = [(b"content-length", str(len(answer)).encode())]
        if self.date:
            lines.append((b"date", self.date.encode()))
        lines += [(name.encode(), value.encode()) for name, value in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": answer})
        self.change()

    def _answer(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes, Mapping[str, str]]:
        operation = headers.get("x-amz-target", path).removeprefix("AmazonSSM.")
        call = Call(operation, json.loads(body or b"{}"), headers, body)
        self.calls.append(call)
        if path.startswith("/v1/"):
            if self.channel_answers:
                return self.channel_answers.pop(0)
            token = f"<R><TokenValue>token&amp;{len(self.calls)}</TokenValue></R>"
            return 201, token.encode(), {}
        answer = self.answers.get(operation)
        status, fields = answer(call) if answer else (200, {})
        return status, json.dumps(fields).encode(), {}

    def named(self, operation: str) -> list[Call]:
        """Return the calls of one operation."""
        return [call for call in self.calls if call.operation == operation]


class Client:
    """The person's end of a session, over all connections of the agent."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.line: Line | None = None
        self.shown = b""
        self.payloads: list[bytes] = []
        self.ends: list[Mapping[str, Any]] = []
        self.channel = DataChannel(
            role=Role.CLIENT, new_id=uuid4_of_tests, wall_offset=NOW, limits=Limits()
        )
        self.channel.disconnected()

    def connected(self, line: Line) -> None:
        self.line = line
        self.channel.reconnected(anyio.current_time())
        self.flush()

    def disconnected(self) -> None:
        self.line = None
        self.channel.disconnected()

    def receive(self, line: Line, raw: bytes) -> None:
        message = AgentMessage.parse(raw, max_payload=2**20, digest_rule=DigestRule.ENFORCED)
        if message.message_type == MessageType.AGENT_SESSION_STATE:
            state = json.loads(message.payload)
            self.ends.append(state)
            if state["SessionState"] == "Terminating":
                line.hang_up()
        if line is not self.line:
            return
        if message.message_type == MessageType.OUTPUT_STREAM_DATA:
            self.payloads.append(message.payload)
        self.channel.receive(raw, anyio.current_time())
        self.flush()

    def flush(self) -> None:
        for event in self.channel.events():
            if isinstance(event, Received):
                self.shown += event.payload
        for frame in self.channel.writes():
            if self.line is not None:
                self.line.send(frame)

    def type(self, data: bytes, payload_type: PayloadType = PayloadType.OUTPUT) -> None:
        self.channel.send(payload_type, data, anyio.current_time())
        self.flush()

    def say(self, frame: bytes) -> None:
        assert self.line is not None
        self.line.send(frame)

    async def until_shown(self, text: bytes) -> None:
        await self.server.until(lambda: text in self.shown)

    async def until_ended(self) -> Mapping[str, Any]:
        await self.server.until(lambda: any(e["SessionState"] == "Terminating" for e in self.ends))
        return self.ends[-1]


def stamp() -> Stamp:
    return Stamp(uuid4_of_tests, NOW)


def order_frame(order: SessionOrder) -> bytes:
    return interactive_shell_frame(order, stamp=stamp(), now=0.0)


@asynccontextmanager
async def fake_server() -> AsyncIterator[FakeServer]:
    """Serve on loopback until the block ends."""
    server = FakeServer()
    server.answers["RequestManagedInstanceRoleToken"] = lambda _: (200, ROLE_TOKEN)
    config = uvicorn.Config(
        server.app,
        ws=websocket_protocol(server.accept, max_message=2**20),
        http=http_protocol(head_deadline_s=10),
        interface="asgi3",
        date_header=False,
        lifespan="off",
        log_config=None,
    )
    runner = QuietServer(config)
    with bound() as listener:
        server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.listen()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve_to_the_end, runner, listener)
            try:
                yield server
            finally:
                runner.should_exit = True
