"""The standing line: orders, ends, and coming back."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.lowlevel
from tests.agent.fake_server import FakeServer, Line, fake_server, fixed_world, order_frame, stamp
from tests.agent.nodes import NODE_ID, SESSION_ID, api, order, registered
from tests.net.served import bound

from mooring.agent.credentials import CredentialSource
from mooring.agent.link import ControlLink, Orders
from mooring.agent.registry import SessionRegistry
from mooring.agent.zygote import Zygote
from mooring.wire.control_channel import (
    TaskAcknowledge,
    channel_closed_frame,
    task_acknowledge_frame,
)
from mooring.wire.ids import parse_session_id
from mooring.wire.payloads import ChannelClosed
from mooring.wire.session_order import SessionOrder


@dataclass
class FakeZygote:
    """Notes orders instead of forking."""

    started: list[SessionOrder] = field(default_factory=list)
    error: OSError | None = None
    noted: anyio.Event = field(default_factory=anyio.Event)

    async def start(self, payload: bytes) -> int:
        if self.error is not None:
            raise self.error
        self.started.append(SessionOrder.parse(payload))
        self.noted.set()
        return 4242


@dataclass
class Running:
    """A link under way."""

    server: FakeServer
    link: ControlLink
    zygote: FakeZygote
    registry: SessionRegistry
    connected: list[float]

    async def line(self, number: int) -> Line:
        await self.server.until(lambda: len(self.server.lines) > number)
        return self.server.lines[number]


def zygote_of(fake: FakeZygote) -> Zygote:
    return cast("Zygote", fake)  # the part of it that orders use


@asynccontextmanager
async def linked(
    folder: Path, *, random: float = 0.0, url: str = "", max_sessions: int = 10
) -> AsyncIterator[Running]:
    async with fake_server() as server:
        state = registered(folder, url or server.url)
        client = api(url or server.url, fixed_world(random=random))
        zygote, registry = FakeZygote(), SessionRegistry(state.sessions)
        connected: list[float] = []
        link = ControlLink(
            client,
            CredentialSource(client, state, rotates_key=True),
            Orders(zygote_of(zygote), registry, max_sessions=max_sessions),
            node_id=NODE_ID,
            connected=lambda: connected.append(anyio.current_time()),
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(link.run)
            yield Running(server, link, zygote, registry, connected)
            tasks.cancel_scope.cancel()


async def test_opens_the_channel_as_a_stock_agent_does(tmp_path: Path) -> None:
    async with linked(tmp_path) as running:
        line = await running.line(0)

        call = running.server.named(f"/v1/control-channel/{NODE_ID}")[0]
        assert call.fields["MessageSchemaVersion"] == "1.0"
        assert "/eu-west-9/ssmmessages/aws4_request" in call.headers["authorization"]
        assert call.headers["x-amz-security-token"] == "session-token"
        assert line.request.query == "role=subscribe&stream=input"
        assert "/eu-west-9/ssmmessages/aws4_request" in line.request.headers["authorization"]
        assert line.opening["TokenValue"].startswith("token&")
        assert line.opening["PlatformType"] == "linux"
        assert line.opening["AgentVersion"] == "1.2.3"


async def test_starts_a_session_on_order(tmp_path: Path) -> None:
    async with linked(tmp_path) as running:
        line = await running.line(0)

        line.send(order_frame(order()))
        with anyio.fail_after(10):
            await running.zygote.noted.wait()

        assert [each.session_id for each in running.zygote.started] == [SESSION_ID]


async def test_a_repeated_order_starts_nothing(tmp_path: Path) -> None:
    async with linked(tmp_path) as running:
        line = await running.line(0)
        other = replace(order(), session_id=parse_session_id("bob-0123456789abcdef0"))

        for each in (order(), order(), other):
            line.send(order_frame(each))
        await until(lambda: len(running.zygote.started) >= 2)

        assert [e.session_id for e in running.zygote.started] == [SESSION_ID, other.session_id]


async def test_an_order_for_a_session_from_before_a_restart_starts_nothing(tmp_path: Path) -> None:
    async with linked(tmp_path) as running:
        line = await running.line(0)
        running.registry.claim(SESSION_ID)
        other = replace(order(), session_id=parse_session_id("bob-0123456789abcdef0"))

        line.send(order_frame(order()))
        line.send(order_frame(other))
        await until(lambda: bool(running.zygote.started))

        assert [each.session_id for each in running.zygote.started] == [other.session_id]


async def test_reports_an_order_beyond_the_limit_until_it_is_acknowledged(tmp_path: Path) -> None:
    async with linked(tmp_path, max_sessions=1) as running:
        line = await running.line(0)
        running.registry.claim(parse_session_id("bob-0123456789abcdef0"))

        line.send(order_frame(order()))
        report = await reported(running.server, line)
        body = TaskAcknowledge(message_id="", task_id=SESSION_ID)
        line.send(task_acknowledge_frame(body, stamp=stamp(), now=0))

        assert report["TaskId"] == SESSION_ID
        assert report["FinalTaskStatus"] == "Failed"
        assert report["Output"] == "this node runs 1 sessions already, which is its limit"


async def test_reports_that_there_is_no_process_to_be_had(tmp_path: Path) -> None:
    async with linked(tmp_path) as running:
        line = await running.line(0)
        running.zygote.error = OSError("no processes")

        line.send(order_frame(order()))
        report = await reported(running.server, line)

        assert report["Output"] == "this node cannot start a session: no processes"


async def test_survives_what_it_cannot_read(tmp_path: Path) -> None:
    async with linked(tmp_path) as running:
        line = await running.line(0)

        line.send(b"\xff" * 500)
        line.send(channel_closed_frame(ChannelClosed(session_id="../.."), stamp=stamp(), now=0))
        line.send(order_frame(order()))
        with anyio.fail_after(10):
            await running.zygote.noted.wait()

        assert len(running.server.lines) == 1


async def test_comes_back_when_the_server_closes(tmp_path: Path) -> None:
    async with linked(tmp_path) as running:
        line = await running.line(0)

        line.drop()
        await running.line(1)

        assert len(running.connected) == 2


async def test_comes_back_when_the_server_said(tmp_path: Path) -> None:
    # With these dice it would come back after 18 s on its own account.
    async with linked(tmp_path, random=0.9) as running:
        line = await running.line(0)
        assert line.peer is not None
        began = anyio.current_time()

        line.peer.close(1001, "retry-after-ms=300")
        await running.line(1)

        assert 0.3 <= anyio.current_time() - began < 5


async def test_waits_as_long_as_a_refusal_says(tmp_path: Path) -> None:
    async with linked(tmp_path, random=0.9) as running:
        running.server.channel_answers.append((503, b"", {"x-mooring-retry-after-ms": "200"}))

        with anyio.fail_after(10):
            await running.line(0)

        assert len(running.server.named(f"/v1/control-channel/{NODE_ID}")) == 2


async def test_spreads_over_the_time_that_the_server_named_before(tmp_path: Path) -> None:
    token = b"<R><TokenValue>x</TokenValue></R>"
    async with linked(tmp_path, random=0.9) as running:
        running.server.channel_answers.append((201, token, {"x-mooring-retry-after-ms": "400"}))
        line = await running.line(0)
        began = anyio.current_time()

        line.drop()
        await running.line(1)

        assert 0.36 <= anyio.current_time() - began < 5


async def test_a_change_of_the_network_ends_the_wait_after_a_refusal(tmp_path: Path) -> None:
    async with linked(tmp_path, random=0.9) as running:
        line = await running.line(0)
        began = anyio.current_time()
        line.drop()
        await line.is_over.wait()

        while len(running.server.lines) == 1:
            running.link.network_changed()
            with anyio.move_on_after(0.05):
                await running.line(1)

        assert anyio.current_time() - began < 5


async def test_renews_credentials_that_the_server_calls_stale(tmp_path: Path) -> None:
    async with linked(tmp_path) as running:
        await running.line(0)

        assert len(running.server.named("RequestManagedInstanceRoleToken")) == 1


async def test_a_node_that_nobody_answers_keeps_trying_and_hears_the_first_answer(
    tmp_path: Path,
) -> None:
    with bound() as silent:
        # Bound and not listening: refused at once, as by a server that is down.
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with linked(tmp_path, url=url) as running:
            with anyio.move_on_after(0.3):
                await running.line(0)

            assert running.connected == []


async def reported(server: FakeServer, line: Line) -> dict[str, Any]:
    await server.until(lambda: bool(line.frames))
    frame = line.frames[0]
    assert frame.message_type == "agent_task_complete"
    return cast("dict[str, Any]", json.loads(frame.payload))


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not condition():
            await anyio.lowlevel.checkpoint()
