"""Idle control channels: what one costs in memory, and what a node that connects costs in CPU.

Run with ``python -m bench.idle``. A node connects as an agent does: a signed CreateControlChannel
on one connection, then a websocket and its token on another, over plain HTTP and over TLS. The
budget is on the fronts alone, ours and aiohttp's; with signature, policies, audit and store behind
both, the same work hides most of the difference, and that ratio is only watched. Rounds interleave,
the first one warms up, medians count. Memory is what 5,000 lines add to the whole server's
resident set.
"""

from __future__ import annotations

import json
import resource
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import anyio

from bench.figures import Figure, show
from bench.process import Served, pin
from mooring.agent.api import Api, ChannelKind, Endpoint, RoleKeys, Signer, role_signer
from mooring.agent.world import machine_world
from mooring.data_dir import DataDir
from mooring.fleet.node import Node, Platform
from mooring.net.tls import client_context
from mooring.net.websocket_client import WebSocket, connect
from mooring.operations.accounts import NODE_ROLE
from mooring.operations.credentials import issue_role_credentials
from mooring.ports.tables import Transaction
from mooring.server import open_world
from mooring.settings import load
from mooring.wire.ids import ENTROPY_BYTES, NodeKind, new_node_id
from mooring.wire.open_message import control_open_message

__all__ = ["main"]

NODES = 5_000
ROUNDS = 5
EACH = NODES // ROUNDS
CALLERS = 16
SETTLE_S = 2.0
WHOLE = ("ours", "aiohttp")
FRONTS = ("ours-front", "aiohttp-front")
MEMORY_KIB = {"plain": 16.0, "tls": 45.0}
FRONT_RATIO = {"plain": 0.85, "tls": 1.0}
WHOLE_RATIO = 1.15
"""No budget of anybody's: that the gateway's own work does not grow unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seeded:
    """A data directory with nodes in it, and how each of them signs."""

    path: Path
    nodes: Sequence[tuple[str, Signer]]


@dataclass(slots=True, kw_only=True)
class _Fleet:
    """The nodes of one server: those that hold a line, and those that will."""

    served: Served
    api: Api
    ssl: ssl.SSLContext | None
    waiting: list[tuple[str, Signer]]
    lines: list[WebSocket] = field(default_factory=list)

    async def dial(self, count: int) -> float:
        """Connect so many more; return the server's processor time for each, in milliseconds."""
        now, self.waiting = self.waiting[:count], self.waiting[count:]
        before = self.served.cpu_s()
        nodes = iter(now)
        async with anyio.create_task_group() as tasks:
            for _ in range(CALLERS):
                tasks.start_soon(self._dial_some, nodes)
        await anyio.sleep(SETTLE_S / 4)
        return (self.served.cpu_s() - before) / count * 1000

    def hang_up(self) -> None:
        """Drop every line, after a look whether all of them are still there."""
        links = [line.link for line in self.lines if line.link is not None]
        alive = sum(not link.is_closing for link in links)
        assert alive == len(self.lines), f"{alive} of {len(self.lines)} lines are open"
        for link in links:
            link.abort()

    async def _dial_some(self, nodes: Iterator[tuple[str, Signer]]) -> None:
        for node_id, signer in nodes:
            token = await self.api.channel_token(ChannelKind.CONTROL, node_id, signer)
            url = self.api.endpoint.websocket_url(ChannelKind.CONTROL, node_id)
            line = await connect(
                url, headers={}, ssl=self.ssl, deadline_s=20, max_message=64 * 1024
            )
            first = control_open_message(
                token=token.value.reveal(), request_id="r", agent_version="1", platform_type="linux"
            )
            await line.send_text(first)
            self.lines.append(line)


def _init(path: Path) -> str:
    """Make a data directory; return its account."""
    made = subprocess.run(
        [
            sys.executable, "-m", "mooring.server", "init", "--data-dir", str(path),
            "--output", "json",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    account_id: str = json.loads(made.stdout)["account_id"]
    return account_id


async def _seed(path: Path, account_id: str, count: int) -> _Seeded:
    """Register nodes, and give each of them the credentials of its role."""
    data_dir = DataDir(path)
    settings = load(path, env={}, flags={})
    async with open_world(data_dir, settings) as world:
        role = await world.store.read(account_id, lambda tx: tx.identities.role(NODE_ROLE))
        assert role is not None
        now = world.clock.now()
        ids = [
            new_node_id(NodeKind.INSTANCE, world.entropy.bytes(ENTROPY_BYTES)) for _ in range(count)
        ]

        def put(tx: Transaction) -> None:
            for node_id in ids:
                tx.nodes.put(_node(account_id, settings.region, node_id, now))

        await world.store.write(account_id, put)
        nodes = []
        for node_id in ids:
            given = issue_role_credentials(
                world, role, session_name=node_id, node_id=node_id, lifetime=timedelta(hours=1)
            )
            keys = RoleKeys(
                access_key_id=given.access_key_id,
                secret_access_key=given.secret,
                session_token=given.session_token,
            )
            nodes.append(
                (node_id, role_signer(keys, region=settings.region, service="ssmmessages"))
            )
    return _Seeded(path=path, nodes=nodes)


def _node(account_id: str, region: str, node_id: str, now: datetime) -> Node:
    return Node(
        account_id=account_id,
        region=region,
        node_id=node_id,
        name="",
        role_name=NODE_ROLE,
        activation_id="11111111-2222-4333-8444-555555555555",
        public_key="",
        fingerprint="bench",
        registered_at=now,
        platform=Platform(agent_name="mooring-agent", platform_type="Linux"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """By kind of server: milliseconds for each node connecting, KiB for each line."""

    cpu: dict[str, float]
    memory: dict[str, float]


async def _measure(kinds: Sequence[str], mode: str, seeded: _Seeded, folder: Path) -> _Measured:
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    memory: dict[str, float] = {}
    with ExitStack() as stack:
        fleets: dict[str, _Fleet] = {}
        for kind in kinds:
            path = folder / f"{kind}-{mode}"
            shutil.copytree(seeded.path, path)
            served = stack.enter_context(Served("bench.idle_servers", [kind, mode, str(path)]))
            fleets[kind] = _fleet(mode, served, seeded)
            await fleets[kind].dial(EACH)
        before = {kind: fleet.served.resident_kib() for kind, fleet in fleets.items()}
        for _ in range(ROUNDS):
            for kind, fleet in fleets.items():
                times[kind].append(await fleet.dial(EACH))
        await anyio.sleep(SETTLE_S)
        for kind, fleet in fleets.items():
            memory[kind] = (fleet.served.resident_kib() - before[kind]) / NODES
            fleet.hang_up()
    return _Measured(
        cpu={kind: statistics.median(taken) for kind, taken in times.items()}, memory=memory
    )


def _figures(mode: str, whole: _Measured, fronts: _Measured) -> list[Figure]:
    memory = Figure(
        name=f"memory per idle node, {mode}",
        unit="KiB",
        ours=whole.memory["ours"],
        peer=1.0,
        peer_name=f"(aiohttp {whole.memory['aiohttp']:.1f}) one KiB",
        limit=MEMORY_KIB[mode],
    )
    front = Figure(
        name=f"a node connecting, front, {mode}",
        unit="ms",
        ours=fronts.cpu["ours-front"],
        peer=fronts.cpu["aiohttp-front"],
        peer_name="aiohttp",
        limit=FRONT_RATIO[mode],
    )
    server = Figure(
        name=f"a node connecting, whole server, {mode}",
        unit="ms",
        ours=whole.cpu["ours"],
        peer=whole.cpu["aiohttp"],
        peer_name="aiohttp",
        limit=WHOLE_RATIO,
    )
    return [memory, front, server]


def _fleet(mode: str, served: Served, seeded: _Seeded) -> _Fleet:
    is_tls = mode == "tls"
    context = client_context(DataDir(seeded.path).ca_certificate) if is_tls else None
    url = f"http{'s' if is_tls else ''}://localhost:{served.port}"
    api = Api(endpoint=Endpoint.parse(url), ssl=context, world=machine_world(), version="bench")
    return _Fleet(served=served, api=api, ssl=context, waiting=list(seeded.nodes))


async def _run(folder: Path, account_id: str) -> list[Figure]:
    seeded = await _seed(folder / "seeded", account_id, NODES + EACH)
    figures: list[Figure] = []
    for mode in ("plain", "tls"):
        whole = await _measure(WHOLE, mode, seeded, folder)
        fronts = await _measure(FRONTS, mode, seeded, folder)
        figures += _figures(mode, whole, fronts)
    return figures


def main() -> list[Figure]:
    """Measure and print."""
    pin(1)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as name:
        folder = Path(name)
        account_id = _init(folder / "seeded")
        figures = anyio.run(_run, folder, account_id, backend_options={"use_uvloop": True})
    for figure in figures:
        show(figure)
    return figures


if __name__ == "__main__":
    main()
