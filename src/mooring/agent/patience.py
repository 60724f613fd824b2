"""When to call a line dead, and when to dial again: decisions, without a clock or dice.

========================================  ======================================================
what happened                             the next try
========================================  ======================================================
nobody answered (no route, no name,       after 1 s, for ever, or at once when the kernel reports
silence)                                  a change of the network; and when there is an answer,
                                          that very try goes through
the server closed, refused or failed      after a random part of 20 s, or of what the server
                                          said before, so that not all nodes come at once
the server says when                      then, whatever the network does
========================================  ======================================================

A line is dead when nothing came for 40 s, since the server pings every 15 s. When the network has
changed, or sent data stay unanswered, it has 5 s to answer a ping of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

__all__ = [
    "ANSWER_S",
    "SILENCE_S",
    "Ending",
    "Outcome",
    "Patience",
    "Pulse",
    "Wait",
    "reason_delay_s",
    "wait",
]

SILENCE_S = 40.0
"""So long without a sign of life from a server that pings every 15 s, and the line is dead."""

ANSWER_S = 5.0
"""So long may the answer to our own ping take."""

SPREAD_S = 20.0
"""Nodes that lost one server together come back over this time."""

_PROBE_S = 1.0
_LEAST_S = 0.05
_REASON = re.compile(r"retry-after-ms=(\d{1,8})")


class Ending(Enum):
    """How an attempt, or a line, came to its end."""

    UNANSWERED = auto()
    """Nothing came back: this node's network, or the way there, is gone."""
    DENIED = auto()
    """Somebody is there, and does not want us now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An ending, and what the server asked for with it."""

    ending: Ending
    reason: str
    delay_s: float | None = None
    """When the server wants us back; it has thrown its own dice."""
    spread_s: float = SPREAD_S
    """Over what time to come back when the server did not say when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long before the next try, and whether a change of the network ends it."""

    delay_s: float
    ends_on_change: bool


def wait(outcome: Outcome, random: float) -> Wait:
    """Decide how long to wait; ``random`` is drawn evenly from 0 up to 1."""
    if outcome.ending is Ending.UNANSWERED:
        return Wait(delay_s=_PROBE_S * random, ends_on_change=True)
    if outcome.delay_s is not None:
        return Wait(delay_s=max(_LEAST_S, outcome.delay_s), ends_on_change=False)
    return Wait(delay_s=max(_LEAST_S, outcome.spread_s * random), ends_on_change=True)


def reason_delay_s(reason: str) -> float | None:
    """Read when a server wants us back from the reason of a websocket's end."""
    found = _REASON.search(reason)
    return int(found[1]) / 1000 if found else None


class Pulse:
    """Whether one line still lives, judged by when the server was last seen."""

    def __init__(self, *, silence_s: float = SILENCE_S, answer_s: float = ANSWER_S) -> None:
        self._silence_s = silence_s
        self._answer_s = answer_s
        self._asked_at: float | None = None

    def suspect(self, now: float) -> bool:
        """Doubt the line; tells whether to ping now, and not again before the answer."""
        if self._asked_at is not None:
            return False
        self._asked_at = now
        return True

    def deadline(self, last_seen: float) -> float:
        """When to look again, given when the server was last seen."""
        if self._asked_at is not None and last_seen < self._asked_at:
            return min(self._asked_at + self._answer_s, last_seen + self._silence_s)
        self._asked_at = None
        return last_seen + self._silence_s

    def is_dead(self, last_seen: float, now: float) -> bool:
        """Tell whether to give the line up."""
        return now >= self.deadline(last_seen)


class Patience:
    """How long a session goes on without its server, counted from the last good moment."""

    def __init__(self, *, refused_s: float, unanswered_s: float, first_s: float) -> None:
        """Bear refusals and silence so long, and wait ``first_s`` for the first connection."""
        self._limits = {Ending.DENIED: refused_s, Ending.UNANSWERED: unanswered_s}
        self._first_s = first_s
        self._since: float | None = None
        self._most_s = unanswered_s
        self._has_begun = False

    def succeeded(self) -> None:
        """Note that the server is there and takes the session for alive."""
        self._has_begun = True
        self._since = None

    def hurry(self, limit_s: float, now: float) -> None:
        """Go on for ``limit_s`` from now at the most."""
        if limit_s < self._most_s:
            self._most_s = limit_s
            self._since = now

    def is_over(self, ending: Ending, now: float) -> bool:
        """Note a failure; tells whether it is the last one to be borne."""
        if self._since is None:
            self._since = now
        limit_s = min(self._limits[ending], self._most_s)
        if not self._has_begun:
            limit_s = min(limit_s, self._first_s)
        return now - self._since >= limit_s
