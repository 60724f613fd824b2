"""A running gateway in a whole world, and its peers in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from tests.fakes.peer import FakePeer
from tests.fakes.world import FakeWorld

from mooring.fleet.node import Node
from mooring.gateway.control import ControlListener
from mooring.gateway.gateway import Gateway, GatewaySettings
from mooring.gateway.leg import DataListener
from mooring.net.websocket import Listener, Refusal, UpgradeRequest
from mooring.operations.channels import create_control_channel, create_data_channel
from mooring.operations.sessions import StartedSession, start_session
from mooring.sessions.session import Session

__all__ = ["House", "Socket", "open_house", "until", "upgrade"]

PATIENCE_S = 5.0


async def until(condition: Callable[[], object]) -> None:
    """Wait for what other tasks bring about."""
    with anyio.fail_after(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 the gateway tells nobody
            await anyio.sleep(0.001)


def upgrade(path: str, peer: str = "192.0.2.9") -> UpgradeRequest:
    """Return a request to become a websocket."""
    return UpgradeRequest(path=path, query="", headers={}, peer=peer, secure=True)


@dataclass(slots=True, kw_only=True)
class Socket:
    """A connection, from both ends."""

    listener: ControlListener | DataListener
    peer: FakePeer

    def says(self, *frames: bytes) -> None:
        """Send frames that come in one buffer."""
        for number, data in enumerate(frames, 1):
            self.listener.binary(memoryview(data), number == len(frames))

    def shows(self, token: str, **more: str) -> None:
        """Send the first text frame."""
        self.listener.text(json.dumps({"TokenValue": token, **more}))

    def drops(self) -> None:
        """Lose the connection."""
        self.listener.closed(1006)


@dataclass(slots=True, kw_only=True)
class House:
    """The gateway, its world, and ways in."""

    gateway: Gateway
    world: FakeWorld
    spool: Path

    def dials(self, path: str, peer: str = "192.0.2.9") -> Socket:
        """Open a socket; it has not said anything yet."""
        listener = self.gateway.accept(upgrade(path, peer))
        assert isinstance(listener, ControlListener | DataListener), listener
        return opened(listener)

    async def node(self) -> tuple[Node, Socket]:
        """Make a node that holds a line."""
        node = await self.world.node(await self.world.account(), online=False)
        return node, await self.line(node)

    async def line(self, node: Node) -> Socket:
        """Open a node's line."""
        token = await self.control_token(node)
        socket = self.dials(f"/v1/control-channel/{node.node_id}")
        socket.shows(token)
        await until(lambda: socket.listener.is_admitted or socket.peer.closed)
        return socket

    async def control_token(self, node: Node) -> str:
        """Ask for the ticket of the node's line."""
        call = await self.world.node_call(node, "ssmmessages:CreateControlChannel")
        return await create_control_channel(call, node.node_id)

    async def started(self, node: Node) -> StartedSession:
        """Start a session."""
        ann = await self.world.administrator(node.account_id, "ann")
        call = self.world.call(ann, "ssm:StartSession")
        return await start_session(call, target=node.node_id, parameters={})

    async def agent_token(self, node: Node, session_id: str) -> str:
        """Ask for the ticket of the node's side."""
        call = await self.world.node_call(node, "ssmmessages:CreateDataChannel")
        return await create_data_channel(call, session_id)

    async def joins(self, session_id: str, token: str, **more: str) -> Socket:
        """Open a data channel and wait for what becomes of it."""
        socket = self.dials(f"/v1/data-channel/{session_id}")
        socket.shows(token, **more)
        await until(lambda: socket.listener.is_admitted or socket.peer.closed)
        return socket

    async def shell(self, node: Node) -> tuple[str, Socket, Socket]:
        """Start a session and let both sides in: its id, the agent, the client."""
        session = await self.started(node)
        token = await self.agent_token(node, session.session_id)
        agent = await self.joins(session.session_id, token)
        client = await self.joins(session.session_id, session.token, ClientId="c-1")
        return session.session_id, agent, client

    async def session(self, node: Node, session_id: str) -> Session:
        """Return the row."""
        row = await self.world.store.read(node.account_id, lambda tx: tx.sessions.get(session_id))
        assert row is not None
        return row

    async def node_now(self, node: Node) -> Node:
        """Return the node's row."""
        row = await self.world.store.read(node.account_id, lambda tx: tx.nodes.get(node.node_id))
        assert row is not None
        return row

    async def settled(self) -> None:
        """Wait until everything that the gateway has begun is done."""
        await until(lambda: self.gateway.statistics().working == 0)

    async def ended(self, node: Node, session_id: str) -> Session:
        """Return the row of a session that is ending."""
        await self.settled()
        return await self.session(node, session_id)


def opened(listener: Listener | Refusal) -> Socket:
    assert isinstance(listener, ControlListener | DataListener)
    peer = FakePeer()
    peer.last_seen = anyio.current_time()
    listener.opened(peer)
    return Socket(listener=listener, peer=peer)


@asynccontextmanager
async def open_house(world: FakeWorld, spool: Path, **settings: float) -> AsyncIterator[House]:
    """Run a gateway until the block ends; that is how a crash looks from outside, too."""
    given = GatewaySettings(gateway_id="gateway-1", spool=spool, **settings)  # type: ignore[arg-type]  # the times
    gateway = Gateway(world.world, given)
    async with anyio.create_task_group() as tasks:
        await tasks.start(gateway.run)
        yield House(gateway=gateway, world=world, spool=spool)
        tasks.cancel_scope.cancel()
