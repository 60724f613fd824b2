"""What was recorded under each sequence number, remembered as keyed digests.

Root on a node may send other bytes under a number that it has used: the first version is on
record, and a client that lost it (a cut, a full backlog) would be shown the second. So a frame
that comes again is compared with what was recorded, and never forwarded when it differs.

The key is the process's own and leaves it nowhere, so a node cannot look for two texts of one
digest; nothing but the comparison's outcome shows, and that ends the session at the first
difference. SHA-256 under a key in its first block, because it is the fastest hash that every
build has; as the digests are never shown, its length extension is of no use.

Bounded by number: a stock agent keeps as many unacknowledged frames and no more, ours keep far
fewer. A repeat from before that is no healthy sender's, and is dropped.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum, auto

__all__ = ["KEY_BYTES", "MOST", "Fingerprints", "Repeat"]

MOST = 100_000
"""Source: amazon-ssm-agent, OutgoingMessageBufferCapacity."""
KEY_BYTES = 32
_BLOCK = 64
_SIZE = 16


class Repeat(Enum):
    """How a frame compares with the one of its number that was recorded."""

    SAME = auto()
    OTHER = auto()
    FORGOTTEN = auto()


class Fingerprints:
    """The digests of one session's frames: in a row, and a few that came before their turn."""

    __slots__ = ("_ahead", "_base", "_first", "_most", "_row")

    def __init__(self, key: bytes, *, most: int = MOST) -> None:
        self._base = hashlib.sha256(key.ljust(_BLOCK, b"\0"))
        self._most = most
        self._first = 0
        self._row = bytearray()
        self._ahead: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._row) // _SIZE + len(self._ahead)

    def add(self, sequence: int, shown: bytes) -> None:
        """Remember a frame that has just been recorded; the recorder bounds those ahead.

        A second time, as when two files tell of it, changes nothing.
        """
        following = self._first + len(self._row) // _SIZE
        if sequence > following:
            self._ahead[sequence] = self._digest(shown)
            return
        if sequence < following:
            return
        self._row += self._digest(shown)
        while self._ahead:
            following += 1
            early = self._ahead.pop(following, None)
            if early is None:
                break
            self._row += early
        self._forget()

    def compare(self, sequence: int, shown: bytes) -> Repeat:
        """Say how a frame compares with the recorded one of its number."""
        known = self._ahead.get(sequence)
        if known is None and sequence >= self._first:
            at = (sequence - self._first) * _SIZE
            known = bytes(self._row[at : at + _SIZE])
        if not known:
            return Repeat.FORGOTTEN
        is_same = hmac.compare_digest(known, self._digest(shown))
        return Repeat.SAME if is_same else Repeat.OTHER

    def start(self, sequence: int) -> None:
        """Begin with this number instead of 0, while nothing is remembered."""
        if not len(self):
            self._first = sequence

    def _forget(self) -> None:
        """Drop the oldest, many at a time."""
        if len(self._row) <= (self._most + self._most // 8) * _SIZE:
            return
        surplus = len(self._row) // _SIZE - self._most
        del self._row[: surplus * _SIZE]
        self._first += surplus

    def _digest(self, shown: bytes) -> bytes:
        state = self._base.copy()
        state.update(shown)
        return state.digest()[:_SIZE]
