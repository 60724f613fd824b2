"""Numbered frames that have come in, until it is their turn.

The next number is always taken, whatever else waits, or two full ends would wait for each other
for ever. Frames ahead of it are kept as far as there is room: a peer that leaves a gap cannot
make us keep more than the limits, whatever numbers it makes up.

Source: session-manager-plugin, src/datachannel/streaming.go (10,000 frames; no limit of bytes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

__all__ = ["Arrival", "Held", "Inbox"]


class Arrival(Enum):
    """What became of a frame that came in."""

    KEPT = auto()
    REPEATED = auto()
    """It is here already, waiting for its turn."""
    PAST = auto()
    """Its turn is over; the acknowledgement was lost or late."""
    NO_ROOM = auto()


@dataclass(slots=True)
class Held:
    """One frame that waits for its turn, or for somebody to take it."""

    message_id: UUID
    payload_type: int
    payload: bytes
    is_acknowledged: bool = False


class Inbox:
    """Gives frames out once each and in order."""

    def __init__(self, *, max_frames: int, max_bytes: int) -> None:
        self.expected = 0
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._held: dict[int, Held] = {}
        self._held_bytes = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of payload that wait."""
        return self._held_bytes

    @property
    def frames(self) -> int:
        """Frames that wait."""
        return len(self._held)

    def offer(self, sequence: int, frame: Held) -> Arrival:
        """Take a frame in."""
        if sequence < self.expected:
            return Arrival.PAST
        if sequence in self._held:
            return Arrival.REPEATED
        # INVARIANT: the frame whose turn it is never meets a full inbox.
        if sequence != self.expected and self._is_full(sequence, len(frame.payload)):
            return Arrival.NO_ROOM
        self._held[sequence] = frame
        self._held_bytes += len(frame.payload)
        return Arrival.KEPT

    def held(self, sequence: int) -> Held:
        """Return a frame that waits."""
        return self._held[sequence]

    def take(self, may_go: Callable[[Held], bool]) -> tuple[int, Held] | None:
        """Give out the next frame with its number, if it is here and ``may_go``."""
        frame = self._held.get(self.expected)
        if frame is None or not may_go(frame):
            return None
        sequence = self.expected
        del self._held[sequence]
        self._held_bytes -= len(frame.payload)
        # INVARIANT: numbers are given out one by one; none is left out and none comes twice.
        self.expected += 1
        return sequence, frame

    def _is_full(self, sequence: int, size_bytes: int) -> bool:
        return (
            sequence >= self.expected + self._max_frames
            or len(self._held) >= self._max_frames
            or self._held_bytes + size_bytes > self._max_bytes
        )
