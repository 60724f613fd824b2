"""A server in a child process on a core of its own, and what it uses there.

The figures are the child's processor time from the kernel's scheduler and its resident memory, so
that what the load generator uses does not count, and a busy machine moves them little.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Served", "pin"]

_SCHEDULED = 2
"""The kind of clock that the kernel keeps for another process (clock_getcpuclockid)."""


def pin(core: int) -> None:
    """Keep this process on one core, if the machine has that many."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > core:
        os.sched_setaffinity(0, {cores[core]})


class Served:
    """A child that runs ``python -m <module> <arguments>`` and prints its port when it listens."""

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line.strip().isdigit():
            raise RuntimeError(f"`{module} {' '.join(arguments)}` did not start")
        self.port = int(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._child.terminate()
        self._child.wait(20)
        assert self._child.stdout is not None
        self._child.stdout.close()

    def cpu_s(self) -> float:
        """Return the processor time used so far, by all threads, those that have ended too."""
        return time.clock_gettime(~self._child.pid << 3 | _SCHEDULED)

    def resident_kib(self) -> float:
        """Return the resident memory."""
        pages = int(Path(f"/proc/{self._child.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024
