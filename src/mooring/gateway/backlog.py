"""Frames for a side that cannot have them yet, within a bound."""

from __future__ import annotations

from collections import deque

from mooring.net.websocket import Peer

__all__ = ["MAX_BACKLOG", "Backlog"]

MAX_BACKLOG = 1024 * 1024
"""Bytes kept for a side that is away or reads too slowly; the rest its sender has to keep."""


class Backlog:
    """A queue; beyond the bound the ends keep their frames themselves."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self.size = 0

    def add(self, frame: bytes) -> bool:
        """Keep a frame; False when there is no room."""
        if self.size + len(frame) > MAX_BACKLOG:
            return False
        self._frames.append(frame)
        self.size += len(frame)
        return True

    def drain(self, peer: Peer) -> None:
        """Send everything, in order."""
        for frame in self.take():
            peer.send(frame)

    def take(self) -> list[bytes]:
        """Return everything, in order, and keep it no longer."""
        taken = list(self._frames)
        self._frames.clear()
        self.size = 0
        return taken
