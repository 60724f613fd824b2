"""The person's terminal: its size, and raw mode that always ends.

AWS's plugin leaves the terminal half cooked; in raw mode Enter is a carriage return and output is
shown as the node's terminal wrote it.

Source: termios(3), cfmakeraw.
"""

from __future__ import annotations

import contextlib
import os
import termios
import tty
from typing import Any

from mooring.wire.payloads import TerminalSize

__all__ = ["NO_TERMINAL", "Terminal"]

NO_TERMINAL = TerminalSize(columns=300, rows=100)
"""What AWS's plugin reports when its output goes elsewhere; programs rely on lines that long."""

_UNKNOWN_SIZE = TerminalSize(columns=80, rows=24)


class Terminal:
    """Where keys come from and output goes, if that is a terminal at all."""

    def __init__(self, keys: int, screen: int) -> None:
        self._keys = keys
        self._screen = screen
        self._cooked: list[Any] | None = None
        self.is_terminal = os.isatty(keys)

    @property
    def is_raw(self) -> bool:
        """Whether lines must end with a carriage return too."""
        return self._cooked is not None

    def make_raw(self) -> None:
        """Pass every key on as it is; what was typed already is kept. Does nothing for a pipe."""
        if not self.is_terminal:
            return
        with contextlib.suppress(termios.error):
            if self._cooked is None:
                self._cooked = termios.tcgetattr(self._keys)
            tty.setraw(self._keys, termios.TCSANOW)

    def restore(self) -> None:
        """Give the terminal back as it was."""
        if self._cooked is None:
            return
        # A terminal that is gone needs nothing.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._keys, termios.TCSANOW, self._cooked)
        self._cooked = None

    def size(self) -> TerminalSize:
        """Measure the screen."""
        try:
            columns, rows = os.get_terminal_size(self._screen)
        except OSError:
            return NO_TERMINAL
        return TerminalSize(columns=columns, rows=rows) if columns and rows else _UNKNOWN_SIZE
