"""Wake a task that waits for something to do; many rings before it looks count as one."""

from __future__ import annotations

from collections.abc import Callable

import anyio

__all__ = ["Bell"]


class Bell:
    """For one waiting task."""

    def __init__(self) -> None:
        self.answer: Callable[[], None] | None = None
        """What is done at once at each ring, before the task wakes."""
        self._event = anyio.Event()

    def ring(self) -> None:
        """Wake the waiting task, or keep it from waiting next time."""
        if self.answer is not None:
            self.answer()
        self._event.set()

    async def wait(self) -> None:
        """Wait for a ring; takes those that came before."""
        await self._event.wait()
        self._event = anyio.Event()
