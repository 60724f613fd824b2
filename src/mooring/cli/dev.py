"""``mooring dev``: a server and sample nodes on this machine, from nothing, in one command.

It binds the listeners itself and passes them on, so that a server which is started again serves on
the same ports, and nobody is refused meanwhile: connections wait in the listener.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from botocore.exceptions import BotoCoreError, ClientError

from mooring.cli.dev_account import DevAccount, KeyPair, NodeSeen, policy_text
from mooring.cli.dev_files import (
    ADMIN,
    LIMITED,
    DevDir,
    DevState,
    InUse,
    Running,
    SampleNode,
    command_line,
)
from mooring.cli.output import Output
from mooring.cli.settings import environment_with
from mooring.cli.supervisor import Failed, Program, Supervisor, last_lines

__all__ = ["DevError", "DevOptions", "Programs", "listen", "node_names", "run_dev"]

_LOOPBACK = "127.0.0.1"
_BACKLOG = 1024
_READY_S = 60.0
_POLL_S = 0.2
_FIRST_NAMES = ("web-1", "db-1")

ResultT = TypeVar("ResultT")


class DevError(Exception):
    """It cannot run; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevOptions:
    """What the person chose; port 0 means any that is free."""

    data_dir: Path
    port: int
    tls_port: int
    nodes: int
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """How to start the server and an agent; tests bring their own."""

    server: tuple[str, ...] = (sys.executable, "-P", "-m", "mooring.server")
    agent: tuple[str, ...] = (sys.executable, "-P", "-m", "mooring.agent")


async def run_dev(options: DevOptions, output: Output, programs: Programs | None = None) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP.

    Raises:
        DevError: it cannot run.
    """
    folder = DevDir(options.data_dir)
    try:
        lock = folder.lock()
    except InUse as error:
        raise DevError(str(error)) from error
    folder.remove_contract()
    with (
        closing(listen(options.port, "--port")) as plain,
        closing(listen(options.tls_port, "--tls-port")) as tls,
    ):
        await _Dev(options, folder, output, programs or Programs(), (plain, tls)).run()
    os.close(lock)


def listen(port: int, option: str) -> socket.socket:
    """Bind a listener on loopback.

    Raises:
        DevError: somebody else has the port.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_LOOPBACK, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise DevError(
            f"port {port} on {_LOOPBACK} is in use, choose another with {option},"
            " or 0 for any that is free"
        ) from error
    return listener


def node_names(count: int) -> list[str]:
    """Name the sample nodes."""
    more = [f"node-{number}" for number in range(len(_FIRST_NAMES) + 1, count + 1)]
    return [*_FIRST_NAMES, *more][:count]


class _Dev:
    """One run."""

    def __init__(
        self,
        options: DevOptions,
        folder: DevDir,
        output: Output,
        programs: Programs,
        listeners: tuple[socket.socket, socket.socket],
    ) -> None:
        self._options = options
        self._folder = folder
        self._output = output
        self._programs = programs
        self._plain, self._tls = listeners
        self._endpoint_url = f"http://{_LOOPBACK}:{port_of(self._plain)}"
        self._supervisor = Supervisor(environment=environment_with, notice=output.notice)
        self._problem: Exception | None = None

    async def run(self) -> None:
        """Run until somebody stops it."""
        stops = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        try:
            with anyio.open_signal_receiver(*stops) as signals:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._supervisor.reap_orphans)
                    tasks.start_soon(self._come_up, tasks)
                    async for _ in signals:
                        break
                    tasks.cancel_scope.cancel()
                # Inside, so that a second Ctrl-C does not leave half of it running.
                self._folder.remove_contract()
                await self._supervisor.stop()
        finally:
            self._folder.remove_contract()
        if self._problem is not None:
            raise DevError(str(self._problem)) from self._problem

    async def _come_up(self, tasks: TaskGroup) -> None:
        try:
            running = await self._start(tasks)
        except (DevError, InUse, Failed, BotoCoreError, ClientError, OSError) as error:
            self._problem = error
            # The one way out of the loop above.
            os.kill(os.getpid(), signal.SIGTERM)
            return
        self._folder.write_contract(running)
        self._announce(running)

    async def _start(self, tasks: TaskGroup) -> Running:
        state = self._folder.read_state()
        if state is None:
            state = await self._initialise()
        else:
            await self._renew_sign_in(state)
        if state.region != self._options.region:
            self._output.notice(f"region {state.region}, as it was made for in the first run")
        tasks.start_soon(self._supervisor.keep, self._server())
        account = await in_thread(
            lambda: DevAccount(state.admin, region=state.region, endpoint_url=self._endpoint_url)
        )
        await self._until("the server", lambda: account.is_served())
        nodes = await self._start_nodes(tasks, account, state)
        if nodes:
            policy = policy_text(
                region=state.region, account_id=state.account_id, instance_id=nodes[0].instance_id
            )
            known = state.limited
            state.limited = await in_thread(lambda: account.limited_user(known, policy=policy))
            self._folder.write_state(state)
        self._folder.write_profiles(state, self._endpoint_url)
        return self._running(state, nodes)

    async def _renew_sign_in(self, state: DevState) -> None:
        """Get a link that works: the one of the last run has probably been used."""
        printed = await self._supervisor.run_once(
            Program(
                name="mooring-server sign-in",
                command=(
                    *self._programs.server, "sign-in", "--data-dir", str(self._folder.server),
                    "--output", "json",
                ),
                log=self._folder.log("server"),
            )
        )  # fmt: skip
        state.sign_in_url_path = json.loads(printed)["sign_in_url_path"]
        self._folder.write_state(state)

    async def _initialise(self) -> DevState:
        data_dir = self._folder.server
        self._folder.begin_server()
        printed = await self._supervisor.run_once(
            Program(
                name="mooring-server init",
                command=(
                    *self._programs.server, "init", "--data-dir", str(data_dir),
                    "--region", self._options.region, "--output", "json",
                ),
                log=self._folder.log("server"),
            )
        )  # fmt: skip
        made = json.loads(printed)
        state = DevState(
            account_id=made["account_id"],
            region=made["region"],
            domain=made.get("domain", "localhost"),
            ca_file=made["ca_file"],
            sign_in_url_path=made["sign_in_url_path"],
            admin=KeyPair(
                access_key_id=made["admin"]["access_key_id"],
                secret_access_key=made["admin"]["secret_access_key"],
            ),
        )
        self._folder.write_state(state)
        return state

    def _server(self) -> Program:
        plain, tls = self._plain.fileno(), self._tls.fileno()
        return Program(
            name="server",
            command=(
                *self._programs.server, "run", "--data-dir", str(self._folder.server),
                "--plain-fd", str(plain), "--tls-fd", str(tls),
            ),
            log=self._folder.log("server"),
            pass_fds=(plain, tls),
            # A handful of nodes need no spreading.
            variables={"MOORING_RECONNECT_SPREAD_S": "1"},
        )  # fmt: skip

    async def _start_nodes(
        self, tasks: TaskGroup, account: DevAccount, state: DevState
    ) -> list[SampleNode]:
        names = node_names(self._options.nodes)
        for name in names:
            if name not in state.activations:
                await self._register(name, account, state)
            tasks.start_soon(self._supervisor.keep, self._agent(name))
        found: dict[str, NodeSeen] = {}

        def are_online() -> bool:
            found.update({node.activation_id: node for node in account.nodes()})
            wanted = [found.get(state.activations[name]) for name in names]
            return all(node is not None and node.is_online for node in wanted)

        await self._until("the sample nodes", are_online, *names)
        return [
            SampleNode(name=name, instance_id=found[state.activations[name]].instance_id)
            for name in names
        ]

    async def _register(self, name: str, account: DevAccount, state: DevState) -> None:
        activation_id, code = await in_thread(lambda: account.create_activation(name))
        await self._supervisor.run_once(
            Program(
                name=f"mooring-agent register ({name})",
                command=(
                    *self._programs.agent, "register", "--endpoint", self._endpoint_url,
                    "--activation-id", activation_id, "--activation-code", code,
                    "--region", state.region, "--state-dir", str(self._folder.node(name)),
                ),
                log=self._folder.log(name),
            )
        )  # fmt: skip
        state.activations[name] = activation_id
        self._folder.write_state(state)

    def _agent(self, name: str) -> Program:
        # The port may be another one than at registration. Sessions are ours: nobody who tries this
        # out wants a new user on the machine.
        variables = {
            "MOORING_AGENT_ENDPOINT": self._endpoint_url,
            "MOORING_AGENT_SESSIONS_RUN_AS": "self",
        }
        state_dir = str(self._folder.node(name))
        return Program(
            name=name,
            command=(*self._programs.agent, "run", "--state-dir", state_dir, "--exit-with-parent"),
            log=self._folder.log(name),
            variables=variables,
        )

    async def _until(self, what: str, is_ready: Callable[[], bool], *logs: str) -> None:
        give_up_at = anyio.current_time() + _READY_S
        while not await in_thread(is_ready):
            if anyio.current_time() >= give_up_at:
                words = "\n".join(
                    f"{name}:\n{last_lines(self._folder.log(name))}" for name in logs or ("server",)
                )
                raise DevError(f"{what} did not come up within {_READY_S:g} s\n{words}")
            await anyio.sleep(_POLL_S)

    def _running(self, state: DevState, nodes: list[SampleNode]) -> Running:
        browsed = f"http://localhost:{port_of(self._plain)}"
        tls_port = port_of(self._tls)
        profiles = {ADMIN: ADMIN} | ({LIMITED: LIMITED} if nodes else {})
        return Running(
            endpoint_url=self._endpoint_url,
            tls_endpoint_url=f"https://localhost:{tls_port}",
            console_url=f"{browsed}/console/",
            sign_in_url=f"{browsed}{state.sign_in_url_path}",
            region=state.region,
            account_id=state.account_id,
            ca_file=state.ca_file,
            service_domain=f"{state.domain}:{tls_port}",
            aws_config_file=str(self._folder.aws_config),
            aws_shared_credentials_file=str(self._folder.aws_credentials),
            profiles=profiles,
            nodes=nodes,
        )

    def _announce(self, running: Running) -> None:
        nodes = ", ".join(f"{node.name} ({node.instance_id})" for node in running.nodes)
        profiles = ", ".join(running.profiles)
        lines = [
            "Mooring is running; Ctrl-C stops it.",
            "",
            f"  Console      {running.console_url}",
            f"  Sign in      {running.sign_in_url} (works once)",
            f"  Endpoint     {running.endpoint_url} ({running.region})",
            f"  AWS profile  {profiles} in {running.aws_config_file}",
            f"  Nodes        {nodes or 'none'}",
        ]
        if running.nodes:
            lines += ["", "A shell on the first node, from any terminal:", ""]
            lines.append(command_line(running))
        for line in lines:
            self._output.line(line)


async def in_thread(work: Callable[[], ResultT]) -> ResultT:
    """Do what waits in a thread; a Ctrl-C does not wait for it."""
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


def port_of(listener: socket.socket) -> int:
    """Return the port that a listener has got."""
    port: int = listener.getsockname()[1]
    return port
