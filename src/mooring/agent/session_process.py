"""What a forked session process does, from the order to its end.

The shell is started before anything else: it needs its time to come up, and so does the data
channel. Besides, a process with one thread forks best.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass

import anyio

from mooring import logs
from mooring.agent.api import Api, ChannelKind
from mooring.agent.credentials import CredentialSource
from mooring.agent.line import Dialled, dial
from mooring.agent.port_work import PortTarget, PortWork
from mooring.agent.prctl import become_subreaper, hide_memory
from mooring.agent.registry import SessionRegistry
from mooring.agent.runas import RunAsRefused, choose_user, machine_users
from mooring.agent.session import Session, SessionTimes
from mooring.agent.shell import Shell, ShellFailed, start_shell
from mooring.agent.shell_work import ShellWork
from mooring.agent.state import StateDir
from mooring.agent.work import MakeWork
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.ids import NodeId, SessionId
from mooring.wire.open_message import data_open_message
from mooring.wire.session_order import SessionOrder, SessionType

__all__ = ["SessionContext", "run_session"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionContext:
    """All that session processes inherit from the agent."""

    api: Api
    state: StateDir
    node_id: NodeId
    run_as: str
    ssm_user_sudo: bool
    inherited: Mapping[str, str]
    supervisor: int | None
    """A pidfd; when that process ends, so do the sessions."""
    times: SessionTimes
    use_uvloop: bool


def run_session(context: SessionContext, payload: bytes) -> None:
    """Run the session of an order in this process, which is its own."""
    try:
        order = SessionOrder.parse(payload)
    except RemoteProtocolError as error:
        logger.warning("order_refused", extra={"reason": str(error)})
        return
    registry = SessionRegistry(context.state.sessions)
    with logs.bind(session_id=order.session_id, node_id=context.node_id):
        if not registry.claim(order.session_id):
            logger.info("session_runs_already")
            return
        try:
            _be_session(context, order)
        except Exception:
            logger.exception("session_crashed")
            raise
        finally:
            registry.release(order.session_id)


def _be_session(context: SessionContext, order: SessionOrder) -> None:
    hide_memory()
    become_subreaper()
    # The agent's signal, even before there is somebody to hear it, must end the shell too.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    shell: Shell | None = None
    make_work: MakeWork | None = None
    failure = ""
    try:
        if order.session_type is SessionType.PORT:
            make_work = _port(order)
        else:
            shell = _shell(context, order)
            make_work = _shell_work(context, order, shell)
    except (RunAsRefused, ShellFailed, RemoteProtocolError) as refusal:
        logger.warning("session_refused", extra={"reason": str(refusal)})
        failure = str(refusal)
    try:
        anyio.run(
            _converse,
            context,
            order,
            make_work,
            failure,
            None if shell is None else shell.pid,
            backend_options={"use_uvloop": context.use_uvloop},
        )
    finally:
        if shell is not None:
            shell.close()


def _port(order: SessionOrder) -> MakeWork:
    target = PortTarget.read(order.properties)
    logger.info("port_asked", extra={"host": target.host, "port": target.port})
    return lambda channel, speak: PortWork(target, channel, speak)


def _shell(context: SessionContext, order: SessionOrder) -> Shell:
    """Start the shell.

    Raises:
        RunAsRefused: not as this user.
        ShellFailed: it does not start, or is not what this agent runs.
    """
    inputs = order.inputs
    command = _command(order)
    if inputs.kms_key_id:
        raise ShellFailed("this agent does not encrypt sessions with a KMS key")
    asked = (order.run_as_user or inputs.run_as_default_user) if inputs.run_as_enabled else ""
    user = choose_user(
        run_as_user=asked,
        default=context.run_as,
        base=machine_users(sudo=context.ssm_user_sudo),
    )
    shell = start_shell(user, context.inherited, command)
    logger.info("shell_started", extra={"user": user.name, "pid": shell.pid})
    return shell


def _command(order: SessionOrder) -> str:
    """Return what runs instead of a login shell; empty for none.

    Raises:
        ShellFailed: this agent does not run it.
    """
    if order.session_type is SessionType.STANDARD_STREAM:
        return ""
    if order.session_type is not SessionType.INTERACTIVE_COMMANDS:
        raise ShellFailed(f"this agent does not know sessions of type `{order.session_type}`")
    linux = order.properties.get("linux")
    asked = linux if isinstance(linux, Mapping) else {}
    command = asked.get("commands")
    if not isinstance(command, str) or not command.strip():
        raise ShellFailed("the document has no command for this platform")
    if asked.get("runAsElevated") is True:
        raise ShellFailed("this agent does not run commands of a document as root")
    return command


def _shell_work(context: SessionContext, order: SessionOrder, shell: Shell) -> MakeWork:
    return lambda channel, speak: ShellWork(
        shell,
        channel,
        speak,
        profile=order.inputs.shell_profile_linux,
        keeper=os.getpid(),
        hang_up_s=context.times.hang_up_s,
        kill_s=context.times.kill_s,
    )


async def _converse(
    context: SessionContext,
    order: SessionOrder,
    make_work: MakeWork | None,
    failure: str,
    shell: int | None,
) -> None:
    api = context.api
    credentials = CredentialSource(api, context.state, rotates_key=False)
    session = Session(
        session_id=order.session_id,
        channel=DataChannel(
            role=Role.AGENT,
            new_id=api.world.new_id,
            wall_offset=api.world.now() - anyio.current_time(),
            limits=Limits(),
        ),
        make_work=make_work,
        failure=failure,
        dial=lambda: _dial(context, credentials, order.session_id),
        random=api.world.random,
        times=context.times,
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_obey_signals, session, shell)
        if context.supervisor is not None:
            tasks.start_soon(_follow, session, context.supervisor)
        await session.run()
        tasks.cancel_scope.cancel()


async def _dial(
    context: SessionContext, credentials: CredentialSource, session_id: SessionId
) -> Dialled:
    """Open a data channel and say who this is."""
    dialled = await dial(context.api, credentials, ChannelKind.DATA, session_id)
    opening = data_open_message(
        token=dialled.token,
        request_id=str(context.api.world.new_id()),
        client_instance_id=context.node_id,
    )
    # Our own gateway knows by this key that it may tell us what it knows of the client.
    fields = json.loads(opening) | {"MooringAgent": context.api.version}
    await dialled.websocket.send_text(json.dumps(fields))
    return dialled


async def _obey_signals(session: Session, shell: int | None) -> None:
    # Not by the loop: uvloop keeps this one for itself, and there is nothing here to wait for.
    signal.signal(signal.SIGCHLD, lambda *_: bury_orphans(shell))
    with anyio.open_signal_receiver(signal.SIGTERM) as signals:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        async for _ in signals:
            session.end()


async def _follow(session: Session, supervisor: int) -> None:
    await anyio.wait_readable(supervisor)
    session.end()


def bury_orphans(shell: int | None) -> None:
    """Take the exit codes of adopted children; the shell's own is for who waits for it."""
    with contextlib.suppress(ChildProcessError):
        while True:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is None or found.si_pid == shell:
                return
            os.waitpid(found.si_pid, os.WNOHANG)
