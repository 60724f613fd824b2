"""Puts the frames of one direction into the order of their numbers, each once, within a bound.

What a cut lost comes again later, after frames that were sent behind it. Those are kept until
then, up to a bound in bytes, in number and in time; beyond it the order is given up for good, and
everything is passed on as it comes, repeats too.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["MAX_HELD_BYTES", "MAX_HELD_FRAMES", "MAX_WAIT_US", "InOrder", "Piece"]

MAX_HELD_BYTES = 1024 * 1024
MAX_HELD_FRAMES = 4096
MAX_WAIT_US = 30_000_000
"""A sender tries again after a second at most."""

Piece = tuple[int, bytes | memoryview]
"""Payload type and payload."""


class InOrder:
    """One direction of a session."""

    __slots__ = ("_held", "_held_bytes", "_waits_since", "is_lost", "next_sequence")

    def __init__(self, next_sequence: int = 0, *, is_lost: bool = False) -> None:
        self.next_sequence = next_sequence
        self.is_lost = is_lost
        self._held: dict[int, tuple[int, bytes]] = {}
        self._held_bytes = 0
        self._waits_since: int | None = None

    def feed(
        self, sequence: int, kind: int, payload: bytes | memoryview, now_us: int
    ) -> Iterable[Piece]:
        """Take a frame; return what is in turn now."""
        if self.is_lost:
            return ((kind, payload),)
        if sequence < self.next_sequence or sequence in self._held:
            return ()
        if sequence == self.next_sequence:
            self.next_sequence += 1
            return self._followed((kind, payload)) if self._held else ((kind, payload),)
        self._held[sequence] = kind, bytes(payload)
        self._held_bytes += len(payload)
        if self._waits_since is None:
            self._waits_since = now_us
        if (
            self._held_bytes > MAX_HELD_BYTES
            or len(self._held) > MAX_HELD_FRAMES
            or now_us - self._waits_since > MAX_WAIT_US
        ):
            return self.lose()
        return ()

    def _followed(self, first: Piece) -> list[Piece]:
        found: list[Piece] = [first]
        while (held := self._held.pop(self.next_sequence, None)) is not None:
            self._held_bytes -= len(held[1])
            self.next_sequence += 1
            found.append(held)
        self._waits_since = None
        return found

    def lose(self) -> list[Piece]:
        """Give up the order; return what waited for its turn."""
        self.is_lost = True
        rest: list[Piece] = [self._held[sequence] for sequence in sorted(self._held)]
        self._held.clear()
        self._held_bytes = 0
        return rest

    @property
    def is_waiting(self) -> bool:
        """Whether frames wait for one that has not come."""
        return bool(self._held)
