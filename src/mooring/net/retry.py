"""Back-off with full jitter, as arithmetic: the caller has the dice and the clock.

"Full jitter" is from "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): wait a
random part of a limit that doubles, so that nodes cut off together do not come back together.
"""

from __future__ import annotations

__all__ = ["Backoff"]


class Backoff:
    """The waits between attempts, in seconds: up to ``base_s``, twice that, and so to ``cap_s``."""

    def __init__(self, base_s: float, cap_s: float) -> None:
        if not 0 < base_s <= cap_s:
            raise ValueError(f"expected 0 < base <= cap, got {base_s:g} and {cap_s:g}")
        self._base_s = base_s
        self._cap_s = cap_s
        self._limit_s = base_s

    def next_delay(self, random: float) -> float:
        """Take the next wait; ``random`` is drawn evenly from 0 up to 1."""
        delay = random * self._limit_s
        self._limit_s = min(self._cap_s, self._limit_s * 2)
        return delay

    def reset(self) -> None:
        """Start over: an attempt has succeeded, and lasted."""
        self._limit_s = self._base_s
