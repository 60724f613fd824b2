"""The front door as an ASGI app: bodies in pieces, bodies too large, peers that leave."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.api.door import Door, Keys, signed, unsigned
from tests.fakes.world import make_world

from mooring.api.app import MAX_BODY, FrontDoor
from mooring.api.protocol.request import HttpRequest

Pair = tuple[bytes, bytes]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with make_world(tmp_path) as world:
        yield Door(world)


async def serve(
    door: Door,
    request: HttpRequest,
    parts: Sequence[bytes] | None,
    *,
    more_headers: Sequence[Pair] = (),
    client: tuple[str, int] | None = ("192.0.2.1", 9),
) -> list[dict[str, Any]]:
    """Send a request in these parts; None is a peer that leaves before its body."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts or ()]
    last = "http.disconnect" if parts is None else "http.request"
    messages.append({"type": last})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
        sent.append(dict(message))

    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    await FrontDoor(door.chain)(
        {
            "type": "http",
            "method": request.method,
            "raw_path": request.path.encode(),
            "query_string": request.query_string.encode(),
            "headers": [*headers, *more_headers],
            "scheme": "https",
            "client": client,
        },
        receive,
        send,
    )
    return sent


async def signed_call(door: Door) -> tuple[HttpRequest, str]:
    """Return a signed GetCallerIdentity and the account it is for."""
    account_id = await door.world.account()
    keys: Keys = await door.keys(await door.world.administrator(account_id))
    request = unsigned("sts", "GetCallerIdentity", {})
    return signed(request, keys, name="sts", now=door.world.clock.now()), account_id


async def test_a_body_that_does_not_come_is_not_waited_for(door: Door) -> None:
    sent: list[dict[str, Any]] = []
    first = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> dict[str, Any]:
        if first:
            return first.pop()
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
        sent.append(dict(message))

    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", b"h")],
        "scheme": "https",
        "client": ("192.0.2.1", 9),
    }

    await FrontDoor(door.chain, body_deadline_s=0.01)(scope, receive, send)

    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_body_in_chunks_without_a_length_is_one_body(door: Door, size: int) -> None:
    request, account_id = await signed_call(door)
    assert "content-length" not in request.headers
    body = request.body

    start, end = await serve(
        door, request, [body[at : at + size] for at in range(0, len(body), size)]
    )

    assert start["status"] == 200
    assert account_id.encode() in end["body"]


async def test_the_audit_event_knows_the_peer_from_the_socket(door: Door) -> None:
    request, account_id = await signed_call(door)
    forged = [(b"x-forwarded-for", b"198.51.100.9")]

    await serve(door, request, [request.body], more_headers=forged)

    (event,) = await door.world.events(account_id)
    assert event.source_address == "192.0.2.1"


async def test_a_body_over_the_limit_is_refused_unread(door: Door) -> None:
    request, account_id = await signed_call(door)
    part = b"x" * (MAX_BODY // 4)

    start, _ = await serve(door, request, [part] * 4 + [b"x", b"never read"])

    assert start["status"] == 413
    assert (b"connection", b"close") in start["headers"]
    assert await door.world.events(account_id) == []


async def test_a_peer_that_leaves_gets_nothing_and_does_nothing(door: Door) -> None:
    request, account_id = await signed_call(door)

    assert await serve(door, request, None) == []
    assert await door.world.events(account_id) == []


async def test_a_header_that_must_stand_alone_is_refused_twice(door: Door) -> None:
    request, _ = await signed_call(door)

    start, _ = await serve(door, request, [request.body], more_headers=[(b"host", b"evil")])

    assert start["status"] == 400


async def test_a_socket_without_an_address_is_served(door: Door) -> None:
    request, _ = await signed_call(door)

    start, _ = await serve(door, request, [request.body], client=None)

    assert start["status"] == 200
