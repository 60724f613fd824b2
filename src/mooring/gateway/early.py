"""Frames that came on the heels of the token, while the token is looked at.

Stock agents write their first frame at once after the token, and what is in the read buffer
already comes through although reading has been paused. It is kept, within a bound.
"""

from __future__ import annotations

__all__ = ["MAX_EARLY", "EarlyFrames"]

MAX_EARLY = 512 * 1024
"""Bytes: more than one read buffer and one message of the largest size."""


class EarlyFrames:
    """A short queue that is empty nearly always."""

    __slots__ = ("_frames", "_size")

    def __init__(self) -> None:
        self._frames: list[bytes] | None = None
        self._size = 0

    def add(self, frame: bytes | memoryview) -> bool:
        """Keep a frame; False when there is no room."""
        if self._size + len(frame) > MAX_EARLY:
            return False
        self._size += len(frame)
        self._frames = self._frames or []
        self._frames.append(bytes(frame))
        return True

    def take(self) -> list[bytes]:
        """Return what was kept, in order."""
        taken, self._frames, self._size = self._frames or [], None, 0
        return taken
