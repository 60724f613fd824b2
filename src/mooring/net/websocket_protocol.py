"""The asyncio protocol under a ``Link``: picows' own, fed with care.

picows' ``WSProtocol`` is not public API: the version is pinned, its positional constructor is
called here and nowhere else, and ``tests/net/test_websocket_server.py`` says what we count on.
It goes on parsing after it sent a close frame for a protocol error, and logs every byte of it; so
it is not fed any further.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from picows import WSAutoPingStrategy
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # picows' stub leaves it out

from mooring.net.websocket_link import Link
from mooring.net.websocket_outbox import Outbox

__all__ = ["MOST_AT_ONCE", "LinkProtocol", "Role"]

READ_BUFFER = 2048
"""What an idle connection holds, in bytes; it grows when more comes in one piece."""


MOST_AT_ONCE = 1024 * 1024
"""So much is read at most in one piece, in bytes: picows doubles its buffer whenever a
read fills it, so that a fast peer would get tens of megabytes, and the loop to itself."""


class PeersNoise(logging.LoggerAdapter[logging.Logger]):
    """Turns picows' opinion of peers down one notch: a peer's garbage is no error of ours.

    An adapter also keeps picows from making a logger for each connection.
    """

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Leave the message alone."""
        return msg, kwargs

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ANN401  # as its base
        """Log what came with an exception as it is, all else one level lower."""
        notch = 0 if kwargs.get("exc_info") else 10
        super().log(max(level - notch, logging.DEBUG), msg, *args, **kwargs)


LOGGER = PeersNoise(logging.getLogger("mooring.net.websocket"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What makes a client of a protocol: where it goes. A server has no host."""

    host: str | None = None
    target: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class LinkProtocol(WSProtocol):  # type: ignore[misc]  # see the import
    """Feeds picows and keeps ``last_seen``. ``link`` is None until the upgrade is agreed."""

    __slots__ = ("link", "loop", "outbox")

    if TYPE_CHECKING:
        transport: Any

    def __init__(
        self,
        role: Role,
        listener_factory: Callable[..., object],
        *,
        max_message: int,
    ) -> None:
        super().__init__(
            role.host,
            role.target,
            role.host is not None,
            listener_factory,
            LOGGER,
            True,  # noqa: FBT003  # disconnect when a listener raises
            None,  # the handshake's deadline: the caller's
            False,  # noqa: FBT003  # automatic pings: a task for each connection
            1,
            1,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            False,  # noqa: FBT003  # automatic pongs: they would not count as signs of life
            max_message,
            role.headers,
            READ_BUFFER,
        )
        self.loop = asyncio.get_running_loop()
        self.link: Link | None = None
        self.outbox: Outbox | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Put the outbox between picows and the transport."""
        self.outbox = Outbox(transport)
        super().connection_made(self.outbox)
        self.outbox.flush()

    def get_buffer(self, size_hint: int) -> memoryview:
        """Offer room for one read."""
        room: memoryview = super().get_buffer(size_hint)
        return room if len(room) <= MOST_AT_ONCE else room[:MOST_AT_ONCE]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came in, unless the peer broke the protocol before."""
        link = self.link
        if link is not None:
            link.last_seen = self.loop.time()
            link.bytes_received += nbytes
            if link.is_broken:
                return
        super().buffer_updated(nbytes)
        if self.outbox is not None and self.outbox.frames:
            self.outbox.flush()
        if link is not None and not link.is_closing and self.transport.is_close_frame_sent:
            link.is_broken = True
            link.expire()

    def feed(self, data: bytes) -> None:
        """Take bytes that somebody else read from the socket."""
        view = memoryview(data)
        while view and self.outbox is not None and not self.outbox.transport.is_closing():
            room = self.get_buffer(len(view))
            size = min(len(room), len(view))
            room[:size] = view[:size]
            self.buffer_updated(size)
            view = view[size:]
