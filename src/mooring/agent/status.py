"""``mooring-agent status``: what this node is, and which sessions run on it."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys

from mooring.agent.identity import NotRegistered, load_registration
from mooring.agent.registry import SessionRegistry
from mooring.agent.settings import AgentSettings
from mooring.agent.state import StateDir
from mooring.wire.json_object import JsonValue

__all__ = ["is_agent_running", "run_status", "status"]

_NOT_RUNNING = 3
"""As init scripts answer for a service that is not running."""


def run_status(arguments: argparse.Namespace, settings: AgentSettings) -> int:  # noqa: ARG001
    """Print the status as JSON."""
    state = StateDir(settings.state_dir)
    try:
        found = status(state, settings)
    except (NotRegistered, OSError) as error:
        sys.stderr.write(f"mooring-agent: {error}\n")
        return 1
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0 if found["Running"] else _NOT_RUNNING


def status(state: StateDir, settings: AgentSettings) -> dict[str, JsonValue]:
    """Look at the state of an agent.

    Raises:
        NotRegistered: there is no node.
        OSError: the state is somebody else's.
    """
    registration = load_registration(state)
    return {
        "NodeId": registration.node_id,
        "Region": registration.region,
        "Endpoint": settings.endpoint or registration.endpoint,
        "Running": is_agent_running(state),
        "Sessions": [
            {"SessionId": session.session_id, "Pid": session.pid}
            for session in SessionRegistry(state.sessions).all()
        ],
    }


def is_agent_running(state: StateDir) -> bool:
    """Tell whether an agent holds the lock of this state."""
    try:
        handle = os.open(state.path / "agent.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
