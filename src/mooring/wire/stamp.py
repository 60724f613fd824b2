"""Frames of one sender: each gets its own id and the time it was made.

The channel brings the loop's time and this adds what the loop's clock is behind the epoch, so that
no codec reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from mooring.wire.agent_message import AgentMessage, Flags
from mooring.wire.payloads import MessageType

__all__ = ["OUTSIDE_NUMBERING", "Stamp"]

OUTSIDE_NUMBERING = Flags.SYN | Flags.FIN
"""Flags that stock agents set on acknowledgements and session states."""


class Stamp:
    """Makes frames; ``wall_offset`` is the epoch's seconds minus the loop clock's."""

    __slots__ = ("_wall_offset", "new_id")

    def __init__(self, new_id: Callable[[], UUID], wall_offset: float) -> None:
        self.new_id = new_id
        self._wall_offset = wall_offset

    def date(self, now: float) -> int:
        """Return the date of a frame made now; never 0, for which every reader would drop it."""
        return max(1, int((now + self._wall_offset) * 1000))

    def unnumbered(
        self, message_type: MessageType, payload: bytes, now: float, *, flags: Flags = Flags.NONE
    ) -> AgentMessage:
        """Return a frame outside the numbering."""
        return AgentMessage(
            message_type=message_type,
            payload=payload,
            flags=flags,
            message_id=self.new_id(),
            created_date=self.date(now),
        )
