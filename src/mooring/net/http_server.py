"""uvicorn's HTTP protocol with a deadline for request heads: ``Config(http=http_protocol(…))``.

uvicorn bounds the pause between requests but not the time a head may take, so a socket that says
nothing, or half a head, would be held for ever. A request's body is the application's to bound.
The head and the body of an answer leave in one write: a send is most of what a short answer costs.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

__all__ = ["http_protocol"]


def http_protocol(*, head_deadline_s: float) -> type[HttpToolsProtocol]:
    """Make the protocol class; a head must be whole within ``head_deadline_s`` of its start."""
    attributes = {"head_deadline_s": head_deadline_s}
    return type("BoundHttpProtocol", (DeadlineHttpProtocol,), attributes)


class DeadlineHttpProtocol(HttpToolsProtocol):
    """Drops a peer whose request head does not become whole in time."""

    head_deadline_s: ClassVar[float]
    _timer: asyncio.TimerHandle | None = None
    _upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head; the narrower type is uvicorn's."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait again if this was no request yet: uvicorn has just stopped its own clock."""
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        idle = cycle is None or cycle.response_complete
        if idle and not self._upgraded:
            self._arm()

    def on_headers_complete(self) -> None:
        """Stop waiting: the head is whole."""
        self._disarm()
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.cycle.transport = _OneWrite(self.transport, self.loop)  # type: ignore[assignment]  # a response uses no more of it

    def handle_websocket_upgrade(self) -> None:
        """Let go of the socket; another protocol has it from here on."""
        self._upgraded = True
        super().handle_websocket_upgrade()

    def _arm(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(self.head_deadline_s, self.transport.abort)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _OneWrite:
    """What a response is written to: holds a part until the next, or the loop's next turn."""

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, part: bytes) -> None:
        """Send this part with the one held, or hold it."""
        if self._held:
            whole, self._held = self._held + part, b""
            self._transport.write(whole)
        else:
            self._held = part
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Send what is held, and close."""
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the peer is gone or going."""
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)
