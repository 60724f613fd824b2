"""Where keys come from: a terminal, a pipe or a file, read only while somebody takes them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

__all__ = ["Keyboard"]

_READ = 16 * 1024


class Keyboard:
    """Calls ``take`` with what was typed, and with nothing at the end; lives in one event loop."""

    def __init__(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        self._descriptor = descriptor
        self._take = take
        self._is_reading = False
        self._is_over = False
        self._again: asyncio.Handle | None = None

    def read(self) -> None:
        """Begin, or go on."""
        if self._is_reading or self._is_over:
            return
        self._is_reading = True
        try:
            asyncio.get_running_loop().add_reader(self._descriptor, self._read)
        except PermissionError:
            # epoll knows nothing of files: they never make one wait.
            self._read_file()

    def pause(self) -> None:
        """Leave what is typed where it is."""
        if not self._is_reading:
            return
        self._is_reading = False
        if self._again is not None:
            self._again.cancel()
            self._again = None
        with contextlib.suppress(PermissionError):
            asyncio.get_running_loop().remove_reader(self._descriptor)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _READ)
        except BlockingIOError:
            return
        except OSError:
            # A terminal that was closed.
            data = b""
        if not data:
            self._is_over = True
            self.pause()
        self._take(data)

    def _read_file(self) -> None:
        self._read()
        if self._is_reading:
            self._again = asyncio.get_running_loop().call_soon(self._read_file)
