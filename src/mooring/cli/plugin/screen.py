"""Where the session's output goes, without ever standing still in a write.

Standard output belongs to the shell that started us too, so it must stay blocking; a terminal
or a pipe is opened once more for ourselves, and what cannot be (a file never makes one wait) is
written in pieces that a pipe with any room takes whole.
"""

from __future__ import annotations

import asyncio
import os
import select
import stat

import anyio

__all__ = ["Screen"]

_PIECE = select.PIPE_BUF
_MOST_WAITING = 64 * 1024


class Screen:
    """Writes in the order it is told; lives in one event loop."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._is_ours = _reopen(descriptor)
        self._waiting = bytearray()
        self._is_armed = False
        self._moved = anyio.Event()
        self.broken = anyio.Event()
        """Nobody reads any more."""

    def write(self, data: bytes) -> None:
        """Show bytes, at once if there is room."""
        if not self.broken.is_set():
            self._waiting += data
            self._pump()

    def is_full(self) -> bool:
        """Whether too much waits to be read."""
        return len(self._waiting) > _MOST_WAITING and not self.broken.is_set()

    async def room(self) -> None:
        """Wait while too much waits to be read."""
        await self._at_most(_MOST_WAITING)

    async def flush(self) -> None:
        """Wait until everything has been read, or cannot be."""
        await self._at_most(0)

    def close(self) -> None:
        """Stop; what waits is dropped."""
        self._disarm()
        self._waiting.clear()
        if self._is_ours:
            os.close(self._descriptor)

    async def _at_most(self, limit: int) -> None:
        while len(self._waiting) > limit and not self.broken.is_set():
            self._moved = anyio.Event()
            await self._moved.wait()

    def _pump(self) -> None:
        try:
            while self._waiting and self._takes_more():
                written = os.write(self._descriptor, self._waiting[:_PIECE])
                del self._waiting[:written]
        except BlockingIOError:
            pass
        except OSError:
            self._waiting.clear()
            self.broken.set()
        if self._waiting:
            self._arm()
        else:
            self._disarm()
        self._moved.set()

    def _arm(self) -> None:
        if not self._is_armed:
            asyncio.get_running_loop().add_writer(self._descriptor, self._pump)
            self._is_armed = True

    def _disarm(self) -> None:
        if self._is_armed:
            asyncio.get_running_loop().remove_writer(self._descriptor)
            self._is_armed = False

    def _takes_more(self) -> bool:
        """Whether a write would not stand still; a descriptor of our own never does."""
        return self._is_ours or bool(select.select([], [self._descriptor], [], 0)[1])


def _reopen(descriptor: int) -> tuple[int, bool]:
    kind = os.fstat(descriptor).st_mode
    if os.isatty(descriptor) or stat.S_ISFIFO(kind):
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        try:
            return os.open(f"/proc/self/fd/{descriptor}", flags), True
        except OSError:
            pass
    return descriptor, False
