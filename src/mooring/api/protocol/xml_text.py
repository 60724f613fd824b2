"""Text inside XML: escaped, and free of what XML 1.0 cannot hold.

Source: XML 1.0, section 2.2 (``Char``) and 2.11 (a bare carriage return is read as a new line).
"""

from __future__ import annotations

import re

__all__ = ["escape"]

_SPECIAL = re.compile("[^\t\n\x20-\x25\x27-\x3b\x3d\x3f-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape(text: str) -> str:
    """Return the text for use between tags; what cannot be written becomes U+FFFD."""
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], "\ufffd"), text)
