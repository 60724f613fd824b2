"""Which keys and roles were used a moment ago: noted in memory, so that no call writes for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mooring.iam.identity import LastUse

__all__ = ["RecentUses"]

_MOST: Final = 50_000


class RecentUses:
    """The last use of each subject since it was last kept, account by account.

    Bounded: past so many subjects, those that are not noted yet wait for the next turn.
    """

    def __init__(self) -> None:
        self._uses: dict[tuple[str, str], LastUse] = {}

    def note(self, account_id: str, use: LastUse) -> None:
        """Remember a use in place of the subject's one before."""
        key = account_id, use.subject
        if key in self._uses or len(self._uses) < _MOST:
            self._uses[key] = use

    def get(self, account_id: str, subject: str) -> LastUse | None:
        """Return the use that is not kept yet, or None."""
        return self._uses.get((account_id, subject))

    def waiting(self) -> Mapping[str, tuple[LastUse, ...]]:
        """Return what is not kept yet, by account."""
        found: dict[str, list[LastUse]] = {}
        for (account_id, _), use in self._uses.items():
            found.setdefault(account_id, []).append(use)
        return {account_id: tuple(uses) for account_id, uses in found.items()}

    def kept(self, account_id: str, uses: tuple[LastUse, ...]) -> None:
        """Forget uses that are kept, but for those that a later one has replaced meanwhile."""
        for use in uses:
            if self._uses.get((account_id, use.subject)) == use:
                del self._uses[(account_id, use.subject)]
