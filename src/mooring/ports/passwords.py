"""Hashing of passwords: slow by intention, and so never on the event loop."""

from __future__ import annotations

from typing import Protocol

from mooring.secret import Secret

__all__ = ["PasswordHasher", "PasswordsBusy"]


class PasswordsBusy(Exception):
    """Too many passwords wait to be looked at; try again soon."""


class PasswordHasher(Protocol):
    """Hashes and compares passwords; a bounded number at a time, and a bounded number waits."""

    async def hash(self, password: Secret) -> str:
        """Return a hash with its salt and parameters.

        Raises:
            PasswordsBusy: too many wait.
        """

    async def verify(self, password_hash: str | None, password: Secret) -> bool:
        """Say whether this is the password; with no hash, take the same time and say no.

        Raises:
            PasswordsBusy: too many wait.
        """
