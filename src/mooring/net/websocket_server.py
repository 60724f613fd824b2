"""Websockets on a uvicorn listener: ``Config(ws=websocket_protocol(accept, max_message=…))``.

uvicorn reads the request head, so that a POST and the upgrade after it may share a connection,
then builds the class made here, feeds it the head again and gives it the socket. That contract is
uvicorn's ``HttpToolsProtocol.handle_websocket_upgrade`` and ``Server.shutdown``.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from typing import Any, Protocol

from picows import WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener

from mooring.net.websocket import Accept, CloseCode, Listener, Refusal, UpgradeRequest
from mooring.net.websocket_link import CLOSE_DEADLINE_S, Link
from mooring.net.websocket_protocol import LinkProtocol, Role

__all__ = ["websocket_protocol"]

logger = logging.getLogger(__name__)


class ServerState(Protocol):
    """The part of uvicorn's state that is used here."""

    connections: set[Any]


def websocket_protocol(accept: Accept, *, max_message: int) -> type[LinkProtocol]:
    """Make the protocol class that asks ``accept`` about every upgrade.

    ``accept`` runs in the event loop, and only for well-formed requests. ``max_message`` bounds
    one message, in bytes; a longer one closes its connection with 1009.
    """

    class BoundServerProtocol(ServerProtocol):
        __slots__ = ()

        def __init__(self, server_state: ServerState, **_: object) -> None:
            super().__init__(server_state, accept, max_message=max_message)

    return BoundServerProtocol


class ServerProtocol(LinkProtocol):
    """One connection of a server, from the replayed head to the end."""

    __slots__ = ("_accept", "_connections", "_max_message")

    def __init__(self, server_state: ServerState, accept: Accept, *, max_message: int) -> None:
        super().__init__(Role(), self._answer, max_message=max_message)
        self._connections = server_state.connections
        self._accept = accept
        self._max_message = max_message

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Stand in uvicorn's list, so that it waits for us when it stops."""
        self._connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave uvicorn's list."""
        self._connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take the request head from uvicorn, which has read it whole."""
        self.feed(data)
        if self.link is None and self.outbox is not None:
            # Refused. uvicorn is done with this socket, and the peer may not be.
            self.outbox.flush()
            self.loop.call_later(CLOSE_DEADLINE_S, self.outbox.abort)

    def shutdown(self) -> None:
        """Hear from uvicorn that it stops."""
        if self.link is not None:
            self.link.close(CloseCode.GOING_AWAY, "the server stops")
        elif self.outbox is not None:
            self.outbox.abort()

    def _answer(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        outcome = self._ask(request)
        if isinstance(outcome, Refusal):
            return WSUpgradeResponseWithListener(refusal_response(outcome), None)
        # picows knows `Upgrade` alone; browsers say `keep-alive, Upgrade`, as they may.
        request.headers["Connection"] = "Upgrade"
        assert self.outbox is not None  # noqa: S101  # set when the connection was made
        self.link = Link(outcome, self.outbox, self.loop, max_message=self._max_message)
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(), self.link)

    def _ask(self, request: WSUpgradeRequest) -> Listener | Refusal:
        headers = {name.lower(): "" for name in request.headers}
        for name in headers:
            headers[name] = ", ".join(request.headers.getall(name))
        refusal = malformed(headers)
        if refusal is not None:
            return refusal
        path, _, query = request.path.decode("ascii", "replace").partition("?")
        transport = self.transport.underlying_transport
        upgrade = UpgradeRequest(
            path=path,
            query=query,
            headers=headers,
            peer=peer_address(transport.get_extra_info("peername")),
            secure=transport.get_extra_info("ssl_object") is not None,
        )
        try:
            return self._accept(upgrade)
        except Exception:
            logger.exception("cannot decide about the upgrade of `%s`", path)
            return Refusal(status=500, body=b"internal error")


def malformed(headers: dict[str, str]) -> Refusal | None:
    """Check what RFC 6455 section 4.2.1 asks for, before anybody acts on the request."""
    version = headers.get("sec-websocket-version")
    if version != "13":
        return Refusal(status=426, body=f"expected websocket version 13, got `{version}`".encode())
    try:
        key = base64.b64decode(headers.get("sec-websocket-key", ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16:
        return Refusal(status=400, body=b"expected 16 bytes in base64 as sec-websocket-key")
    return None


def refusal_response(refusal: Refusal) -> WSUpgradeResponse:
    """Say no in HTTP."""
    headers = {"Content-Type": refusal.content_type}
    if refusal.status == 426:
        headers["Sec-WebSocket-Version"] = "13"
    if not refusal.body:
        headers["Content-Length"] = "0"
    response: WSUpgradeResponse = WSUpgradeResponse.create_error_response(
        refusal.status, refusal.body, headers
    )
    return response


def peer_address(peername: object) -> str:
    """Take the IP address out of a socket's peer name; a Unix socket has none."""
    return str(peername[0]) if isinstance(peername, tuple) else ""
