"""uvicorn's HTTP protocol with a deadline for request heads: ``Config(http=http_protocol(…))``.

uvicorn bounds the pause between requests but not the time a head may take, so a socket that says
nothing, or half a head, would be held for ever. A request's body is the application's to bound.
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
        super().on_headers_complete()

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
