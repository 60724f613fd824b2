"""The API on a real port, driven by boto3 as anybody would: with an endpoint and a key."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import boto3
import uvicorn
from botocore.client import Config
from botocore.exceptions import ClientError
from tests.api.door import PROTOCOLS
from tests.fakes.world import REGION, FakeWorld, make_world

from mooring.api.app import FrontDoor
from mooring.api.chain import Chain
from mooring.api.operations import OPERATIONS
from mooring.iam.identity import User
from mooring.system import SystemClock

__all__ = ["Client", "Served", "refused", "serve"]

_CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20, proxies={})


class _Server(uvicorn.Server):
    """Leaves the test runner's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Client:
    """A boto3 client whose calls wait on a thread."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - made of a service model
        self._client = client

    @property
    def endpoint_url(self) -> str:
        """Where the server is."""
        return str(self._client.meta.endpoint_url)

    async def call(self, name: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - any member
        """Call an operation by its boto3 name."""
        answer: dict[str, Any] = await anyio.to_thread.run_sync(
            lambda: getattr(self._client, name)(**given)
        )
        return answer

    async def pages(self, name: str, key: str, **given: Any) -> list[Any]:  # noqa: ANN401 - any member
        """Return all items of a list, as boto3's paginator gathers them by two."""
        pages = self._client.get_paginator(name).paginate(PaginationConfig={"PageSize": 2}, **given)
        return await anyio.to_thread.run_sync(lambda: [row for page in pages for row in page[key]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server with an administrator; ``client`` makes clients of anybody's."""

    world: FakeWorld
    admin: User
    iam: Client
    client: Callable[..., Client]


async def refused(work: Any) -> tuple[int, str, str]:  # noqa: ANN401 - an awaitable
    """Return status, code and text of a call that must fail."""
    try:
        await work
    except ClientError as error:
        answer = error.response
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        return status, answer["Error"]["Code"], answer["Error"]["Message"]
    raise AssertionError("expected a refusal, got an answer")


@asynccontextmanager
async def serve(path: Path) -> AsyncIterator[Served]:
    """Serve a world below ``path`` until the block ends."""
    async with make_world(path) as fake:
        world = replace(fake.world, clock=SystemClock())
        fake.world = world
        front = FrontDoor(Chain(world, PROTOCOLS, OPERATIONS))
        server = _Server(uvicorn.Config(front, lifespan="off", log_config=None))
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            admin = await fake.administrator(await fake.account())
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(server.serve, [listener])
                made: list[Any] = []

                def client(service: str, key_id: str, secret: str, token: str = "") -> Client:
                    session = boto3.Session(
                        aws_access_key_id=key_id,
                        aws_secret_access_key=secret,
                        aws_session_token=token or None,
                        region_name=REGION,
                    )
                    made.append(session.client(service, endpoint_url=url, config=_CONFIG))
                    return Client(made[-1])

                try:
                    iam = client("iam", *await fake.access_key(admin))
                    yield Served(world=fake, admin=admin, iam=iam, client=client)
                finally:
                    for each in made:
                        each.close()
                    server.should_exit = True
