"""What live sessions were allowed by, and the news that access may have changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["AccessChange", "SessionGrant", "SessionGrants"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionGrant:
    """All that is needed to ask again whether a session may be.

    ``facts`` is JSON about the call that started it. ``session_token`` is that of temporary
    credentials, sealed as its holder has it; without their secret it is of no use.
    """

    session_id: str
    facts: str
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """Something that policies or their conditions look at was written.

    ``everywhere`` when it may count in other accounts too. Each of an account's two kinds counts
    its revisions for itself.
    """

    account_id: str
    everywhere: bool
    revision: int


class SessionGrants(Protocol):
    """The grants of one account's live sessions."""

    def get(self, session_id: str) -> SessionGrant | None:
        """Return the grant, or None."""

    def put(self, grant: SessionGrant) -> None:
        """Insert or replace the grant."""

    def delete(self, session_id: str) -> bool:
        """Forget the grant; False when there was none."""
