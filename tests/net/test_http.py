"""The HTTP client against uvicorn, and against servers that do not keep the rules."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketAttribute, SocketStream
from tests.net.served import Door, certified, served

from mooring.net.http import (
    BodyTooLarge,
    HttpConnection,
    HttpError,
    HttpFailed,
    HttpProtocolError,
    Response,
    is_stale,
    request,
)


async def get(url: str, *, deadline_s: float = 5, max_body: int = 1000) -> Response:
    return await request(
        "GET", url, headers={}, body=b"", ssl=None, deadline_s=deadline_s, max_body=max_body
    )


@asynccontextmanager
async def answering(*answers: bytes, hang_up: bool = True) -> AsyncIterator[str]:
    """A server that gives these answers, one to each request it reads, on every connection."""

    async def answer(stream: SocketStream) -> None:
        async with stream:
            for part in answers:
                await stream.receive()
                await stream.send(part)
            if not hang_up:
                await anyio.sleep_forever()

    listeners = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listeners, anyio.create_task_group() as tasks:
        tasks.start_soon(listeners.serve, answer)
        port = listeners.extra(SocketAttribute.local_port)  # noqa: S610  # no database near
        yield f"http://127.0.0.1:{port}/x?y=z"
        tasks.cancel_scope.cancel()


async def test_a_post_is_answered_with_status_headers_and_body() -> None:
    async with served(Door()) as (port, _):
        response = await request(
            "POST",
            f"http://127.0.0.1:{port}/x",
            headers={"Content-Type": "text/plain"},
            body=b"hello",
            ssl=None,
            deadline_s=5,
            max_body=1000,
        )

    assert (response.status, response.body) == (201, b"hello")
    assert response.headers["x-twice"] == "1, 2"


async def test_an_http_error_is_an_answer() -> None:
    async with served(Door()) as (port, _):
        response = await get(f"http://127.0.0.1:{port}/missing")

    assert response.status == 404


async def test_requests_share_a_connection() -> None:
    body = b"x" * 300_000

    async with served(Door()) as (port, server):
        url = f"http://127.0.0.1:{port}"
        async with HttpConnection(url, ssl=None, deadline_s=5, max_body=500_000) as connection:
            echoes = [
                (await connection.request("POST", path, headers={}, body=body)).body
                for path in ("/a", "/b?c", url + "/d")
            ]
            connections = len(server.server_state.connections)

    assert echoes == [body] * 3
    assert connections == 1


async def test_a_connection_the_server_dropped_is_replaced() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    async with (
        answering(answer) as url,
        HttpConnection(url, ssl=None, deadline_s=5, max_body=10) as connection,
    ):
        first = await connection.request("GET", url, headers={}, body=b"")
        assert connection._streams is not None
        while not is_stale(connection._streams[0]):
            await anyio.lowlevel.checkpoint()
        second = await connection.request("GET", url, headers={}, body=b"")

    assert (first.body, second.body) == (b"ok", b"ok")


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"ab"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
    ids=["chunked", "until-close", "continue", "empty"],
)  # fmt: skip
async def test_every_way_to_frame_a_body_is_read(answer: bytes, body: bytes) -> None:
    async with answering(answer) as url:
        response = await get(url)

    assert response.body == body


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"garbage\r\n\r\n", HttpProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", HttpProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001, BodyTooLarge),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, HttpProtocolError),
    ],
    ids=["garbage", "short", "large", "endless-head"],
)
async def test_an_answer_that_breaks_the_rules_is_an_error(
    answer: bytes, error: type[HttpError]
) -> None:
    async with answering(answer) as url:
        with pytest.raises(error):
            await get(url)


async def test_a_server_that_hangs_up_is_an_error_after_sending() -> None:
    async with answering(b"") as url:
        with pytest.raises(HttpFailed, match="hung up before it answered") as failed:
            await get(url)

    assert failed.value.sent


async def test_patience_ends() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n", hang_up=False) as url:
        with pytest.raises(HttpFailed, match=r"no answer .* within 0\.1 s") as failed:
            await get(url, deadline_s=0.1)

    assert failed.value.sent


async def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))

        with pytest.raises(HttpFailed) as failed:
            await get(f"http://127.0.0.1:{unused.getsockname()[1]}/")

    assert not failed.value.sent


async def test_tls_verifies_the_server(tmp_path: Path) -> None:
    certificate, context = certified(tmp_path)
    (tmp_path / "other").mkdir()
    _, stranger = certified(tmp_path / "other")

    async with served(Door(), certificate=certificate) as (port, _):
        url = f"https://localhost:{port}/x"
        async with HttpConnection(url, ssl=context, deadline_s=5, max_body=10) as connection:
            response = await connection.request("PUT", "/x", headers={}, body=b"tls")
        async with HttpConnection(url, ssl=stranger, deadline_s=5, max_body=10) as connection:
            with pytest.raises(HttpFailed, match="CERTIFICATE_VERIFY_FAILED") as failed:
                await connection.request("PUT", "/x", headers={}, body=b"tls")

    assert response.body == b"tls"
    assert not failed.value.sent


@pytest.mark.parametrize("url", ["ftp://h/", "https://h/", "h", "http:///x"])
async def test_an_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected an"):
        await get(url)


async def test_a_connection_serves_its_own_server_only() -> None:
    async with HttpConnection("http://a/", ssl=None, deadline_s=1, max_body=1) as connection:
        with pytest.raises(ValueError, match="expected an url of `a`"):
            connection._head("GET", "http://b/", {}, b"")
