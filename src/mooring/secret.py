"""A value that must not be seen: it does not print, and it compares in constant time."""

from __future__ import annotations

import hmac

__all__ = ["Secret"]


class Secret:
    """Holds a text that no log, traceback or repr may show.

    Equality takes the same time whatever the first difference is. The only way to the text
    is ``reveal``, so that a reader can search for every place that uses it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__
