"""A port session from its handshake: what the client sees first, and what may come when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio
import pytest
from tests.agent.test_forward import echo, served
from tests.net.channels import Hearer, Joined

from mooring.agent.port_work import PortTarget, PortWork
from mooring.agent.work import Finish
from mooring.wire.channel_events import Received
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.handshake import (
    ActionStatus,
    HandshakeRequest,
    HandshakeResponse,
    ProcessedAction,
    Terms,
    answer,
)
from mooring.wire.json_object import JsonValue
from mooring.wire.mux import Mux
from mooring.wire.payloads import PayloadType
from mooring.wire.session_order import SessionType

STOCK = "1.2.707.0"
ACCEPTED = HandshakeResponse(
    client_version=STOCK,
    actions=(ProcessedAction(action_type="SessionType", status=ActionStatus.SUCCESS),),
)
FORWARDING: dict[str, JsonValue] = {"portNumber": "0", "type": "LocalPortForwarding"}


@dataclass
class Peer:
    """A client's channel beside the work's, and what it has got, by type, in order."""

    ends: Joined
    work: PortWork
    got: list[Received] = field(default_factory=list)
    news: anyio.Event = field(default_factory=anyio.Event)
    finish: Finish | None = None

    def say(self, payload_type: PayloadType, payload: bytes) -> None:
        self.ends.client.send(payload_type, payload, anyio.current_time())
        self.ends.bell.ring()

    async def until(self, is_enough: Callable[[], bool]) -> None:
        with anyio.fail_after(10):
            while not is_enough():
                await self.news.wait()

    async def first(self, payload_type: PayloadType) -> bytes:
        await self.until(lambda: any(one.payload_type == payload_type for one in self.got))
        return next(one.payload for one in self.got if one.payload_type == payload_type)

    def output(self) -> bytes:
        return b"".join(o.payload for o in self.got if o.payload_type == PayloadType.OUTPUT)

    async def carry(self) -> None:
        await self.ends.carry(
            Hearer(take=self._to_agent, has_room=self.work.has_room), Hearer(take=self._keep)
        )

    def _to_agent(self, event: Received) -> None:
        assert self.work.take(event)

    def _keep(self, event: Received) -> None:
        self.got.append(event)
        self.changed()

    def changed(self) -> None:
        self.news.set()
        self.news = anyio.Event()


@asynccontextmanager
async def working(
    properties: dict[str, JsonValue], *, handshake_s: float = 10.0
) -> AsyncIterator[Peer]:
    ends = Joined()
    target = PortTarget.read(properties)
    work = PortWork(target, ends.agent, ends.bell.ring, handshake_s=handshake_s)
    peer = Peer(ends=ends, work=work)

    async def run() -> None:
        peer.finish = await work.run()
        peer.changed()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        tasks.start_soon(peer.carry)
        yield peer
        tasks.cancel_scope.cancel()


async def greeted(peer: Peer, version: str = STOCK) -> HandshakeRequest:
    """Answer the handshake as a stock client does."""
    request = HandshakeRequest.parse(await peer.first(PayloadType.HANDSHAKE_REQUEST))
    response = replace(ACCEPTED, client_version=version)
    peer.say(PayloadType.HANDSHAKE_RESPONSE, response.serialize())
    await peer.first(PayloadType.HANDSHAKE_COMPLETE)
    return request


async def test_the_client_sees_the_documents_properties_and_a_modern_agent() -> None:
    async with working({**FORWARDING, "portNumber": "5432", "localPortNumber": "0"}) as peer:
        request = await greeted(peer)

    assert request.session_type() is SessionType.PORT
    assert request.actions[0].parameters["Properties"] == {
        "portNumber": "5432",
        "localPortNumber": "0",
        "type": "LocalPortForwarding",
    }
    assert request.agent_version == "3.3.0.0"


async def test_nothing_follows_the_handshake_until_the_client_speaks() -> None:
    async with working(FORWARDING) as peer:
        await greeted(peer)
        await anyio.sleep(0.1)

        assert peer.got[-1].payload_type == PayloadType.HANDSHAKE_COMPLETE


async def test_a_client_that_forwards_gets_a_mux() -> None:
    async with served(echo) as port, working({**FORWARDING, "portNumber": str(port)}) as peer:
        await greeted(peer)
        mux = Mux()
        stream = mux.open()
        mux.send(stream, b"hello")

        peer.say(PayloadType.OUTPUT, mux.take())
        await peer.until(lambda: b"hello" in peer.output())

        assert peer.output() == bytes.fromhex("0102050003000000") + b"hello"


@pytest.mark.parametrize(
    ("properties", "version"), [({}, STOCK), ({"type": "LocalPortForwarding"}, "1.1.30.0")]
)
async def test_otherwise_the_bytes_go_as_they_are(
    properties: dict[str, JsonValue], version: str
) -> None:
    async with served(echo) as port, working({**properties, "portNumber": str(port)}) as peer:
        await greeted(peer, version)

        peer.say(PayloadType.OUTPUT, b"SSH-2.0-x\r\n")
        await peer.until(lambda: len(peer.output()) >= 11)

        assert peer.output() == b"SSH-2.0-x\r\n"


async def test_what_the_client_sends_too_early_is_not_lost() -> None:
    async with served(echo) as port, working({"portNumber": str(port)}) as peer:
        await peer.first(PayloadType.HANDSHAKE_REQUEST)
        peer.say(PayloadType.HANDSHAKE_RESPONSE, ACCEPTED.serialize())

        peer.say(PayloadType.OUTPUT, b"early")

        await peer.until(lambda: len(peer.output()) >= 5)

        assert peer.output() == b"early"


async def test_our_own_client_agrees_on_more() -> None:
    ours = Terms(max_payload=64 * 1024, window_bytes=512 * 1024)
    async with working(FORWARDING) as peer:
        request = HandshakeRequest.parse(await peer.first(PayloadType.HANDSHAKE_REQUEST))
        response = answer(request, client_version="1.2.900.0", terms=ours)
        peer.say(PayloadType.HANDSHAKE_RESPONSE, response.serialize())
        await peer.first(PayloadType.HANDSHAKE_COMPLETE)

        assert peer.ends.agent.room() == pytest.approx(512 * 1024, abs=1024)


async def test_a_target_that_refuses_a_single_connection_is_the_end_in_words() -> None:
    async with served(echo) as port:
        pass
    async with working({"portNumber": str(port)}) as peer:
        await greeted(peer)
        await peer.until(lambda: peer.finish is not None)

        assert peer.finish is not None
        assert peer.finish.output.startswith(f"no connection to `localhost` port {port}")


async def test_a_client_that_refuses_or_does_not_answer_is_the_end_in_words() -> None:
    refusal = HandshakeResponse(
        client_version=STOCK,
        actions=(ProcessedAction(action_type="SessionType", status=ActionStatus.UNSUPPORTED),),
    )
    async with working(FORWARDING) as peer:
        await peer.first(PayloadType.HANDSHAKE_REQUEST)
        peer.say(PayloadType.HANDSHAKE_RESPONSE, refusal.serialize())
        await peer.until(lambda: peer.finish is not None)

        assert peer.finish == Finish(output="the client does not take part in port sessions")
    async with working(FORWARDING, handshake_s=0.01) as peer:
        await peer.until(lambda: peer.finish is not None)

        assert peer.finish == Finish(output="the client did not answer the handshake")


@pytest.mark.parametrize("port", ["", "ssh", "-1", "²"])
def test_an_order_without_a_port_is_refused(port: str) -> None:
    with pytest.raises(RemoteProtocolError, match="expected a port number"):
        PortTarget.read({"portNumber": port})
