"""``allowedPattern``, matched in time that grows with the text and no faster.

The pattern is a stranger's and so is the text; with Python's ``re`` a pattern such as ``(a+)+$``
would stop the whole server. RE2 has no backtracking and no such patterns, bounds the memory of
each, and is the dialect that stock agents match with (Go's ``regexp``): what RE2 cannot read,
they could not either. As there, a pattern may match anywhere unless it says ``^`` and ``$``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, cast

import re2

from mooring.sessions.document import DocumentProblem, DocumentRefused

__all__ = ["MAX_PATTERN", "check_pattern", "is_allowed"]

MAX_PATTERN = 1024
_MAX_MEMORY = 128 * 1024


class _Pattern(Protocol):
    def search(self, text: str) -> object | None: ...


def check_pattern(pattern: str) -> None:
    """Return when the pattern can be used.

    Raises:
        DocumentRefused: CONTENT, saying why it cannot.
    """
    if len(pattern) > MAX_PATTERN:
        raise _refused(f"has {len(pattern)} characters, the limit is {MAX_PATTERN}")
    _compiled(pattern)


def is_allowed(pattern: str, text: str) -> bool:
    """Tell whether a pattern that was checked matches the text."""
    return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> _Pattern:
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return cast(_Pattern, re2.compile(pattern, options=options))
    except re2.error as exc:
        reason = exc.args[0] if exc.args else ""
        shown = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise _refused(f"is not a regular expression: {shown}") from exc


def _refused(why: str) -> DocumentRefused:
    return DocumentRefused(DocumentProblem.CONTENT, f"an allowedPattern {why}")
