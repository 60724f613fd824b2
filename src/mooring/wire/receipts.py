"""When to acknowledge what has come in.

===========  ============================================================================
selective    one for each frame, as stock peers know them, gathered for a few milliseconds so
             that no key waits behind a receipt; at once for anything out of turn, and for the
             handshake, whose next step may only follow its receipt
cumulative   between our own ends: one for all frames given out, every so many bytes or after a
             short while, and at once for anything out of turn
===========  ============================================================================

Source: session-manager-plugin, src/datachannel/streaming.go, for the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mooring.wire.inbox import Held
from mooring.wire.payloads import HANDSHAKE_TYPES, Acknowledge, MessageType

__all__ = ["USUAL_DELAYS", "Delays", "Receipts"]

_MOST_GATHERED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long a receipt may wait, in seconds; stock peers send again after 0.2 and later."""

    selective_s: float
    cumulative_s: float


USUAL_DELAYS = Delays(selective_s=0.01, cumulative_s=0.02)


class Receipts:
    """Decides and keeps what is to be acknowledged later; ``deadline`` is on the loop's clock."""

    def __init__(self, message_type: MessageType, *, every_bytes: int, delays: Delays) -> None:
        self.cumulative = False
        self.deadline: float | None = None
        self._message_type = message_type
        self._every_bytes = every_bytes
        self._delays = delays
        self._last: tuple[int, Held] | None = None
        self._gathered: list[tuple[int, Held]] = []
        self._bytes = 0

    def given_out(self, sequence: int, frame: Held, now: float) -> Sequence[Acknowledge]:
        """Note a frame whose turn came, and return what is to be acknowledged at once."""
        self._last = (sequence, frame)
        if not self.cumulative and not frame.is_acknowledged:
            self._gathered.append(self._last)
        self._bytes += len(frame.payload)
        is_enough = self._bytes >= self._every_bytes or len(self._gathered) >= _MOST_GATHERED
        if is_enough or (frame.payload_type in HANDSHAKE_TYPES and not self.cumulative):
            return self.all_given_out()
        if self.deadline is None and (self.cumulative or self._gathered):
            delays = self._delays
            self.deadline = now + (delays.cumulative_s if self.cumulative else delays.selective_s)
        return ()

    def out_of_turn(self, sequence: int, frame: Held) -> Sequence[Acknowledge]:
        """Acknowledge a frame that is ahead, or here again."""
        if self.cumulative:
            return self.all_given_out()
        frame.is_acknowledged = True
        return (self._receipt(sequence, frame),)

    def due(self, now: float) -> Sequence[Acknowledge]:
        """Acknowledge what has waited long enough."""
        if self.deadline is None or now < self.deadline:
            return ()
        return self.all_given_out()

    def all_given_out(self) -> Sequence[Acknowledge]:
        """Acknowledge all that was given out and has not been acknowledged yet."""
        self.deadline = None
        self._bytes = 0
        gathered, self._gathered = self._gathered, []
        if not self.cumulative:
            return tuple(self._receipt(*frame) for frame in gathered)
        return () if self._last is None else (self._receipt(*self._last),)

    def _receipt(self, sequence: int, frame: Held) -> Acknowledge:
        return Acknowledge(
            message_type=self._message_type,
            message_id=str(frame.message_id),
            sequence_number=sequence,
            cumulative=self.cumulative,
        )
