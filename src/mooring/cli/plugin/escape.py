"""Keys that are meant for this end and not for the node: Enter, ``~`` and one more.

=======  ==========================================================
``~.``   leave, however dead the session is
``~?``   say which keys there are
``~~``   send one ``~``
other    send ``~`` and the key
=======  ==========================================================

They count only after Enter, or as the first keys of a session.

Source: ssh(1), "ESCAPE CHARACTERS".
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias

__all__ = ["HELP", "Escape", "EscapeScanner"]

HELP = "~.  leave the session\n~~  send ~\n~?  this help\n(all only after Enter)\n"

_KEY = ord("~")
_ENTER = frozenset(b"\r\n")


class Escape(Enum):
    """What the person asks of this end."""

    LEAVE = auto()
    HELP = auto()


Piece: TypeAlias = "bytes | Escape"


class EscapeScanner:
    """Tells keys for the node from keys for us, over any number of reads."""

    __slots__ = ("_at_start", "_has_key")

    def __init__(self) -> None:
        self._at_start = True
        self._has_key = False

    def feed(self, data: bytes) -> list[Piece]:
        """Take what was typed; return what to send and what to do, in order."""
        if not self._has_key and _KEY not in data:
            self._at_start = data[-1] in _ENTER if data else self._at_start
            return [data] if data else []
        pieces: list[Piece] = []
        send = bytearray()
        for byte in data:
            asked = self._take(byte, send)
            if asked is not None:
                pieces += [bytes(send), asked] if send else [asked]
                send.clear()
        return [*pieces, bytes(send)] if send else pieces

    def _take(self, byte: int, send: bytearray) -> Escape | None:
        if self._has_key:
            self._has_key = False
            if byte == ord("."):
                return Escape.LEAVE
            if byte == ord("?"):
                self._at_start = True
                return Escape.HELP
            send.append(_KEY)
            if byte == _KEY:
                self._at_start = False
                return None
        elif self._at_start and byte == _KEY:
            self._has_key = True
            return None
        send.append(byte)
        self._at_start = byte in _ENTER
        return None
