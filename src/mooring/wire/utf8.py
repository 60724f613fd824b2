"""Cut a stream of bytes between characters, so that no reader ever sees half of one.

A terminal decodes each message by itself: a character cut in two would show as two wrong ones.
Only a suffix that may still become a character is kept back; bytes that are no UTF-8 at all
pass as they are, because a pty carries whatever a program writes.

Source: RFC 3629, table of well-formed sequences (Unicode, table 3-7).
"""

from __future__ import annotations

__all__ = ["Utf8Splitter", "incomplete_suffix"]

_LONGEST_SUFFIX = 3

# Second bytes that would spell an over-long form, a surrogate or a number above U+10FFFF are
# not continuations of these leads.
_SECOND = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}


class Utf8Splitter:
    """Takes pieces as they come and gives back pieces of whole characters."""

    __slots__ = ("_pending",)

    def __init__(self, pending: bytes = b"") -> None:
        self._pending = pending

    @property
    def pending(self) -> bytes:
        """The bytes kept back: the beginning of a character, three at most."""
        return self._pending

    def push(self, data: bytes) -> bytes:
        """Add bytes and take all that end with a whole character."""
        joined = self._pending + data
        kept = incomplete_suffix(joined)
        cut = len(joined) - kept
        # INVARIANT: what was pushed is what was returned followed by what is pending.
        self._pending = joined[cut:]
        return joined[:cut]

    def flush(self) -> bytes:
        """Take what is pending, because nothing will follow."""
        pending, self._pending = self._pending, b""
        return pending


def incomplete_suffix(data: bytes) -> int:
    """Count the bytes at the end that begin a character without finishing it."""
    for count in range(1, min(_LONGEST_SUFFIX, len(data)) + 1):
        lead = data[-count]
        if not 0x80 <= lead <= 0xBF:
            return count if _may_grow(lead, data[len(data) - count + 1 :]) else 0
    return 0


def _may_grow(lead: int, rest: bytes) -> bool:
    if 0xC2 <= lead <= 0xDF:
        wanted = 1
    elif 0xE0 <= lead <= 0xEF:
        wanted = 2
    elif 0xF0 <= lead <= 0xF4:
        wanted = 3
    else:
        return False
    if len(rest) >= wanted:
        return False
    low, high = _SECOND.get(lead, (0x80, 0xBF))
    return not rest or low <= rest[0] <= high
