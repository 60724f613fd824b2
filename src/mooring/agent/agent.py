"""The agent's main process: the zygote first, then one task group for everything else.

It holds no session: stop it, kill it or replace it, and the shells go on. Started again it
finds them by their files.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import anyio

from mooring.agent.api import Api, ApiRefused
from mooring.agent.credentials import CredentialSource
from mooring.agent.identity import NotRegistered, Registration, check_keys, load_registration
from mooring.agent.link import ControlLink, Orders
from mooring.agent.machine import full_report, own_address, read_machine, short_report
from mooring.agent.netlink import open_netlink, watch
from mooring.agent.patience import SPREAD_S
from mooring.agent.prctl import die_with_parent, hide_memory
from mooring.agent.registry import SessionRegistry
from mooring.agent.session import SessionTimes
from mooring.agent.session_process import SessionContext, run_session
from mooring.agent.settings import AgentSettings
from mooring.agent.setup import api_for
from mooring.agent.state import StateDir
from mooring.agent.warm_up import warm_up
from mooring.agent.world import World
from mooring.agent.zygote import Zygote, ZygoteGone, start_zygote
from mooring.net.http import HttpError
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonValue

__all__ = ["AgentRunning", "RunOptions", "run_agent"]

logger = logging.getLogger(__name__)

_LOCK = "agent.lock"
_HEALTH_S = 300.0
_END_SESSIONS_S = 4.0
_CALL_ERRORS = (ApiRefused, HttpError, RemoteProtocolError, OSError)


class AgentRunning(Exception):
    """Another agent uses this state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How this agent is run."""

    exit_with_parent: bool = False
    """End with the process that started it, sessions and all, as in a development set-up."""
    end_sessions: bool = False
    """End the sessions when told to stop."""
    ready_fd: int | None = None
    """Write a line here when the node is first connected."""
    use_uvloop: bool = True


def run_agent(settings: AgentSettings, options: RunOptions, world: World) -> int:
    """Run until a signal; returns the exit code. Call it in a process with one thread.

    Raises:
        AgentRunning: another agent uses the same state.
        NotRegistered: there is no node to be.
        TlsError: the authority to trust cannot be read.
    """
    state = StateDir(settings.state_dir)
    registration = load_registration(state)
    state.create()
    hide_memory()
    supervisor = _bind_to_parent() if options.exit_with_parent else None
    api = api_for(settings, state, registration, world)
    context = SessionContext(
        api=api,
        state=state,
        node_id=registration.node_id,
        run_as=settings.run_as,
        ssm_user_sudo=settings.ssm_user_sudo,
        inherited=settings.inherited,
        supervisor=supervisor,
        times=SessionTimes(),
        use_uvloop=options.use_uvloop,
    )
    warm_up(world, use_uvloop=options.use_uvloop)
    zygote = start_zygote(partial(run_session, context))
    try:
        # After the fork: sessions outlive the agent, and must not hold its lock.
        lock = _lock(state)
        try:
            check_keys(registration)
            agent = _Agent(settings, options, state, api, registration, zygote)
            return anyio.run(agent.run, backend_options={"use_uvloop": options.use_uvloop})
        finally:
            os.close(lock)
    finally:
        zygote.close()


def _bind_to_parent() -> int:
    parent = os.getppid()
    supervisor = os.pidfd_open(parent)
    die_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        raise AgentRunning("the process that started the agent has ended")
    return supervisor


def _lock(state: StateDir) -> int:
    handle = os.open(state.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise AgentRunning(f"another agent runs with the state in `{state.path}`") from None
    return handle


class _Agent:
    def __init__(  # noqa: PLR0913  # what the main process is made of
        self,
        settings: AgentSettings,
        options: RunOptions,
        state: StateDir,
        api: Api,
        registration: Registration,
        zygote: Zygote,
    ) -> None:
        self._options = options
        self._api = api
        self._registration = registration
        self._zygote = zygote
        self._registry = SessionRegistry(state.sessions)
        self._credentials = CredentialSource(api, state, rotates_key=True)
        self._max_sessions = settings.max_sessions
        self._machine = read_machine()
        self._ready_fd = options.ready_fd
        self._code = 0

    async def run(self) -> int:
        orders = Orders(self._zygote, self._registry, max_sessions=self._max_sessions)
        link = ControlLink(
            self._api,
            self._credentials,
            orders,
            node_id=self._registration.node_id,
            connected=self._connected,
        )
        async with anyio.create_task_group() as tasks:
            stop = tasks.cancel_scope
            tasks.start_soon(self._or_stop, stop, link.run)
            tasks.start_soon(self._or_stop, stop, self._keep_credentials)
            tasks.start_soon(self._or_stop, stop, self._report_health)
            tasks.start_soon(self._or_stop, stop, self._watch_zygote)
            tasks.start_soon(self._watch_network, link)
            await self._wait_for_signal()
            logger.info("agent_stops")
            stop.cancel()
        if self._options.end_sessions or self._options.exit_with_parent:
            await self._end_sessions()
        return self._code

    def _connected(self) -> None:
        if self._ready_fd is not None:
            os.write(self._ready_fd, b"ready\n")
            os.close(self._ready_fd)
            self._ready_fd = None

    async def _or_stop(self, stop: anyio.CancelScope, job: Callable[[], Awaitable[None]]) -> None:
        """Do a job for ever; the errors it cannot live with end the agent."""
        try:
            await job()
        except (NotRegistered, ZygoteGone) as error:
            logger.error("agent_cannot_go_on", extra={"reason": str(error)})  # noqa: TRY400
            self._code = 1
            stop.cancel()

    async def _wait_for_signal(self) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                return

    async def _watch_zygote(self) -> None:
        await self._zygote.wait_gone()
        raise ZygoteGone("the zygote has ended")

    async def _watch_network(self, link: ControlLink) -> None:
        netlink = open_netlink()
        if netlink is not None:
            with netlink:
                await watch(netlink, link.network_changed)

    async def _keep_credentials(self) -> None:
        while True:
            try:
                await anyio.sleep(await self._credentials.keep_fresh())
            except _CALL_ERRORS as error:
                logger.warning("credentials_not_renewed", extra={"reason": str(error)})
                await self._pause()

    async def _report_health(self) -> None:
        """Say in short that we are there, and then all of it, now and every five minutes."""
        node_id, version = self._registration.node_id, self._api.version
        is_first = True
        while True:
            try:
                if is_first:
                    await self._report(short_report(node_id, version))
                    is_first = False
                address = await own_address(self._api.endpoint.url)
                await self._report(full_report(node_id, version, self._machine, address))
                await anyio.sleep(_HEALTH_S)
            except _CALL_ERRORS as error:
                logger.warning("health_not_reported", extra={"reason": str(error)})
                await self._pause()

    async def _report(self, fields: Mapping[str, JsonValue]) -> None:
        signer = await self._credentials.signer("ssm")
        await self._api.call("UpdateInstanceInformation", fields, signer)

    async def _pause(self) -> None:
        await anyio.sleep(SPREAD_S * (0.5 + self._api.world.random()))

    async def _end_sessions(self) -> None:
        live = list(self._registry.all())
        for session in live:
            self._registry.end(session.session_id)
        with anyio.move_on_after(_END_SESSIONS_S):
            for session in live:
                await self._registry.wait_gone(session)
