"""Runs one session from its arguments to its exit code; the plugin's heavy part begins here."""

from __future__ import annotations

import gc
import os

import anyio

from mooring.cli.plugin.arguments import Invocation, Notice, read_arguments
from mooring.cli.plugin.control_plane import ControlPlane
from mooring.cli.plugin.ending import Ending, How
from mooring.cli.plugin.line import Line, Patience
from mooring.cli.plugin.screen import Screen
from mooring.cli.plugin.session import Session
from mooring.cli.plugin.settings import load_settings, take_variable
from mooring.cli.plugin.terminal import Terminal
from mooring.cli.plugin.trust import TrustError, trust
from mooring.cli.world import machine_world

__all__ = ["run"]

_TERMINATE_S = 5.0
_KEYS, _SCREEN, _NOTICES = 0, 1, 2


def run(argv: list[str]) -> int:
    """Run the plugin; return its exit code."""
    invocation = read_arguments(argv, take_variable)
    if isinstance(invocation, Notice):
        write(_SCREEN, invocation.text)
        return invocation.status
    settings = load_settings()
    write(_SCREEN, f"\nStarting session with SessionId: {invocation.session_id}\n")
    terminal = Terminal(_KEYS, _SCREEN)
    # What is loaded by now stays; looking through it would hold up a key now and then.
    gc.freeze()
    try:
        ending = anyio.run(
            hold, invocation, terminal, settings.ca_files, backend_options={"use_uvloop": True}
        )
    finally:
        terminal.restore()
    return ending.status(passes_exit_code=settings.passes_exit_code)


async def hold(invocation: Invocation, terminal: Terminal, ca_files: tuple[str, ...]) -> Ending:
    """Hold the session, and end it properly however it ends."""
    world = machine_world()
    screen = Screen(_SCREEN)

    def notice(text: str) -> None:
        """Tell a person at a terminal; a log has no use for it."""
        if terminal.is_terminal and os.isatty(_NOTICES):
            write(_NOTICES, f"\r\n{text}\r\n")

    async with ControlPlane(invocation) as calls:

        async def goodbye(ending: Ending) -> None:
            screen.close()
            write(_SCREEN, ending.message(invocation.session_id))
            write(_NOTICES, ending.complaint())
            if ending.how not in (How.CLOSED, How.TIMED_OUT):
                await calls.terminate(deadline_s=_TERMINATE_S)

        try:
            context = trust(invocation.stream_url, ca_files)
        except TrustError as error:
            ending = Ending(how=How.FAILED, text=f"Cannot perform start session: {error}")
            await goodbye(ending)
            return ending
        line = Line(
            invocation, calls, context=context, world=world, notice=notice, patience=Patience()
        )
        session = Session(
            line,
            session_id=invocation.session_id,
            keys=_KEYS,
            screen=screen,
            terminal=terminal,
            world=world,
        )
        return await session.run(goodbye)


def write(descriptor: int, text: str) -> None:
    """Write a text of our own; to nobody, if nobody is there any more."""
    data = text.encode(errors="replace")
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        return
