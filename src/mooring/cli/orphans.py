"""What is needed of the Linux kernel so that no process outlives its supervisor.

A process made by a child that has ended is handed to the nearest ancestor that asked for it
(PR_SET_CHILD_SUBREAPER), and a child is told when its maker ends (PR_SET_PDEATHSIG). What is handed
over must be reaped, or it stays as a zombie.

Source: prctl(2), proc(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Collection
from pathlib import Path

import anyio

__all__ = ["become_subreaper", "children", "die_with_parent", "end_children", "reap"]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PROC = Path("/proc")
_POLL_S = 0.02

_libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> None:
    """Adopt every descendant whose parent ends."""
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def die_with_parent() -> None:
    """Get SIGTERM when the maker ends; for a child, between fork and exec."""
    _libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGTERM), 0, 0, 0)


def children() -> list[int]:
    """List our children, zombies too."""
    us = str(os.getpid())
    found = []
    for name in os.listdir(_PROC):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError):
            text = (_PROC / name / "stat").read_text("utf-8", "replace")
            # The program's name is in brackets and may hold brackets and blanks itself.
            if text.rpartition(")")[2].split()[1] == us:
                found.append(int(name))
    return found


def reap(known: Collection[int]) -> None:
    """Take the end of every child that was handed to us; ``known`` have somebody who waits."""
    for pid in children():
        if pid not in known:
            with contextlib.suppress(OSError):
                os.waitpid(pid, os.WNOHANG)


async def end_children(*, grace_s: float, limit_s: float) -> bool:
    """End every child we have and all that come to us by that; tell whether none is left."""
    began = anyio.current_time()
    asked: set[int] = set()
    while left := children():
        waited = anyio.current_time() - began
        if waited >= limit_s:
            return False
        for pid in left:
            with contextlib.suppress(OSError):
                if waited >= grace_s:
                    os.kill(pid, signal.SIGKILL)
                elif pid not in asked:
                    asked.add(pid)
                    os.kill(pid, signal.SIGHUP)
                    # A stopped process hears nothing until it goes on.
                    os.kill(pid, signal.SIGCONT)
        reap(())
        await anyio.sleep(_POLL_S)
    return True
