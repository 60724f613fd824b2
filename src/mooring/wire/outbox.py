"""What one end of a data channel has sent and the other has not acknowledged yet.

The line is a websocket: frames are lost only when it is cut, or when a stock peer drops them
because it has nothing to give them to yet. So nothing is resent in a hurry:

==============================  =========================================================
the oldest frame                resent when older than the retransmission time-out (RTO)
all others older than the RTO   resent when no acknowledgement came for one RTO, so that a
                                slow line is not filled with copies of what is under way
everything                      resent at once, in order, on a new connection
==============================  =========================================================

A stock client never acknowledges a frame twice, so a lost acknowledgement leaves an entry that
nothing can clear. Such an entry (three resends in vain while a later one was acknowledged) is set
aside: it leaves the window and is resent ever more seldom. It is not dropped, because a
stock client also drops what comes too early, and then needs exactly that frame to go on.

Source: session-manager-plugin, src/datachannel/streaming.go (RTO and its constants, the same in
amazon-ssm-agent, agent/session/datachannel).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

__all__ = ["Outbox", "RoundTrip"]

_FLOOR_S = 0.1
"""Stock peers look every 100 ms; a receiver may take that long to acknowledge."""
_ASIDE_AFTER = 3
_LONGEST_PAUSE_S = 64.0


class RoundTrip:
    """How long an acknowledgement takes, and so how long to wait for one.

    ``var = 3/4 var + 1/4 |srtt - r|``, ``srtt = 7/8 srtt + 1/8 r``,
    ``RTO = min(1 s, srtt + max(10 ms, 4 var))``; before the first, 200 ms.
    """

    __slots__ = ("_smoothed_s", "_variation_s", "rto_s")

    def __init__(self) -> None:
        self._smoothed_s = 0.1
        self._variation_s = 0.0
        self.rto_s = 0.2

    def measure(self, seconds: float) -> None:
        """Add the time from the last sending of a frame to its acknowledgement."""
        self._variation_s = 0.75 * self._variation_s + 0.25 * abs(self._smoothed_s - seconds)
        self._smoothed_s = 0.875 * self._smoothed_s + 0.125 * seconds
        self.rto_s = min(1.0, self._smoothed_s + max(0.01, 4 * self._variation_s))


@dataclass(slots=True)
class _Entry:
    frame: bytes
    size_bytes: int
    sent_at: float | None
    resends: int = 0
    due_at: float = 0.0


class Outbox:
    """Frames by sequence number, from the oldest unacknowledged one."""

    def __init__(self) -> None:
        self.next_sequence = 0
        self.unacked_bytes = 0
        self.resent = 0
        self.forgotten = 0
        self.peer_repeats_acks = False
        self._round_trip = RoundTrip()
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._aside: OrderedDict[int, _Entry] = OrderedDict()
        self._highest_acked = -1
        self._quiet_since = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether all has arrived, as far as can be known."""
        return not self._entries

    @property
    def frames(self) -> int:
        """How many frames wait for their acknowledgement."""
        return len(self._entries)

    def add(self, frame: bytes, size_bytes: int, *, sent_at: float | None) -> None:
        """Keep a frame under the next number; ``sent_at`` is None while it may not be sent."""
        if not self._entries and sent_at is not None:
            self._quiet_since = sent_at
        self._entries[self.next_sequence] = _Entry(frame, size_bytes, sent_at)
        self.unacked_bytes += size_bytes
        self.next_sequence += 1

    def acknowledge(self, sequence: int, now: float) -> None:
        """Drop one frame. A number that waits for nothing is no news."""
        entry = self._entries.get(sequence) or self._aside.get(sequence)
        if entry is None or entry.sent_at is None:
            return
        self._round_trip.measure(now - entry.sent_at)
        if self._aside.pop(sequence, None) is None:
            del self._entries[sequence]
            self.unacked_bytes -= entry.size_bytes
        self._highest_acked = max(self._highest_acked, sequence)
        self._quiet_since = now

    def acknowledge_up_to(self, sequence: int, now: float) -> None:
        """Drop every frame up to and with ``sequence``."""
        newest = None
        while self._entries:
            number, entry = next(iter(self._entries.items()))
            if number > sequence or entry.sent_at is None:
                break
            newest = self._entries.popitem(last=False)[1]
            self.unacked_bytes -= newest.size_bytes
        for number in [number for number in self._aside if number <= sequence]:
            del self._aside[number]
        if newest is not None and newest.sent_at is not None:
            self._round_trip.measure(now - newest.sent_at)
            self._quiet_since = now

    def deadline(self) -> float | None:
        """When ``due`` has something to do."""
        due = min((entry.due_at for entry in self._aside.values()), default=None)
        front = next(iter(self._entries.values()), None)
        if front is None or front.sent_at is None:
            return due
        since = front.sent_at
        if self._quiet_since < since and len(self._entries) > 1:
            since = self._quiet_since
        resend = since + self._wait_s()
        return resend if due is None or resend < due else due

    def due(self, now: float, *, window_bytes: int) -> list[bytes]:
        """Take the frames to send again. What is set aside beyond one window is given up."""
        wait = self._wait_s()
        resent = self._due_aside(now)
        if now >= self._quiet_since + wait and self._entries:
            resent += self._due_entries(now - wait, now, everything=True)
            self._quiet_since = now
        else:
            resent += self._due_entries(now - wait, now, everything=False)
        while sum(entry.size_bytes for entry in self._aside.values()) > window_bytes:
            self._aside.popitem(last=False)
            self.forgotten += 1
        return resent

    def restart(self, now: float) -> list[bytes]:
        """Take everything in order, for a new connection."""
        everything = sorted((self._aside | self._entries).items())
        self._quiet_since = now
        return [self._sent(entry, now) for _, entry in everything]

    def unsent(self, now: float) -> list[bytes]:
        """Take, in order, what was added while nothing might be sent."""
        waiting = [entry for entry in self._entries.values() if entry.sent_at is None]
        if waiting:
            self._quiet_since = now
        return [self._sent(entry, now) for entry in waiting]

    def _wait_s(self) -> float:
        return max(_FLOOR_S, self._round_trip.rto_s)

    def _due_entries(self, sent_before: float, now: float, *, everything: bool) -> list[bytes]:
        frames = []
        for number, entry in list(self._entries.items()):
            if entry.sent_at is None:
                break
            if entry.sent_at <= sent_before:
                frames.append(self._sent(entry, now))
                if self._is_stuck(number, entry):
                    self._set_aside(number, entry, now)
            if not everything:
                break
        return frames

    def _is_stuck(self, number: int, entry: _Entry) -> bool:
        later_arrived = self._highest_acked > number
        return later_arrived and entry.resends > _ASIDE_AFTER and not self.peer_repeats_acks

    def _set_aside(self, number: int, entry: _Entry, now: float) -> None:
        del self._entries[number]
        self.unacked_bytes -= entry.size_bytes
        entry.due_at = now + 1.0
        self._aside[number] = entry

    def _due_aside(self, now: float) -> list[bytes]:
        frames = []
        for entry in self._aside.values():
            if entry.due_at <= now:
                frames.append(self._sent(entry, now))
                pause_s = 2.0 ** min(entry.resends - _ASIDE_AFTER, 10)
                entry.due_at = now + min(_LONGEST_PAUSE_S, pause_s)
        return frames

    def _sent(self, entry: _Entry, now: float) -> bytes:
        if entry.sent_at is not None:
            entry.resends += 1
            self.resent += 1
        entry.sent_at = now
        return entry.frame
