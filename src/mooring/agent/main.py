"""``mooring-agent``: read the command line, and start the module that does it.

The modules are imported when they are needed: `status` should answer at once, and `run` must have
everything that sessions need before it forks.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from mooring import __version__, logs
from mooring.agent.settings import AgentSettings, SettingsError, load_settings, this_environment

__all__ = ["main"]

Command: TypeAlias = Callable[[argparse.Namespace, AgentSettings], int]

_COMMANDS = {
    "register": ("mooring.agent.commands", "run_register"),
    "run": ("mooring.agent.commands", "run_agent_command"),
    "status": ("mooring.agent.status", "run_status"),
    "doctor": ("mooring.agent.doctor", "run_doctor"),
}
_EXIT_USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        settings = load_settings(
            flags={"state_dir": arguments.state_dir, "endpoint": arguments.endpoint},
            environment=this_environment(),
            config_file=Path(arguments.config) if arguments.config else None,
            is_root=os.geteuid() == 0,
        )
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return _EXIT_USAGE
    logs.configure(level=settings.log_level, log_format=settings.log_format)
    module, name = _COMMANDS[arguments.command]
    command: Command = getattr(importlib.import_module(module), name)
    return command(arguments, settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mooring-agent", description="Make this machine a node, and keep it one."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_register(commands.add_parser("register", help="make this machine a node"))
    _add_run(commands.add_parser("run", help="keep the node connected, and run its sessions"))
    for name, meaning in (
        ("status", "show the registration and the live sessions"),
        ("doctor", "check everything that a connection needs"),
    ):
        _add_common(commands.add_parser(name, help=meaning))
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state-dir", help="folder of the registration")
    parser.add_argument("--endpoint", help="URL of the server, if not that of the registration")
    parser.add_argument("--config", help="settings file, in TOML")


def _add_register(parser: argparse.ArgumentParser) -> None:
    _add_common(parser)
    parser.add_argument("--activation-id", required=True, help="id of the activation")
    parser.add_argument(
        "--activation-code", required=True, help="its code; `-` reads it from standard input"
    )
    parser.add_argument("--region", default="", help="region of the node")
    parser.add_argument("--ca-file", help="certificate of the authority to trust, in PEM")
    parser.add_argument(
        "--ca-fingerprint",
        default="",
        help="`sha256:` and the fingerprint of the authority to trust; fetched from the server",
    )
    parser.add_argument(
        "--force", action="store_true", help="make a new node of a machine that is one already"
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    _add_common(parser)
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="end, with all sessions, when the process that started this one ends",
    )
    parser.add_argument(
        "--end-sessions", action="store_true", help="end all sessions when told to stop"
    )
    parser.add_argument(
        "--ready-fd", type=int, help="file descriptor to write a line to once connected"
    )
