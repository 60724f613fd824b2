"""Keeps a few programs running: starts each again when it ends, and ends all of them, whole.

Children get a session of their own, so that Ctrl-C reaches the supervisor alone and it decides what
to stop. What they print goes to a file each; of one that keeps ending, the last lines are shown.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread

from mooring.cli.orphans import become_subreaper, die_with_parent, end_children, reap

__all__ = ["Failed", "Pace", "Program", "Supervisor", "last_lines"]

_SHOWN_LINES = 8
_SHOWN_BYTES = 8192


class Failed(Exception):
    """A program that should do one thing did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program to keep running."""

    name: str
    command: Sequence[str]
    log: Path
    pass_fds: tuple[int, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast to start again, and how long to wait at the end; in seconds."""

    first_s: float = 0.1
    longest_s: float = 5.0
    healthy_s: float = 10.0
    """So long a program runs that had no trouble starting."""
    stop_s: float = 2.5
    orphans_grace_s: float = 0.3
    orphans_limit_s: float = 1.5


class Supervisor:
    """The programs of one run. Lives in the main thread: the kernel ties children to it."""

    def __init__(
        self,
        *,
        environment: Callable[[Mapping[str, str]], dict[str, str]],
        notice: Callable[[str], None],
        pace: Pace | None = None,
    ) -> None:
        self._environment = environment
        self._notice = notice
        self._pace = pace or Pace()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._is_stopping = False
        become_subreaper()

    async def keep(self, program: Program) -> None:
        """Run a program, again and again, until cancelled or stopped."""
        delay_s = self._pace.first_s
        while not self._is_stopping:
            began = anyio.current_time()
            process = self._start(program)
            status = await self._wait(process)
            lived_s = anyio.current_time() - began
            if self._is_stopping:
                return
            if lived_s >= self._pace.healthy_s:
                delay_s = self._pace.first_s
            self._tell(program, status, lived_s)
            await anyio.sleep(delay_s)
            delay_s = min(2 * delay_s, self._pace.longest_s)

    async def run_once(self, program: Program) -> bytes:
        """Run a program to its end; return what it printed on standard output.

        Raises:
            Failed: its exit code is not 0.
        """
        process = self._start(program, stdout=subprocess.PIPE)
        try:
            printed, _ = await anyio.to_thread.run_sync(process.communicate, abandon_on_cancel=True)
        finally:
            # One that still runs is ended by ``stop``.
            if process.returncode is not None:
                self._running.pop(process.pid, None)
        if process.returncode != 0:
            words = last_lines(program.log)
            raise Failed(f"{program.name} failed with {told(process.returncode)}:\n{words}")
        return printed

    async def reap_orphans(self) -> None:
        """Take the end of processes that are handed to us, for ever."""
        with anyio.open_signal_receiver(signal.SIGCHLD) as signals:
            async for _ in signals:
                reap(self._running)

    async def stop(self) -> bool:
        """End every program and all that they left behind; tell whether nothing is left."""
        self._is_stopping = True
        self._signal_all(signal.SIGTERM)
        with anyio.move_on_after(self._pace.stop_s):
            for process in list(self._running.values()):
                await self._wait(process)
        self._signal_all(signal.SIGKILL)
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
        self._running.clear()
        return await end_children(
            grace_s=self._pace.orphans_grace_s, limit_s=self._pace.orphans_limit_s
        )

    def _start(self, program: Program, *, stdout: int | None = None) -> subprocess.Popen[bytes]:
        program.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  # our own programs
                list(program.command),
                stdin=subprocess.DEVNULL,
                stdout=log if stdout is None else stdout,
                stderr=log,
                env=self._environment(program.variables),
                pass_fds=program.pass_fds,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._running[process.pid] = process
        return process

    async def _wait(self, process: subprocess.Popen[bytes]) -> int:
        handle = os.pidfd_open(process.pid)
        try:
            await anyio.wait_readable(handle)
        finally:
            os.close(handle)
        status = process.wait()
        self._running.pop(process.pid, None)
        return status

    def _tell(self, program: Program, status: int, lived_s: float) -> None:
        text = f"{program.name} ended with {told(status)}, starting it again"
        if lived_s < self._pace.healthy_s and status > 0:
            text = f"{text}; its last words in {program.log}:\n{last_lines(program.log)}"
        self._notice(text)

    def _signal_all(self, number: signal.Signals) -> None:
        for process in self._running.values():
            with contextlib.suppress(OSError):
                process.send_signal(number)


def told(status: int) -> str:
    """Say how a program ended."""
    if status >= 0:
        return f"exit code {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def last_lines(log: Path) -> str:
    """Return the end of a log, indented."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _SHOWN_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError as error:
        return f"    {error}"
    return "\n".join(f"    {line}" for line in lines[-_SHOWN_LINES:]) or "    (nothing)"
