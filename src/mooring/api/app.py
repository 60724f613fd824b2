"""The AWS front door as an ASGI app: HTTP in, one bounded body, HTTP out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio

from mooring.api.chain import Chain
from mooring.api.protocol.request import HttpRequest, HttpResponse
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.sigv4_verify import fold_headers

__all__ = ["BODY_DEADLINE_S", "MAX_BODY", "FrontDoor"]

MAX_BODY = 4 * 1024 * 1024
BODY_DEADLINE_S = 30.0
"""For a whole body: longer than any call needs, and no more than a stranger may hold."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class _Gone(Exception):
    """The peer left before its request was whole."""


class FrontDoor:
    """Answers every HTTP request that is an AWS call."""

    def __init__(self, chain: Chain, *, body_deadline_s: float = BODY_DEADLINE_S) -> None:
        self._chain = chain
        self._body_deadline_s = body_deadline_s

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI says."""
        try:
            with anyio.move_on_after(self._body_deadline_s) as reading:
                body = await _read_body(receive)
            if reading.cancelled_caught:
                await _send(send, _plain(408, "the request's body did not come in time"))
                return
            headers = fold_headers(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in scope["headers"]
            )
        except _Gone:
            return
        except RemoteProtocolError as exc:
            await _send(send, _plain(400, str(exc)))
            return
        if body is None:
            await _send(send, _plain(413, f"request larger than {MAX_BODY} bytes"))
            return
        client = scope.get("client")
        request = HttpRequest(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query_string=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
            secure=scope["scheme"] == "https",
            peer=client[0] if client else "",
        )
        await _send(send, await self._chain.answer(request))


async def _read_body(receive: Receive) -> bytes | None:
    """Return the body, or None when it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(
        status=status,
        headers=(("content-type", "text/plain; charset=utf-8"), ("connection", "close")),
        body=text.encode(),
    )


async def _send(send: Send, response: HttpResponse) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
