r"""The regular expressions of service models, which are Java's, as Python's.

They must match the whole value, and ``\w``, ``\d`` and ``\s`` mean ASCII, as in Java. The models
use two things Python lacks: classes of Unicode such as ``\p{L}``, and a class (``\w``) at the
left end of a range, where Java takes the hyphen as itself.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

__all__ = ["compile_pattern"]

_PROPERTY = re.compile(r"\\p\{([A-Z][a-z]?)\}")
_CLASS_RANGE = re.compile(r"(\\[wds])-(?=[^\]])")


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the pattern, for use with ``fullmatch``."""
    text = _PROPERTY.sub(lambda match: _members(match[1]), pattern)
    return re.compile(_CLASS_RANGE.sub(r"\1\\-", text), re.ASCII)


@cache
def _members(category: str) -> str:
    """Return the characters of a Unicode category as the inside of a class."""
    parts = []
    first = None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(category)
        if inside and first is None:
            first = code
        elif not inside and first is not None:
            parts.append(f"\\U{first:08x}-\\U{code - 1:08x}")
            first = None
    return "".join(parts)
