r"""The regular expressions of service models, which are Java's, as Python's.

They must match the whole value, and ``\w``, ``\d`` and ``\s`` mean ASCII, as in Java. The models
use three things Python lacks: classes of Unicode such as ``\p{L}``, surrogate pairs,
and a class (``\w``) at the left
end of a range, where Java takes the hyphen as itself.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from itertools import groupby

__all__ = ["compile_pattern"]

_PROPERTY = re.compile(r"\\p\{([A-Z][a-z]?)\}")
_PAIR = re.compile(r"\\u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_CLASS_RANGE = re.compile(r"(\\[wds])-(?=[^\]])")


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the pattern, for use with ``fullmatch``."""
    text = _PROPERTY.sub(lambda match: _members(match[1]), pattern)
    text = _PAIR.sub(lambda match: _joined(match[1], match[2]), text)
    return re.compile(_CLASS_RANGE.sub(r"\1\\-", text), re.ASCII)


def _joined(high: str, low: str) -> str:
    """Return the character that Java writes as a surrogate pair."""
    pair = int(high, 16).to_bytes(2) + int(low, 16).to_bytes(2)
    return f"\\U{ord(pair.decode('utf-16-be')):08x}"


def _members(category: str) -> str:
    """Return the characters of a Unicode category as the inside of a class."""
    return "".join(
        f"\\U{first:08x}-\\U{last:08x}"
        for first, last, name in _category_runs()
        if name.startswith(category)
    )


@cache
def _category_runs() -> list[tuple[int, int, str]]:
    """Return all code points as runs of one category: first, last, category."""
    runs = []
    first = 0
    for name, run in groupby(map(unicodedata.category, map(chr, range(sys.maxunicode + 1)))):
        after = first + sum(1 for _ in run)
        runs.append((first, after - 1, name))
        first = after
    return runs
