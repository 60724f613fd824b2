"""Find the processes of a session, wherever they hide, and end them all.

A program leaves its terminal with setsid, and its parent by forking twice; it cannot leave
its ancestry where the session process is a subreaper. So the processes of a session are those in
the shell's process session, and all that descend from the shell or from its keeper.

Source: proc(5), /proc/PID/stat.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio

__all__ = ["Process", "end_all", "is_running", "members", "read_process", "running"]

_PROC = Path("/proc")
_POLL_S = 0.02
_ZOMBIE = ("Z", "X")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process; ``start_time`` (clock ticks since boot) tells it from a later one of its id."""

    pid: int
    parent: int
    session: int
    state: str
    start_time: int


def read_process(pid: int) -> Process | None:
    """Look at a process; None if there is none of this id."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # The name is in brackets and may hold brackets and blanks itself.
    rest = text.rpartition(")")[2].split()
    return Process(
        pid=pid,
        state=rest[0],
        parent=int(rest[1]),
        session=int(rest[3]),
        start_time=int(rest[19]),
    )


def is_running(pid: int, start_time: int) -> bool:
    """Tell whether this very process is alive."""
    found = read_process(pid)
    return found is not None and found.start_time == start_time and found.state not in _ZOMBIE


def running() -> Iterator[Process]:
    """List all processes that are alive."""
    for name in os.listdir(_PROC):
        if name.isdigit():
            found = read_process(int(name))
            if found is not None and found.state not in _ZOMBIE:
                yield found


def members(shell: int, keeper: int | None, processes: Collection[Process]) -> list[Process]:
    """Pick those of a session: of the shell's process session, or descended from either.

    ``keeper`` is the session process, which adopts orphans; it is not among the result.
    """
    roots = {shell} if keeper is None else {shell, keeper}
    children: dict[int, list[Process]] = {}
    for process in processes:
        children.setdefault(process.parent, []).append(process)
    found = {process.pid: process for process in processes if process.session == shell}
    found |= {process.pid: process for process in processes if process.pid == shell}
    waiting = list(roots | set(found))
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child.pid not in found:
                found[child.pid] = child
                waiting.append(child.pid)
    if keeper is not None:
        found.pop(keeper, None)
    return list(found.values())


async def end_all(shell: int, keeper: int | None, *, grace_s: float, limit_s: float) -> bool:
    """Hang up on every process of a session, and kill what is left after ``grace_s``.

    Whoever is the parent of them must reap meanwhile. Tells whether none is left after
    ``limit_s``: a process in an uninterruptible wait stays.
    """
    told: set[tuple[int, int]] = set()
    kill_at = anyio.current_time() + grace_s
    give_up_at = anyio.current_time() + limit_s
    while anyio.current_time() < give_up_at:
        left = members(shell, keeper, list(running()))
        if not left:
            return True
        is_late = anyio.current_time() >= kill_at
        for process in left:
            key = (process.pid, process.start_time)
            if is_late:
                _signal(process, signal.SIGKILL)
            elif key not in told:
                told.add(key)
                _signal(process, signal.SIGHUP)
                # A stopped process hears nothing until it goes on.
                _signal(process, signal.SIGCONT)
        await anyio.sleep(_POLL_S)
    return not members(shell, keeper, list(running()))


def _signal(process: Process, number: signal.Signals) -> None:
    """Signal this very process, not a later one of its id."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(process.pid)
        try:
            if is_running(process.pid, process.start_time):
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)
