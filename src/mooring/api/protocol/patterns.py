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
from itertools import groupby

__all__ = ["compile_pattern"]

_PROPERTY = re.compile(r"\\p\{([A-Z][a-z]?)\}")
_CLASS_RANGE = re.compile(r"(\\[wds])-(?=[^\]])")


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the pattern, for use with ``fullmatch``."""
    text = _PROPERTY.sub(lambda match: _members(match[1]), pattern)
    return re.compile(_CLASS_RANGE.sub(r"\1\\-", text), re.ASCII)


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
