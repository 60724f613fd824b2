"""Websockets for those who dial: the agent and the command line.

Nothing is taken from the environment: no proxy, no certificate file, no redirect.
"""

from __future__ import annotations

import asyncio
import re
import ssl as ssl_module
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

import aiofastnet
import anyio
import anyio.lowlevel
from picows import WSHandshakeError

from mooring.net.websocket import (
    CloseCode,
    ConnectFailed,
    ConnectRefused,
    Peer,
    Statistics,
    WebSocketClosed,
)
from mooring.net.websocket_link import Link
from mooring.net.websocket_protocol import LinkProtocol, Role

__all__ = ["Ears", "WebSocket", "connect"]

MAX_UNREAD = 256 * 1024
"""So much waits for ``receive``, in bytes, before we stop reading the socket."""

YIELD_AFTER = 64 * 1024
"""So much is sent, in bytes, before other tasks get their turn."""

PORTS = {"ws": 80, "wss": 443}

MAX_HEAD = 64 * 1024
"""The answer to the upgrade: its head, and its body if it is no."""


class Ears(Protocol):
    """Who hears messages in the moment they come; nothing here waits."""

    def heard(self, message: bytes | str) -> bool:
        """Take a message, or leave it, and all after it, to ``receive``."""

    def may_speak(self) -> None:
        """The server has caught up: ``takes_now`` is true again."""


class WebSocket:
    """One connection. One task may receive while others send; a slow end slows the other down.

    Implements ``websocket.Listener``; these methods are for the link.
    """

    def __init__(self) -> None:
        self._peer: Peer | None = None
        self._inbox: deque[bytes | str] = deque()
        self._unread = 0
        self._sent = 0
        self._arrival: asyncio.Future[None] | None = None
        self._writable = anyio.Event()
        self._writable.set()
        self._over = anyio.Event()
        self._end: WebSocketClosed | None = None
        self.link: Link | None = None
        self.ears: Ears | None = None

    @property
    def last_seen(self) -> float:
        """When the server last gave a sign of life, in seconds on the loop's clock."""
        return self._link().last_seen

    @property
    def pending(self) -> int:
        """How many messages ``receive`` has at hand without waiting."""
        return len(self._inbox)

    async def receive(self) -> bytes | str:
        """Take the next message; bytes if it was binary, str if it was text.

        Cancellation loses nothing. Raises ``WebSocketClosed`` after the last message.
        """
        while not self._inbox:
            if self._end is not None:
                raise self._end
            if self._arrival is not None:
                raise RuntimeError("expected one receiver, got a second")
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                await self._arrival
            finally:
                self._arrival = None
        message = self._inbox.popleft()
        self._unread -= len(message)
        if self._unread < MAX_UNREAD // 2 and self._end is None:
            self._link().resume_reading()
        return message

    async def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send a binary message; waits while the server reads too slowly.

        Small messages of one loop turn leave together. Cancelled, it has sent all or nothing.
        Raises ``WebSocketClosed``.
        """
        await self._ready()
        self._link().send(data)
        self._sent += len(data)
        if self._sent >= YIELD_AFTER:
            self._sent = 0
            await anyio.lowlevel.checkpoint()

    @property
    def takes_now(self) -> bool:
        """Whether ``send_now`` may be called: open, and the server reads fast enough."""
        return self._end is None and self._writable.is_set()

    def send_now(self, messages: Sequence[bytes]) -> None:
        """Send binary messages in this very moment, because somebody is waiting for them."""
        self._link().send_now(messages)

    async def send_text(self, data: str) -> None:
        """Send a text message; see ``send``."""
        await self._ready()
        self._link().send_text(data)

    async def _ready(self) -> None:
        if not self._writable.is_set():
            await self._writable.wait()
        if self._end is not None:
            raise self._end

    def ping(self) -> None:
        """Ask the server for a sign of life; ``last_seen`` tells when it came."""
        self._link().ping()

    async def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Close, and wait until the server agrees or its time is up. Cancelled: aborts."""
        link = self._link()
        link.close(code, reason)
        # Nobody reads any more, so what the server still had to say must not hold it up.
        self._inbox.clear()
        self._unread = 0
        try:
            await self._over.wait()
        finally:
            if not self._over.is_set():
                link.abort()

    def statistics(self) -> Statistics:
        """Count what passed."""
        return self._link().statistics()

    async def __aenter__(self) -> WebSocket:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _link(self) -> Link:
        assert self.link is not None  # noqa: S101  # set before anybody gets the object
        return self.link

    # What the link calls.

    def opened(self, peer: Peer) -> None:
        """See ``Listener.opened``."""
        self._peer = peer

    def text(self, data: str) -> None:
        """See ``Listener.text``."""
        self._arrived(data)

    def binary(self, data: memoryview | bytes, last_in_buffer: bool) -> None:  # noqa: ARG002, FBT001
        """See ``Listener.binary``."""
        self._arrived(bytes(data))

    def _arrived(self, message: bytes | str) -> None:
        # INVARIANT: nothing is heard at once while something older waits in the inbox.
        if self.ears is not None and not self._inbox and self.ears.heard(message):
            return
        self._inbox.append(message)
        self._unread += len(message)
        if self._unread >= MAX_UNREAD:
            self._link().pause_reading()
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def pinged(self) -> None:
        """See ``Listener.pinged``."""

    def ponged(self) -> None:
        """See ``Listener.ponged``."""

    def writable(self, is_writable: bool) -> None:  # noqa: FBT001
        """See ``Listener.writable``."""
        if is_writable:
            self._writable.set()
            if self.ears is not None:
                self.ears.may_speak()
        elif self._end is None:
            self._writable = anyio.Event()

    def closed(self, code: int) -> None:
        """See ``Listener.closed``."""
        self._end = WebSocketClosed(code, self._link().reason)
        self._writable.set()
        self._over.set()
        self._wake()


class ClientProtocol(LinkProtocol):
    """One connection of a client. Holds the answer back until it is whole: a no has a body."""

    __slots__ = ("_answer", "_max_message", "websocket")

    def __init__(self, role: Role, *, max_message: int) -> None:
        super().__init__(role, self._accept, max_message=max_message)
        self._max_message = max_message
        self._answer: bytearray | None = bytearray()
        self.websocket = WebSocket()

    def _accept(self, *_: object) -> Link:
        assert self.outbox is not None  # noqa: S101  # set when the connection was made
        self.link = Link(self.websocket, self.outbox, self.loop, max_message=self._max_message)
        self.websocket.link = self.link
        return self.link

    def buffer_updated(self, nbytes: int) -> None:
        """Gather the answer; then let picows read."""
        if self._answer is None:
            super().buffer_updated(nbytes)
            return
        self._answer += self.get_buffer(nbytes)[:nbytes]
        if is_whole(self._answer):
            self._pass_on()

    def eof_received(self) -> bool:
        """Take the end of the stream as the end of the answer."""
        if self._answer is not None:
            self._pass_on()
        return False

    def _pass_on(self) -> None:
        answer, self._answer = self._answer, None
        self.feed(bytes(answer or b""))

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the error that picows keeps for a waiter, lest asyncio report it as forgotten."""
        super().connection_lost(exc)
        waiter = self.transport.wait_disconnected()
        try:
            waiter.send(None)
        except (StopIteration, Exception):  # noqa: BLE001  # the listener has been told
            waiter.close()


def is_whole(answer: bytearray) -> bool:
    """Tell whether an HTTP answer is complete, as far as one can tell before the end."""
    head, blank, body = bytes(answer).partition(b"\r\n\r\n")
    if not blank:
        return len(head) >= MAX_HEAD
    if head.startswith(b"HTTP/1.1 101 ") or len(answer) >= MAX_HEAD:
        return True
    length = re.search(rb"(?i)\r\ncontent-length: *(\d{1,9}) *(?:\r\n|$)", head)
    return length is not None and len(body) >= int(length[1])


async def connect(
    url: str,
    *,
    headers: Mapping[str, str],
    ssl: ssl_module.SSLContext | None,
    deadline_s: float,
    max_message: int,
) -> WebSocket:
    """Dial a ``ws://`` or ``wss://`` URL.

    A ``wss://`` URL needs ``ssl``. ``max_message`` bounds one received message, in bytes.
    Raises ``ConnectRefused`` or ``ConnectFailed``.
    """
    parts = split(url)
    secure = parts.scheme == "wss"
    if secure and ssl is None:
        raise ValueError("expected an ssl context for a wss url, got none")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    role = Role(host=parts.netloc.rpartition("@")[2], target=target, headers=headers)
    try:
        with anyio.fail_after(deadline_s):
            return await dial(role, parts, ssl if secure else None, max_message=max_message)
    except TimeoutError as error:
        raise ConnectFailed(f"no answer from `{role.host}` within {deadline_s:g} s") from error
    except (OSError, ssl_module.SSLError) as error:
        raise ConnectFailed(f"cannot connect to `{role.host}`: {error}") from error


def split(url: str) -> SplitResult:
    """Take an URL apart; raises ``ConnectFailed``, because it is often a server that gave it."""
    problem = ConnectFailed(f"expected a ws:// or wss:// url, got `{url}`")
    try:
        parts = urlsplit(url)
        good = parts.scheme in PORTS and parts.hostname and parts.port != 0
    except ValueError as error:
        raise problem from error
    if not good:
        raise problem
    return parts


async def dial(
    role: Role, parts: SplitResult, ssl: ssl_module.SSLContext | None, *, max_message: int
) -> WebSocket:
    """Connect and shake hands, leaving nothing behind on failure."""
    transport, protocol = await aiofastnet.create_connection(
        asyncio.get_running_loop(),
        lambda: ClientProtocol(role, max_message=max_message),
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        ssl=ssl,
    )
    try:
        await protocol.wait_until_handshake_complete()
    except WSHandshakeError as error:
        transport.abort()
        status = error.response.status if error.response is not None else None
        if status is None or status == 101:
            raise ConnectFailed(f"`{role.host}` does not speak websocket: {error}") from error
        raise ConnectRefused(int(status), error.raw_body or b"") from error
    except BaseException:
        transport.abort()
        raise
    if protocol.link is None:
        raise ConnectFailed(f"`{role.host}` hung up during the handshake")
    return protocol.websocket
