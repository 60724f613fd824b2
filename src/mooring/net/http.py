"""A small HTTP/1.1 client for the agent and the command line: h11 on asyncio streams.

No proxy, no redirect, no cookie, no compression, nothing from the environment. RFC 9112 is the
truth, and h11 knows it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl as ssl_module
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import SplitResult, urlsplit

import anyio
import h11

__all__ = [
    "BodyTooLarge",
    "HttpConnection",
    "HttpError",
    "HttpFailed",
    "HttpProtocolError",
    "Response",
    "request",
]

CHUNK = 64 * 1024
PORTS = {"http": 80, "https": 443}


class HttpError(Exception):
    """No answer came that could be used."""


class HttpFailed(HttpError):
    """Nobody answered: no connection, no trust, or no patience left.

    ``sent`` is False when the request cannot have reached the server.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class HttpProtocolError(HttpError):
    """The server does not speak HTTP/1.1."""


class BodyTooLarge(HttpError):
    """The answer is longer than the caller allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. Header names are in lower case; one sent twice is joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def request(  # noqa: PLR0913  # each is a bound or a part of the request
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    ssl: ssl_module.SSLContext | None,
    deadline_s: float,
    max_body: int,
) -> Response:
    """Send one request on a connection of its own; see ``HttpConnection.request``."""
    async with HttpConnection(url, ssl=ssl, deadline_s=deadline_s, max_body=max_body) as connection:
        return await connection.request(method, url, headers=headers, body=body)


class HttpConnection:
    """One server, one connection at a time, kept alive between requests. For one task.

    ``deadline_s`` is for each request as a whole; ``max_body`` bounds its answer, in bytes.
    An ``https://`` URL needs ``ssl``.
    """

    def __init__(
        self, url: str, *, ssl: ssl_module.SSLContext | None, deadline_s: float, max_body: int
    ) -> None:
        self._parts = split(url)
        if self._parts.scheme == "https" and ssl is None:
            raise ValueError("expected an ssl context for an https url, got none")
        self._ssl = ssl if self._parts.scheme == "https" else None
        self._deadline_s = deadline_s
        self._max_body = max_body
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._state = h11.Connection(h11.CLIENT)

    async def __aenter__(self) -> HttpConnection:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].transport.abort()
        self._streams = None
        self._state = h11.Connection(h11.CLIENT)

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Send a request and read the answer whole.

        ``url`` is a path with its query, or an URL of this server. Raises an ``HttpError``;
        after that, or when cancelled, the connection is gone and the server may have acted.
        """
        done = False
        try:
            with anyio.fail_after(self._deadline_s):
                await self._open()
                response = await self._exchange(self._head(method, url, headers, body), body)
            done = True
        except TimeoutError as error:
            sent = self._state.our_state is not h11.IDLE
            raise HttpFailed(
                f"no answer from `{self._parts.netloc}` within {self._deadline_s:g} s", sent=sent
            ) from error
        except OSError as error:
            sent = self._state.our_state is not h11.IDLE
            raise HttpFailed(f"cannot reach `{self._parts.netloc}`: {error}", sent=sent) from error
        except h11.RemoteProtocolError as error:
            raise HttpProtocolError(f"expected an http/1.1 answer: {error}") from error
        finally:
            if not done:
                self.close()
        self._settle()
        return response

    async def _open(self) -> None:
        if self._streams is not None and not is_stale(self._streams[0]):
            return
        self.close()
        self._streams = await asyncio.open_connection(
            self._parts.hostname,
            self._parts.port or PORTS[self._parts.scheme],
            ssl=self._ssl,
            limit=CHUNK,
        )

    def _head(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> h11.Request:
        parts = urlsplit(url)
        if parts.netloc and (parts.scheme, parts.netloc) != (
            self._parts.scheme,
            self._parts.netloc,
        ):
            raise ValueError(f"expected an url of `{self._parts.netloc}`, got `{url}`")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        own = {"host": self._parts.netloc.rpartition("@")[2]}
        if body or method not in {"GET", "HEAD", "DELETE"}:
            own["content-length"] = str(len(body))
        given = {name.lower(): value for name, value in headers.items()}
        return h11.Request(method=method, target=target, headers=list((own | given).items()))

    async def _exchange(self, head: h11.Request, body: bytes) -> Response:
        assert self._streams is not None  # noqa: S101  # just opened
        writer = self._streams[1]
        out = [self._state.send(head)]
        if body:
            out.append(self._state.send(h11.Data(data=body)))
        out.append(self._state.send(h11.EndOfMessage()))
        writer.write(b"".join(part for part in out if part))
        # A server may answer and hang up before it has read all: see what it said first.
        with contextlib.suppress(OSError):
            await writer.drain()
        return await self._read()

    async def _read(self) -> Response:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self._max_body:
                    raise BodyTooLarge(f"expected at most {self._max_body} bytes, got more")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return Response(status=head.status_code, headers=joined(head), body=bytes(body))

    async def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        assert self._streams is not None  # noqa: S101  # open until the exchange ends
        while True:
            event = self._state.next_event()
            if event is not h11.NEED_DATA:
                return event
            data = await self._streams[0].read(CHUNK)
            if not data and self._state.their_state is h11.SEND_RESPONSE:
                raise ConnectionResetError("the server hung up before it answered")
            self._state.receive_data(data)

    def _settle(self) -> None:
        if self._state.our_state is h11.DONE and self._state.their_state is h11.DONE:
            self._state.start_next_cycle()
        else:
            self.close()


def split(url: str) -> SplitResult:
    """Take an URL apart; raises ``ValueError`` if it is not http(s) with a host."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(f"expected an http:// or https:// url, got `{url}`")
    return parts


def is_stale(reader: asyncio.StreamReader) -> bool:
    """Tell whether the server has hung up since the last answer, or broken."""
    return reader.at_eof() or reader.exception() is not None


def joined(head: h11.Response) -> dict[str, str]:
    """Join headers of one name."""
    headers: dict[str, str] = {}
    for name, value in head.headers:
        key, text = name.decode("ascii"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
