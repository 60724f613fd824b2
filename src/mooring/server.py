"""The composition root: settings, adapters, services, one task group.

``mooring-server init`` makes a data directory; ``mooring-server run`` serves from it. This is
the only module that knows both the doors and what is plugged in behind the ports.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import uvicorn

from mooring import logs
from mooring.api.app import FrontDoor
from mooring.api.chain import Chain
from mooring.api.operations import OPERATIONS
from mooring.api.protocol.models import load_extra_models
from mooring.api.protocol.protocols import Protocols
from mooring.blobs.directory import DirectoryBlobs
from mooring.bus.local import LocalBus
from mooring.console.app import PREFIXES, console_app
from mooring.data_dir import DataDir, DataDirError, make_certificates
from mooring.gateway.gateway import Gateway, GatewaySettings
from mooring.keys.file import FileKeyRing
from mooring.keys.node_signature import verify_node_signature
from mooring.keys.oidc import HttpProviders
from mooring.keys.passkey_verifier import WebauthnVerifier
from mooring.keys.password_hash import Argon2Passwords
from mooring.net.http_server import http_protocol
from mooring.net.tls import client_context, server_context
from mooring.net.websocket_server import websocket_protocol
from mooring.operations.accounts import (
    ADMINISTRATOR,
    account_to_sign_in,
    create_first_account,
    new_sign_in,
)
from mooring.operations.audit_queue import open_audit_queue
from mooring.operations.organization_accounts import finish_requests
from mooring.operations.problems import OperationRefused
from mooring.operations.world import World
from mooring.ports.store import StoreUnavailable
from mooring.scheduler.audit import run_audit_signer
from mooring.scheduler.last_uses import run_last_uses
from mooring.scheduler.loop import run_scheduler
from mooring.scheduler.revocation import run_revocation
from mooring.settings import ServerSettings, SettingsError, environment, load, site, write_file
from mooring.store.database import open_store
from mooring.system import SystemClock, SystemEntropy

__all__ = ["main"]

GATEWAY_ID = "gateway-1"
_SIGN_IN = "/auth/sign-in"
_DRAIN_S = 3
_HEAD_DEADLINE_S = 10.0

_log = logging.getLogger("mooring.server")


@asynccontextmanager
async def open_world(
    data_dir: DataDir, settings: ServerSettings, *, writer: str = GATEWAY_ID
) -> AsyncIterator[World]:
    """Plug the adapters of one process together."""
    async with (
        open_store(data_dir.database, writer=writer) as store,
        open_audit_queue(store) as audit,
        LocalBus() as bus,
    ):
        yield World(
            site=site(settings),
            clock=SystemClock(),
            entropy=SystemEntropy(),
            store=store,
            audit=audit,
            bus=bus,
            blobs=DirectoryBlobs(data_dir.recordings),
            keys=FileKeyRing.load(data_dir.keys),
            verify_node_signature=verify_node_signature,
            passwords=Argon2Passwords(),
            passkeys=WebauthnVerifier(),
            oidc=HttpProviders(SystemClock(), trust=client_context(None)),
        )


class _Server(uvicorn.Server):
    """A listener that leaves the signals to us: there is one handler for all of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


class _Router:
    """Tells the pages of people from AWS calls, by path."""

    def __init__(self, front_door: FrontDoor, pages: Any) -> None:  # noqa: ANN401 - an ASGI app
        self._front_door = front_door
        self._pages = pages

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] != "http":
            raise ValueError(f"no `{scope['type']}` is served here")
        app = self._pages if scope["path"].startswith(PREFIXES) else self._front_door
        await app(scope, receive, send)


def _listener(app: _Router, gateway: Gateway, tls: DataDir | None) -> _Server:
    """Make a listener: plain, or with the certificate of a data directory."""
    config = uvicorn.Config(
        app,
        http=http_protocol(head_deadline_s=_HEAD_DEADLINE_S),
        ws=websocket_protocol(gateway.accept, max_message=gateway.max_message),
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_DRAIN_S,
        backlog=4096,
        ssl_certfile=tls.server_certificate if tls is not None else None,
        ssl_keyfile=tls.server_key if tls is not None else None,
    )
    config.load()
    if tls is not None:
        config.ssl = server_context(tls.server_certificate, tls.server_key)
    return _Server(config)


async def serve(
    data_dir: DataDir, settings: ServerSettings, *, plain: socket.socket | None, tls: socket.socket
) -> None:
    """Serve until SIGINT or SIGTERM."""
    async with open_world(data_dir, settings) as world:
        gateway = Gateway(
            world,
            GatewaySettings(
                gateway_id=GATEWAY_ID,
                spool=data_dir.spool,
                client_grace_s=settings.client_grace_s,
                start_deadline_s=settings.start_deadline_s,
            ),
        )
        chain = Chain(world, Protocols(load_extra_models()), OPERATIONS)
        pages = console_app(world, ca_pem=data_dir.ca_certificate.read_bytes())
        app = _Router(FrontDoor(chain), pages)
        listeners = [(_listener(app, gateway, data_dir), tls)]
        if plain is not None:
            listeners.append((_listener(app, gateway, None), plain))
        async with anyio.create_task_group() as tasks:
            await tasks.start(gateway.run)
            tasks.start_soon(run_scheduler, world)
            tasks.start_soon(run_last_uses, world)
            tasks.start_soon(run_revocation, world)
            tasks.start_soon(run_audit_signer, world)
            tasks.start_soon(finish_requests, world)
            async with anyio.create_task_group() as serving:
                for server, listening in listeners:
                    serving.start_soon(_run_listener, server, listening)
                # What is loaded stays; looking through it again would hold up somebody's keys.
                gc.collect()
                gc.freeze()
                _log.info("serving", extra={"port": tls.getsockname()[1]})
                await _wait_for_signal()
                with anyio.move_on_after(_DRAIN_S):
                    await gateway.drain()
                for server, _ in listeners:
                    server.should_exit = True
                serving.cancel_scope.deadline = anyio.current_time() + _DRAIN_S + 1
            tasks.cancel_scope.cancel()


async def _run_listener(server: _Server, listening: socket.socket) -> None:
    await server.serve(sockets=[listening])


async def _wait_for_signal() -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            _log.info("stopping", extra={"reason": signal.Signals(number).name})
            return


def _run(arguments: argparse.Namespace) -> int:
    data_dir = DataDir(arguments.data_dir)
    data_dir.check()
    flags = {name: getattr(arguments, name) for name in ("host", "port", "log_level")}
    settings = load(data_dir.path, env=environment(), flags=flags)
    logs.configure(level=settings.log_level)
    tls = _socket(arguments.tls_fd, settings.host, settings.port)
    plain = _socket(arguments.plain_fd, "", 0) if arguments.plain_fd is not None else None
    anyio.run(_serve_all, data_dir, settings, plain, tls, backend_options={"use_uvloop": True})
    return 0


async def _serve_all(
    data_dir: DataDir, settings: ServerSettings, plain: socket.socket | None, tls: socket.socket
) -> None:
    await serve(data_dir, settings, plain=plain, tls=tls)


def _socket(fd: int | None, host: str, port: int) -> socket.socket:
    """Take a listening socket that was passed on, or bind one."""
    if fd is not None:
        return socket.socket(fileno=fd)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.create_server((host, port), family=family, backlog=4096)
    bound.settimeout(0)
    return bound


def _init(arguments: argparse.Namespace) -> int:
    data_dir = DataDir(arguments.data_dir)
    flags = {name: getattr(arguments, name) for name in ("region", "domain", "host", "port")}
    settings = load(data_dir.path, env=environment(), flags=flags)
    made = anyio.run(_make, data_dir, settings)
    if arguments.output == "json":
        sys.stdout.write(json.dumps(made) + "\n")
    else:
        sys.stdout.write(_told(made, data_dir, settings))
    return 0


async def _make(data_dir: DataDir, settings: ServerSettings) -> dict[str, Any]:
    data_dir.create()
    write_file(data_dir.path, settings)
    make_certificates(
        data_dir, domain=settings.domain, region=settings.region, now=SystemClock().now()
    )
    FileKeyRing.create(data_dir.keys)
    async with open_world(data_dir, settings) as world:
        first = await create_first_account(world, name="main")
    data_dir.finish()
    return {
        "account_id": first.account_id,
        "region": settings.region,
        "sign_in_url_path": f"{_SIGN_IN}?token={first.sign_in_token.reveal()}",
        "admin": {
            "user_name": first.user_name,
            "access_key_id": first.access_key_id,
            "secret_access_key": first.secret.reveal(),
        },
        "ca_file": str(data_dir.ca_certificate),
        "ca_fingerprint": data_dir.ca_fingerprint(),
        "domain": settings.domain,
    }


def _told(made: dict[str, Any], data_dir: DataDir, settings: ServerSettings) -> str:
    url = f"https://localhost:{settings.port}"
    admin = made["admin"]
    return (
        f"Made {data_dir.path} for account {made['account_id']} in {made['region']}.\n\n"
        f"Start it:        mooring-server run --data-dir {data_dir.path}\n"
        f"Sign in, once:   {url}{made['sign_in_url_path']}\n"
        f"CA certificate:  {made['ca_file']} ({made['ca_fingerprint']})\n\n"
        "An AWS profile for the administrator, shown this once:\n\n"
        f"[mooring]\naws_access_key_id = {admin['access_key_id']}\n"
        f"aws_secret_access_key = {admin['secret_access_key']}\n"
    )


def _sign_in(arguments: argparse.Namespace) -> int:
    """Print a new single-use sign-in link; earlier ones for the user stop working."""
    data_dir = DataDir(arguments.data_dir)
    data_dir.check()
    settings = load(data_dir.path, env=environment(), flags={})
    path = anyio.run(_new_link, data_dir, settings, arguments.account, arguments.user)
    if arguments.output == "json":
        sys.stdout.write(json.dumps({"sign_in_url_path": path}) + "\n")
    else:
        sys.stdout.write(f"https://localhost:{settings.port}{path}\n")
    return 0


async def _new_link(
    data_dir: DataDir, settings: ServerSettings, account_id: str, user_name: str
) -> str:
    async with open_world(data_dir, settings, writer="sign-in") as world:
        account_id = await account_to_sign_in(world, account_id)
        token = await new_sign_in(world, account_id, user_name)
    return f"{_SIGN_IN}?token={token.reveal()}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mooring-server", description="The Mooring server.")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make a data directory")
    init.set_defaults(act=_init)
    run = commands.add_parser("run", help="serve from a data directory")
    run.set_defaults(act=_run)
    link = commands.add_parser("sign-in", help="print a new single-use sign-in link")
    link.set_defaults(act=_sign_in)
    link.add_argument("--user", default=ADMINISTRATOR, help="an IAM user of the account")
    link.add_argument("--account", default="", help="its id, when there are several accounts")
    for command in (init, run, link):
        command.add_argument("--data-dir", type=Path, required=True)
    for command in (init, link):
        command.add_argument("--output", choices=("text", "json"), default="text")
    for command in (init, run):
        command.add_argument("--host", help="address to listen on with TLS")
        command.add_argument("--port", type=int, help="port to listen on with TLS")
    init.add_argument("--region", help="the region's name, any")
    init.add_argument("--domain", help="the domain whose names reach this server")
    run.add_argument("--log-level")
    run.add_argument("--tls-fd", type=int, help="a listening socket, passed on")
    run.add_argument("--plain-fd", type=int, help="a listening socket on loopback, passed on")
    return parser


def main() -> int:
    """Run the command named on the command line."""
    arguments = _parser().parse_args()
    try:
        act: int = arguments.act(arguments)
    except (SettingsError, DataDirError, OperationRefused, StoreUnavailable, OSError) as exc:
        sys.stderr.write(f"mooring-server: {exc}\n")
        return 1
    return act


if __name__ == "__main__":
    sys.exit(main())
