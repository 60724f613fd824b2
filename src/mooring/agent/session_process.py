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
from mooring.agent.prctl import become_subreaper, hide_memory
from mooring.agent.registry import SessionRegistry
from mooring.agent.runas import RunAsRefused, choose_user, machine_users
from mooring.agent.session import Session, SessionTimes
from mooring.agent.shell import Shell, ShellFailed, start_shell
from mooring.agent.state import StateDir
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
    shell, failure = _start(context, order)
    try:
        anyio.run(
            _converse,
            context,
            order,
            shell,
            failure,
            backend_options={"use_uvloop": context.use_uvloop},
        )
    finally:
        if shell is not None:
            shell.close()


def _start(context: SessionContext, order: SessionOrder) -> tuple[Shell | None, str]:
    """Start the shell, or say why there is none."""
    inputs = order.inputs
    if order.session_type is not SessionType.STANDARD_STREAM:
        return None, f"this agent does not know sessions of type `{order.session_type}`"
    if inputs.kms_key_id:
        return None, "this agent does not encrypt sessions with a KMS key"
    asked = (order.run_as_user or inputs.run_as_default_user) if inputs.run_as_enabled else ""
    try:
        user = choose_user(
            run_as_user=asked,
            default=context.run_as,
            base=machine_users(sudo=context.ssm_user_sudo),
        )
        shell = start_shell(user, context.inherited)
    except (RunAsRefused, ShellFailed) as refusal:
        logger.warning("session_refused", extra={"reason": str(refusal)})
        return None, str(refusal)
    logger.info("shell_started", extra={"user": user.name, "pid": shell.pid})
    return shell, ""


async def _converse(
    context: SessionContext, order: SessionOrder, shell: Shell | None, failure: str
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
        shell=shell,
        failure=failure,
        profile=order.inputs.shell_profile_linux,
        dial=lambda: _dial(context, credentials, order.session_id),
        keeper=os.getpid(),
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


async def _obey_signals(session: Session, shell: Shell | None) -> None:
    # Not by the loop: uvloop keeps this one for itself, and there is nothing here to wait for.
    signal.signal(signal.SIGCHLD, lambda *_: bury_orphans(None if shell is None else shell.pid))
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
