"""Frees a stock agent that waits for an acknowledgement which its client will never send again.

A stock agent sends only its oldest unacknowledged frame again, and a stock plugin does not answer
a frame that it has had already. When a cut loses the plugin's acknowledgement of one frame and
the next frame itself, the agent repeats the first for ever and never comes to the second.

The gateway can tell. A client that has come back reads frames in their order, and answers our
pings in the same order; so a frame that was sent to it again and again, and was followed by
pings that were answered, was read. One that it still did not acknowledge is one it had before.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from mooring.wire.payloads import Acknowledge, MessageType
from mooring.wire.stamp import OUTSIDE_NUMBERING, Stamp

__all__ = ["Rescue", "had_frame"]

_SENT_AGAIN = 3
_ANSWERS = 2
"""One answer may belong to a ping that was on its way already; two cannot."""
_MOST = 64


@dataclass(slots=True)
class _Stuck:
    message_id: bytes
    times: int = 0
    answers: int = 0


class Rescue:
    """Counts what is sent again to one client connection that has come back."""

    def __init__(self) -> None:
        self._stuck: dict[int, _Stuck] = {}

    def repeated(self, sequence: int, message_id: bytes) -> bool:
        """Note that a frame went to the client again; True asks for a ping behind it."""
        if sequence not in self._stuck and len(self._stuck) >= _MOST:
            return False
        entry = self._stuck.setdefault(sequence, _Stuck(message_id))
        entry.times += 1
        return entry.times >= _SENT_AGAIN

    @property
    def is_idle(self) -> bool:
        """Whether nothing is counted, which is nearly always."""
        return not self._stuck

    def acknowledged(self, sequence: int) -> None:
        """The client answered after all."""
        self._stuck.pop(sequence, None)

    def answered(self) -> list[tuple[int, bytes]]:
        """A ping was answered: return number and message id of frames that the client had."""
        had: list[tuple[int, bytes]] = []
        for sequence, entry in list(self._stuck.items()):
            if entry.times >= _SENT_AGAIN:
                entry.answers += 1
                if entry.answers >= _ANSWERS:
                    had.append((sequence, entry.message_id))
                    del self._stuck[sequence]
        return had


def had_frame(sequence: int, message_id: bytes, stamp: Stamp, now: float) -> bytes:
    """Return the acknowledgement that a client owes for a frame; its id is as on the wire."""
    body = Acknowledge(
        message_type=MessageType.OUTPUT_STREAM_DATA,
        message_id=str(UUID(bytes=message_id[8:] + message_id[:8])),
        sequence_number=sequence,
    )
    message = stamp.unnumbered(
        MessageType.ACKNOWLEDGE, body.serialize(), now, flags=OUTSIDE_NUMBERING
    )
    return message.serialize()
