"""When to acknowledge what has come in.

===========  ============================================================================
selective    one for each frame, as stock peers know them: when it is given out, or when it is
             kept ahead of its turn
cumulative   between our own ends: one for all frames given out, every so many bytes or after a
             short while, and at once for anything out of turn
===========  ============================================================================

Source: session-manager-plugin, src/datachannel/streaming.go, for the first.
"""

from __future__ import annotations

from mooring.wire.inbox import Held
from mooring.wire.payloads import Acknowledge, MessageType

__all__ = ["Receipts"]


class Receipts:
    """Decides and keeps what is to be acknowledged later; ``deadline`` is on the loop's clock."""

    def __init__(self, message_type: MessageType, *, every_bytes: int, delay_s: float) -> None:
        self.cumulative = False
        self.deadline: float | None = None
        self._message_type = message_type
        self._every_bytes = every_bytes
        self._delay_s = delay_s
        self._last: tuple[int, Held] | None = None
        self._bytes = 0

    def given_out(self, sequence: int, frame: Held, now: float) -> Acknowledge | None:
        """Acknowledge a frame whose turn came, or note to do so."""
        self._last = (sequence, frame)
        if not self.cumulative:
            return None if frame.is_acknowledged else self._receipt(sequence, frame)
        self._bytes += len(frame.payload)
        if self._bytes >= self._every_bytes:
            return self.all_given_out()
        if self.deadline is None:
            self.deadline = now + self._delay_s
        return None

    def out_of_turn(self, sequence: int, frame: Held) -> Acknowledge | None:
        """Acknowledge a frame that is ahead, or here again."""
        if self.cumulative:
            return self.all_given_out()
        frame.is_acknowledged = True
        return self._receipt(sequence, frame)

    def due(self, now: float) -> Acknowledge | None:
        """Acknowledge what has waited long enough."""
        if self.deadline is None or now < self.deadline:
            return None
        return self.all_given_out()

    def all_given_out(self) -> Acknowledge | None:
        """Acknowledge all that was given out, if these receipts speak for all and any was."""
        self.deadline = None
        self._bytes = 0
        if self._last is None or not self.cumulative:
            return None
        return self._receipt(*self._last)

    def _receipt(self, sequence: int, frame: Held) -> Acknowledge:
        return Acknowledge(
            message_type=self._message_type,
            message_id=str(frame.message_id),
            sequence_number=sequence,
            cumulative=self.cumulative,
        )
