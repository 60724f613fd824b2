"""The few things a process asks of the Linux kernel about itself that Python has no words for.

Source: prctl(2); the numbers are those of <linux/prctl.h>, the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import signal

__all__ = ["become_subreaper", "die_with_parent", "hide_memory"]

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(signal_number: signal.Signals = signal.SIGTERM) -> None:
    """Have this process get a signal when the thread that made it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)


def become_subreaper() -> None:
    """Adopt every descendant whose parent ends, so that none gets lost."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Keep other processes of the same user from reading this one's memory, by core dump too."""
    _prctl(_PR_SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
