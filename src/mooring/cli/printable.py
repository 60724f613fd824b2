"""Text of others made safe to show: what a node or a server reports cannot move the cursor.

Control characters of both halves (C0, DEL, C1) and those that turn the direction of writing are
replaced by U+FFFD; line ends and tabs become blanks, so that one value stays on one line.
"""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]

_REPLACEMENT = "\ufffd"
_BLANKS = frozenset("\t\n\r\v\f\u2028\u2029")
_HIDDEN = frozenset({"Cc", "Cf", "Cs"})


def printable(text: str) -> str:
    """Return the text with everything replaced that is more than a character to see."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _BLANKS:
        return " "
    return _REPLACEMENT if unicodedata.category(character) in _HIDDEN else character
