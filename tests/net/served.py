"""A real uvicorn on loopback for the tests of this folder, plain and TLS."""

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import uvicorn

from mooring.net.http_server import http_protocol
from mooring.net.tls import client_context, issue_server_certificate, make_ca
from mooring.net.websocket import Accept, Peer, Refusal, UpgradeRequest
from mooring.net.websocket_server import websocket_protocol

MAX_MESSAGE = 256 * 1024

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer any request with its own body."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    status = 404 if scope["path"] == "/missing" else 201
    headers = [(b"content-length", str(len(body)).encode()), (b"x-twice", b"1"), (b"x-twice", b"2")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Echo:
    """Sends back what it hears, and keeps a diary."""

    def __init__(self) -> None:
        self.peer: Peer | None = None
        self.heard: list[object] = []
        self.over = anyio.Event()
        self.news = anyio.Event()

    async def hears(self, *words: object) -> None:
        """Wait until it has heard all of ``words``, each as often as it is given."""
        while any(self.heard.count(word) < words.count(word) for word in words):
            self.news = anyio.Event()
            await self.news.wait()

    def note(self, word: object) -> None:
        self.heard.append(word)
        self.news.set()

    def opened(self, peer: Peer) -> None:
        self.peer = peer

    def text(self, data: str) -> None:
        assert self.peer is not None
        if data == "raise":
            raise LookupError(data)
        self.peer.send_text(data)

    def binary(self, data: memoryview | bytes, last_in_buffer: bool) -> None:  # noqa: ARG002, FBT001
        assert self.peer is not None
        self.peer.send(data)

    def pinged(self) -> None:
        self.note("ping")

    def ponged(self) -> None:
        self.note("pong")

    def writable(self, is_writable: bool) -> None:  # noqa: FBT001
        assert self.peer is not None
        self.note("writable" if is_writable else "full")
        if is_writable:
            self.peer.resume_reading()
        else:
            self.peer.pause_reading()

    def closed(self, code: int) -> None:
        self.note(code)
        self.over.set()


class Door:
    """Lets everybody in but ``/forbidden``, and remembers."""

    def __init__(self) -> None:
        self.requests: list[UpgradeRequest] = []
        self.listeners: list[Echo] = []

    def __call__(self, request: UpgradeRequest) -> Echo | Refusal:
        self.requests.append(request)
        if request.path == "/forbidden":
            return Refusal(status=403, body=b"not you")
        if request.path == "/broken":
            raise LookupError("broken")
        self.listeners.append(Echo())
        return self.listeners[-1]


class QuietServer(uvicorn.Server):
    """Leaves the test runner's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def bound() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


@asynccontextmanager
async def served(
    accept: Accept,
    *,
    certificate: tuple[Path, Path] | None = None,
    head_deadline_s: float = 10,
) -> AsyncIterator[tuple[int, QuietServer]]:
    """Serve until the block ends, then stop as uvicorn does: politely."""
    config = uvicorn.Config(
        app,
        ws=websocket_protocol(accept, max_message=MAX_MESSAGE),
        http=http_protocol(head_deadline_s=head_deadline_s),
        lifespan="off",
        log_config=None,
        ssl_certfile=certificate and certificate[0],
        ssl_keyfile=certificate and str(certificate[1]),
    )
    server = QuietServer(config)
    with bound() as listener:
        port = listener.getsockname()[1]
        listener.listen()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve_to_the_end, server, listener)
            try:
                yield port, server
            finally:
                server.should_exit = True


async def serve_to_the_end(server: uvicorn.Server, listener: socket.socket) -> None:
    with anyio.CancelScope(shield=True):
        await server.serve([listener])


def certified(
    folder: Path, *, address: str = "127.0.0.1"
) -> tuple[tuple[Path, Path], ssl.SSLContext]:
    """Make a CA and a certificate for loopback; return what the server and the client need."""
    now = datetime.now(UTC)  # noqa: TID251  # OpenSSL reads the real clock
    authority = make_ca("test", now=now, serial=1)
    pair = issue_server_certificate(
        authority, ["localhost", "*.mooring.test"], [address], now=now, serial=2
    )
    ca, cert, key = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    ca.write_text(authority.certificate)
    cert.write_text(pair.certificate)
    key.write_text(pair.key.reveal())
    return (cert, key), client_context(ca)
