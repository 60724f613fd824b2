"""Wake a task that waits for something to do; many rings before it looks count as one."""

from __future__ import annotations

import anyio

__all__ = ["Bell"]


class Bell:
    """For one waiting task."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        """Wake the waiting task, or keep it from waiting next time."""
        self._event.set()

    async def wait(self) -> None:
        """Wait for a ring; takes those that came before."""
        await self._event.wait()
        self._event = anyio.Event()
