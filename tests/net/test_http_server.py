"""A socket that does not get to the point is dropped; everybody else is left alone."""

import contextlib

import anyio
import pytest
from tests.net.served import Door, served
from tests.net.test_websocket_server import RawPeer, dialled, head

from mooring.net.http_server import http_protocol

REQUEST = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n"


def test_the_deadline_is_the_classs_own() -> None:
    short, long = http_protocol(head_deadline_s=1), http_protocol(head_deadline_s=2)

    assert short is not long


@pytest.mark.parametrize(
    "said",
    [b"", b"\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n"],
    ids=["nothing", "newline", "half"],
)
async def test_a_head_that_does_not_come_is_not_waited_for(said: bytes) -> None:
    async with served(Door(), head_deadline_s=0.1) as (port, server), dialled(port) as peer:
        if said:
            await peer.send(said)
        await peer.hung_up()

    assert not server.server_state.connections


@pytest.mark.parametrize("said", [b"\r\n", b"GET /"], ids=["newline", "half"])
async def test_a_second_head_has_the_same_deadline(said: bytes) -> None:
    async with served(Door(), head_deadline_s=0.1) as (port, _), dialled(port) as peer:
        await peer.send(REQUEST)
        await peer.answer()
        await peer.send(said)
        with anyio.fail_after(2):
            await peer.hung_up()


async def test_a_dribbled_head_gains_no_time() -> None:
    async def dribble(peer: RawPeer) -> None:
        with contextlib.suppress(anyio.BrokenResourceError):
            for byte in b"GET / HTTP/1.1\r\nX: " + b"x" * 1000:
                await peer.send(bytes([byte]))
                await anyio.sleep(0.02)

    async with (
        served(Door(), head_deadline_s=0.2) as (port, _),
        dialled(port) as peer,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(dribble, peer)
        await peer.hung_up()
        tasks.cancel_scope.cancel()


async def test_an_idle_websocket_outlives_the_deadline() -> None:
    async with served(Door(), head_deadline_s=0.05) as (port, _), dialled(port) as peer:
        await peer.send(REQUEST)
        await peer.answer()
        await peer.send(head())
        await peer.answer()
        with anyio.move_on_after(0.2) as waited:
            await peer.hung_up()

    assert waited.cancelled_caught
