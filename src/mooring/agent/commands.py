"""The commands ``register`` and ``run``: from arguments to the code, and from errors to words."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import anyio

from mooring.agent.agent import AgentRunning, RunOptions, run_agent
from mooring.agent.api import ApiRefused, Endpoint
from mooring.agent.identity import NotRegistered
from mooring.agent.register import AlreadyRegistered, RegisterRequest, register
from mooring.agent.settings import AgentSettings
from mooring.agent.state import StateDir
from mooring.agent.world import machine_world
from mooring.net.http import HttpError
from mooring.net.tls import TlsError
from mooring.secret import Secret
from mooring.wire.errors import RemoteProtocolError

__all__ = ["SAME_USER_WARNING", "run_agent_command", "run_register"]

SAME_USER_WARNING = (
    "sessions on this node run as the agent's own user: whoever gets one can read the node's key"
    " and act as the node; run the agent as root, with sessions as ssm-user, to keep them apart"
)

_EXIT_FAILED = 1
_LONGEST_CODE = 1024
_REGISTER_ERRORS = (
    AlreadyRegistered,
    ApiRefused,
    HttpError,
    TlsError,
    RemoteProtocolError,
    OSError,
    ValueError,
)


def run_register(arguments: argparse.Namespace, settings: AgentSettings) -> int:
    """Make this machine a node."""
    if not arguments.endpoint:
        return _failed("expected --endpoint with the url of the server")
    try:
        request = RegisterRequest(
            endpoint=Endpoint.parse(arguments.endpoint),
            activation_id=arguments.activation_id,
            activation_code=_code(arguments.activation_code),
            region=arguments.region,
            ca_file=Path(arguments.ca_file) if arguments.ca_file else settings.ca_file,
            ca_fingerprint=arguments.ca_fingerprint,
            force=arguments.force,
        )
        registration = anyio.run(register, request, StateDir(settings.state_dir), machine_world())
    except _REGISTER_ERRORS as error:
        return _failed(f"not registered: {error}")
    sys.stdout.write(f"{registration.node_id}\n")
    if settings.run_as == "self":
        sys.stderr.write(f"note: {SAME_USER_WARNING}\n")
    return 0


def run_agent_command(arguments: argparse.Namespace, settings: AgentSettings) -> int:
    """Be the node until a signal."""
    options = RunOptions(
        exit_with_parent=arguments.exit_with_parent,
        end_sessions=arguments.end_sessions,
        ready_fd=arguments.ready_fd,
    )
    try:
        return run_agent(settings, options, machine_world())
    except (AgentRunning, NotRegistered, TlsError, OSError, ValueError) as error:
        return _failed(str(error))


def _code(given: str) -> Secret:
    if given != "-":
        return Secret(given)
    return Secret(os.read(sys.stdin.fileno(), _LONGEST_CODE).decode("ascii", "replace").strip())


def _failed(text: str) -> int:
    sys.stderr.write(f"mooring-agent: {text}\n")
    return _EXIT_FAILED
