"""The command line of the node's side: ``mooring-agent register`` and ``mooring-agent run``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import anyio

from mooring import __version__, logs
from mooring.agent.agent import AgentRunning, RunOptions, run_agent
from mooring.agent.api import ApiRefused, Endpoint
from mooring.agent.identity import NotRegistered, load_registration
from mooring.agent.register import AlreadyRegistered, RegisterRequest, register
from mooring.agent.settings import AgentSettings, SettingsError, load_settings, this_environment
from mooring.agent.state import StateDir
from mooring.agent.world import machine_world
from mooring.net.http import HttpError
from mooring.net.tls import TlsError
from mooring.secret import Secret
from mooring.wire.errors import RemoteProtocolError

__all__ = ["main"]

_ROOT_ADVICE = (
    "note: as an ordinary user, whoever gets a session here can read the node's key and act as "
    "the node; run the agent as root to keep them apart\n"
)
_FAILURES = (
    SettingsError,
    NotRegistered,
    AlreadyRegistered,
    AgentRunning,
    ApiRefused,
    HttpError,
    TlsError,
    RemoteProtocolError,
    OSError,
    ValueError,
)


def main() -> int:
    """Run the command named on the command line; what goes wrong is one line on stderr."""
    arguments = _parser().parse_args()
    try:
        settings = load_settings(
            flags={"state_dir": arguments.state_dir},
            environment=this_environment(),
            config_file=arguments.config,
            is_root=os.geteuid() == 0,
        )
        logs.configure(level=settings.log_level, log_format=settings.log_format)
        code: int = arguments.act(settings, arguments)
    except _FAILURES as exc:
        sys.stderr.write(f"mooring-agent: {exc}\n")
        return 1
    return code


def _register(settings: AgentSettings, arguments: argparse.Namespace) -> int:
    code = arguments.activation_code
    request = RegisterRequest(
        endpoint=Endpoint.parse(arguments.endpoint),
        activation_id=arguments.activation_id,
        activation_code=Secret(sys.stdin.readline().strip() if code == "-" else code),
        region=arguments.region,
        ca_file=arguments.ca_file,
        ca_fingerprint=arguments.ca_fingerprint,
        force=arguments.force,
    )
    state = StateDir(settings.state_dir)
    registration = anyio.run(register, request, state, machine_world())
    sys.stdout.write(f"registered as {registration.node_id} in {registration.region}\n")
    if os.geteuid() != 0:
        sys.stderr.write(_ROOT_ADVICE)
    return 0


def _run(settings: AgentSettings, arguments: argparse.Namespace) -> int:
    options = RunOptions(
        exit_with_parent=arguments.exit_with_parent,
        end_sessions=arguments.end_sessions,
        ready_fd=arguments.ready_fd,
    )
    return run_agent(settings, options, machine_world())


def _status(settings: AgentSettings, _: argparse.Namespace) -> int:
    registration = load_registration(StateDir(settings.state_dir))
    sys.stdout.write(
        f"node      {registration.node_id}\nregion    {registration.region}\n"
        f"endpoint  {settings.endpoint or registration.endpoint}\n"
        f"state     {settings.state_dir}\nrun as    {settings.run_as}\n"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mooring-agent", description="The node's side.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    join = commands.add_parser("register", help="make this machine a node, by an activation")
    join.set_defaults(act=_register)
    join.add_argument("--endpoint", required=True, help="URL of the server")
    join.add_argument("--activation-id", required=True)
    join.add_argument("--activation-code", required=True, help="`-` reads it from standard input")
    join.add_argument("--region", default="", help="as the server says when not given")
    join.add_argument("--ca-file", type=Path, help="certificate of the server's authority, in PEM")
    join.add_argument("--ca-fingerprint", default="", help="sha256:… of that certificate")
    join.add_argument("--force", action="store_true", help="give up the node this machine is")
    run = commands.add_parser("run", help="hold the line, until told to stop")
    run.set_defaults(act=_run)
    run.add_argument(
        "--exit-with-parent", action="store_true", help="end, sessions and all, with its starter"
    )
    run.add_argument("--end-sessions", action="store_true", help="end the sessions when stopped")
    run.add_argument("--ready-fd", type=int, help="write a line here when first connected")
    status = commands.add_parser("status", help="say which node this machine is")
    status.set_defaults(act=_status)
    for command in (join, run, status):
        command.add_argument("--state-dir", help="folder of the registration")
        command.add_argument("--config", type=Path, help="settings file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
