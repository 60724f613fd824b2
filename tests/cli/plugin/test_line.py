"""A line is tried with patience and given up in words."""

import base64
import hashlib
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import anyio
import anyio.to_thread
import pytest
from tests.net.served import Door, certified, served

from mooring.cli.plugin.arguments import Invocation
from mooring.cli.plugin.control_plane import ControlPlane
from mooring.cli.plugin.ending import How
from mooring.cli.plugin.line import Line, Over, Patience, drop
from mooring.cli.plugin.trust import trust
from mooring.cli.world import World
from mooring.secret import Secret

WORLD = World(now=lambda: 1.7e9, new_id=lambda: UUID(int=1), random=lambda: 0.5)
FAST = Patience(
    first_s=0.3, resume_s=0.3, dial_s=1, call_s=5, base_s=0.05, cap_s=0.1, quiet_s=0.05,
    ping_every_s=0.05, dead_after_s=0.2,
)  # fmt: skip


class Helper:
    """Stands for the helper process: a program that answers each line the same."""

    def __init__(self, answer: str) -> None:
        code = f"import sys\nfor _ in sys.stdin: print({answer!r}, flush=True)"
        self.command = ("python3", "-c", code)


def invocation(url: str) -> Invocation:
    return Invocation(session_id="ann-1", token=Secret("token-1"), stream_url=url, region="r")


@asynccontextmanager
async def line_to(
    url: str, answer: str = "{}", context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Line, list[str]]]:
    notices: list[str] = []
    called = invocation(url)
    async with ControlPlane(called, helper=Helper(answer).command) as calls:
        yield (
            Line(
                called,
                calls,
                context=context,
                world=WORLD,
                notice=notices.append,
                patience=FAST,
            ),
            notices,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_server_that_is_not_there_is_told_after_a_while() -> None:
    port = free_port()
    began = time.monotonic()
    async with line_to(f"ws://127.0.0.1:{port}/x") as (line, _):
        with pytest.raises(Over) as caught:
            await line.first()

    assert caught.value.ending.how is How.FAILED
    assert caught.value.ending.text.startswith("Cannot perform start session: cannot connect")
    assert 0.1 < time.monotonic() - began < 5


async def test_the_default_patience_ends_within_20_seconds() -> None:
    patience = Patience()

    assert patience.first_s <= 15
    assert patience.resume_s >= 60


async def test_a_server_that_refuses_is_not_asked_again() -> None:
    door = Door()
    async with served(door) as (port, _), line_to(f"ws://127.0.0.1:{port}/forbidden") as (line, _):
        with pytest.raises(Over) as caught:
            await line.first()

    assert "got 403" in caught.value.ending.text
    assert len(door.requests) == 1


async def test_an_unknown_authority_is_told_at_once(tmp_path: Path) -> None:
    certificate, _ = certified(tmp_path)
    async with served(Door(), certificate=certificate) as (port, _):
        url = f"wss://localhost:{port}/x"
        async with line_to(url, '{"Answer": {}}', trust(url, ())) as (line, _):
            with pytest.raises(Over) as caught:
                await line.first()

    assert "certificate" in caught.value.ending.text


async def test_the_authorities_of_the_profile_are_found_when_they_are_needed(
    tmp_path: Path,
) -> None:
    certificate, _ = certified(tmp_path)
    answer = f'{{"Answer": {{"CaFile": "{tmp_path}/ca.pem"}}}}'
    async with served(Door(), certificate=certificate) as (port, _):
        url = f"wss://localhost:{port}/x"
        async with line_to(url, answer, trust(url, ())) as (line, _):
            websocket = await line.first()
            await drop(websocket)


async def test_a_resume_dials_the_first_url_with_the_new_token() -> None:
    door = Door()
    async with served(door) as (port, _):
        answer = '{"Answer": {"TokenValue": "token-2", "StreamUrl": "ws://elsewhere"}}'
        async with line_to(f"ws://127.0.0.1:{port}/x", answer) as (line, _):
            websocket = await line.again()
            echo = await websocket.receive()
            await drop(websocket)

    assert "token-2" in str(echo)
    assert [request.path for request in door.requests] == ["/x"]


async def test_no_token_means_that_the_session_is_over() -> None:
    async with line_to("ws://127.0.0.1:1/x", '{"Answer": {"SessionId": "ann-1"}}') as (line, _):
        with pytest.raises(Over) as caught:
            await line.again()

    assert caught.value.ending.how is How.TIMED_OUT


async def test_a_refusal_ends_it_at_once() -> None:
    async with line_to("ws://127.0.0.1:1/x", '{"Problem": "access denied"}') as (line, _):
        with pytest.raises(Over) as caught:
            await line.again()

    assert caught.value.ending.how is How.FAILED
    assert "cannot resume session ann-1: ResumeSession: access denied" in caught.value.ending.text


async def test_a_server_that_stays_away_is_given_up_and_the_person_is_told_meanwhile() -> None:
    answer = '{"Problem": "no server", "Again": true}'
    async with line_to("ws://127.0.0.1:1/x", answer) as (line, notices):
        with pytest.raises(Over) as caught:
            await line.again()

    assert "no server" in caught.value.ending.text
    assert len(notices) == 1
    assert "reconnecting" in notices[0]


async def test_patience_is_for_the_whole_outage_until_the_line_is_proven() -> None:
    answer = '{"Problem": "no server", "Again": true}'
    async with line_to("ws://127.0.0.1:1/x", answer) as (line, _):
        with pytest.raises(Over):
            await line.again()
        began = time.monotonic()
        with pytest.raises(Over):
            await line.again()
        impatient_s = time.monotonic() - began
        line.proven()
        began = time.monotonic()
        with pytest.raises(Over):
            await line.again()
        patient_s = time.monotonic() - began

    assert impatient_s < 0.25 < patient_s


async def test_a_line_without_a_sign_of_life_is_dropped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def silent() -> socket.socket:
            peer, _ = listener.accept()
            request = peer.recv(65536).decode()
            rows = dict(row.lower().partition(": ")[::2] for row in request.split("\r\n"))
            key = request[request.lower().index(rows["sec-websocket-key"]) :].split("\r\n")[0]
            peer.sendall(upgrade(key))
            return peer

        async with line_to(f"ws://127.0.0.1:{port}/x") as (line, _):
            peers: list[socket.socket] = []

            async def accept() -> None:
                peers.append(await anyio.to_thread.run_sync(silent))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(accept)
                websocket = await line.first()
            with anyio.fail_after(5):
                await line.watch(websocket)
            peers[0].close()


def upgrade(key: str) -> bytes:
    """Answer an upgrade as RFC 6455 wants it, and never a word more."""
    magic = f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
    accept = base64.b64encode(hashlib.sha1(magic).digest()).decode()  # noqa: S324
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode()
