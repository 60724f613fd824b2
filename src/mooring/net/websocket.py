"""The words a websocket is spoken of in here: what a listener hears, what a peer can do.

RFC 6455 is the truth about the frames. The gateway is written against these types and never
sees the library below (``websocket_link``), so that the library can be replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, TypeAlias

__all__ = [
    "Accept",
    "CloseCode",
    "ConnectError",
    "ConnectFailed",
    "ConnectRefused",
    "Listener",
    "Peer",
    "Refusal",
    "Statistics",
    "UpgradeRequest",
    "WebSocketClosed",
]


class CloseCode(IntEnum):
    """The close codes we send, or report when the peer sent none (RFC 6455 section 7.4.1)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    NO_STATUS = 1005
    ABNORMAL = 1006
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    TRY_AGAIN_LATER = 1013


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRequest:
    """A request to become a websocket, before anybody said yes.

    ``path`` and ``query`` are as sent, escapes kept, because a signature covers those bytes.
    Header names are in lower case; a header sent twice is joined by a comma. ``peer`` is the
    IP address at the other end of the socket, and no header has a say in it.
    """

    path: str
    query: str
    headers: Mapping[str, str]
    peer: str
    secure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An HTTP error in place of an upgrade; ``status`` is 400 or more."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What passed, in bytes on the wire; ``buffered`` waits for the peer to read."""

    bytes_received: int
    bytes_sent: int
    buffered: int
    reading: bool


class Peer(Protocol):
    """The other end, as its listener sees it. No method waits or raises after the end."""

    last_seen: float
    """When the peer last gave a sign of life, in seconds on the loop's clock."""

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send a binary message; small ones leave together at the end of this loop turn.

        ``data`` may be reused as soon as this returns. Nothing bounds the queue but the
        caller, who stops when the listener hears ``writable(False)``.
        """

    def flush(self) -> None:
        """Hand over now what ``send`` gathered."""

    def send_text(self, data: str) -> None:
        """Send a text message, after the binary ones before it."""

    def ping(self) -> None:
        """Ask for a sign of life: the listener hears ``ponged``."""

    def pause_reading(self) -> None:
        """Stop reading, so that the peer must stop sending; ``last_seen`` then stands still."""

    def resume_reading(self) -> None:
        """Read again."""

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Begin to close; what the peer still sends is dropped, and its patience is bounded."""

    def abort(self) -> None:
        """Drop the connection without a word."""

    def statistics(self) -> Statistics:
        """Count what passed."""


class Listener(Protocol):
    """Who hears a peer. All callbacks run in the event loop and must not wait.

    An exception out of one is logged and closes that peer with 1011.
    """

    def opened(self, peer: Peer) -> None:
        """The handshake is done; called once, before everything else."""

    def text(self, data: str) -> None:
        """A whole text message came."""

    def binary(self, data: memoryview | bytes, last_in_buffer: bool) -> None:  # noqa: FBT001
        """A whole binary message came. A memoryview is valid only until this returns.

        ``last_in_buffer``: nothing more is at hand right now, so flush what is held back. A
        control frame at the end of the buffer hides it: it is a hint, not a promise.
        """

    def pinged(self) -> None:
        """The peer pinged; the answer is on its way already."""

    def ponged(self) -> None:
        """The peer answered a ping."""

    def writable(self, is_writable: bool) -> None:  # noqa: FBT001
        """The peer reads too slowly (False), or has caught up (True)."""

    def closed(self, code: int) -> None:
        """The connection is over; called once, after everything else."""


Accept: TypeAlias = Callable[[UpgradeRequest], "Listener | Refusal"]


class WebSocketClosed(Exception):
    """The connection is over; ``code`` and ``reason`` as the side that closed gave them."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"websocket closed with code {code} `{reason}`")
        self.code = code
        self.reason = reason


class ConnectError(Exception):
    """No websocket came about."""


class ConnectFailed(ConnectError):
    """Nobody answered in time, or not in TLS, HTTP and websocket as expected."""


class ConnectRefused(ConnectError):
    """The server answered the upgrade with another HTTP status than 101."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"expected status 101, got {status}")
        self.status = status
        self.body = body
