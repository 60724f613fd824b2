"""Signed AWS calls: what one costs the server, beside ``moto_server`` that answers the like.

Run with ``python -m bench.door``. Both servers have a core of their own and answer the same signed
requests on kept connections; what counts is calls for each second of the server's processor time,
the median of interleaved rounds. moto knows no DescribeInstanceInformation, so its side lists as
many parameters with DescribeParameters: the same protocol and service, a page of as many items.
moto checks no signature and no policy and keeps no audit; ours does all three.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import anyio
import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.figures import Figure, show
from bench.process import Served, pin
from mooring.data_dir import DataDir
from mooring.fleet.node import Node, Platform
from mooring.operations.accounts import NODE_ROLE
from mooring.ports.tables import Transaction
from mooring.server import open_world
from mooring.settings import load
from mooring.wire.ids import ENTROPY_BYTES, NodeKind, new_node_id

__all__ = ["initialised", "main"]

LISTED = 20
CALLS = 400
ROUNDS = 5
TARGET = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A call as it is sent; ``answers`` is a text that a right answer holds."""

    service: str
    body: bytes
    headers: dict[str, str]
    answers: bytes


WHO = _Asked(
    service="sts",
    body=b"Action=GetCallerIdentity&Version=2011-06-15",
    headers={"content-type": "application/x-www-form-urlencoded"},
    answers=b"<Account>",
)


def _listing(target: str, member: bytes) -> _Asked:
    return _Asked(
        service="ssm",
        body=b"{}",
        headers={
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"AmazonSSM.{target}",
        },
        answers=member,
    )


NODES = _listing("DescribeInstanceInformation", b'"InstanceInformationList":[{')
PARAMETERS = _listing("DescribeParameters", b'"Parameters": [{')


class _Caller:
    """One server, one signer, one kept connection."""

    def __init__(self, served: Served, keys: Credentials, region: str) -> None:
        self._served = served
        self._keys = keys
        self._region = region
        self._connection = HTTPConnection("127.0.0.1", served.port)

    def calls_per_cpu_second(self, asked: _Asked) -> float:
        """Send the call again and again."""
        request = AWSRequest(
            method="POST",
            url=f"http://127.0.0.1:{self._served.port}/",
            data=asked.body,
            headers=dict(asked.headers),
        )
        SigV4Auth(self._keys, asked.service, self._region).add_auth(request)
        headers = dict(request.headers.items())
        before = self._served.cpu_s()
        for _ in range(CALLS):
            self._connection.request("POST", "/", body=asked.body, headers=headers)
            answer = self._connection.getresponse()
            text = answer.read()
            assert answer.status == 200, text
            assert asked.answers in text, text
        return CALLS / (self._served.cpu_s() - before)


def initialised(path: Path) -> tuple[str, Credentials, str]:
    """Make a data directory; return its account, the administrator's key and the region."""
    made = subprocess.run(
        [
            sys.executable, "-m", "mooring.server", "init", "--data-dir", str(path),
            "--output", "json",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(made.stdout)
    admin = told["admin"]
    keys = Credentials(admin["access_key_id"], admin["secret_access_key"])
    return told["account_id"], keys, told["region"]


async def _seed(path: Path, account_id: str) -> None:
    settings = load(path, env={}, flags={})
    async with open_world(DataDir(path), settings) as world:
        now = world.clock.now()
        ids = [
            new_node_id(NodeKind.INSTANCE, world.entropy.bytes(ENTROPY_BYTES))
            for _ in range(LISTED)
        ]

        def put(tx: Transaction) -> None:
            for node_id in ids:
                tx.nodes.put(
                    Node(
                        account_id=account_id,
                        region=settings.region,
                        node_id=node_id,
                        name="bench",
                        role_name=NODE_ROLE,
                        activation_id="11111111-2222-4333-8444-555555555555",
                        public_key="",
                        fingerprint="bench",
                        registered_at=now,
                        platform=Platform(agent_name="mooring-agent", platform_type="Linux"),
                    )
                )

        await world.store.write(account_id, put)


def _seed_moto(port: int, region: str) -> None:
    ssm = boto3.client(
        "ssm",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=region,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106 moto takes any
    )
    for number in range(LISTED):
        ssm.put_parameter(Name=f"/bench/{number}", Value="v", Type="String")


def _measure(folder: Path) -> list[Figure]:
    path = folder / "door"
    account_id, keys, region = initialised(path)
    anyio.run(_seed, path, account_id)
    with ExitStack() as stack:
        ours = stack.enter_context(Served("bench.idle_servers", ["ours", "plain", str(path)]))
        moto = stack.enter_context(Served("bench.moto_server", []))
        _seed_moto(moto.port, region)
        here = _Caller(ours, keys, region)
        there = _Caller(moto, Credentials("bench", "bench"), region)
        return [
            _figure("GetCallerIdentity", here, WHO, there, WHO),
            _figure("DescribeInstanceInformation", here, NODES, there, PARAMETERS),
        ]


def _figure(name: str, here: _Caller, ours: _Asked, there: _Caller, peers: _Asked) -> Figure:
    """Measure round by round; the first one warms up."""
    here_s: list[float] = []
    there_s: list[float] = []
    for _ in range(ROUNDS + 1):
        here_s.append(here.calls_per_cpu_second(ours))
        there_s.append(there.calls_per_cpu_second(peers))
    median: Callable[[list[float]], float] = statistics.median
    return Figure(
        name=f"signed {name}",
        unit="calls/s",
        ours=median(here_s[1:]),
        peer=median(there_s[1:]),
        peer_name="moto",
        limit=TARGET,
        at_least=True,
    )


def main() -> list[Figure]:
    """Measure and print."""
    pin(1)
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as name:
        figures = _measure(Path(name))
    for figure in figures:
        show(figure)
    return figures


if __name__ == "__main__":
    sys.exit(0 if all(figure.is_good for figure in main()) else 1)
