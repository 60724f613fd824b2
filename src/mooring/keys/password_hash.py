"""Argon2id for passwords, by argon2-cffi, on threads of its own.

Parameters: RFC 9106's second recommended option (64 MiB, three passes, four lanes), with the
memory bounded by how many run at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mooring.ports.passwords import PasswordsBusy
from mooring.secret import Secret

__all__ = ["Argon2Passwords"]

T = TypeVar("T")

_SALT = "A" * 22
_DIGEST = "A" * 43


class Argon2Passwords:
    """Implements ``ports.passwords.PasswordHasher``."""

    def __init__(
        self,
        *,
        passes: int = 3,
        memory_kib: int = 65536,
        lanes: int = 4,
        at_a_time: int = 2,
        max_waiting: int = 64,
    ) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        self._at_a_time = at_a_time
        self._max_waiting = max_waiting
        self._inside = 0
        self._limiter: anyio.CapacityLimiter | None = None
        # A hash that costs as much as any and that no password has.
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${_SALT}${_DIGEST}"

    async def hash(self, password: Secret) -> str:
        """Return the hash in its PHC text.

        Raises:
            PasswordsBusy: too many wait.
        """
        return await self._run(lambda: self._hasher.hash(_text(password)))

    async def verify(self, password_hash: str | None, password: Secret) -> bool:
        """Say whether this is the password; with no hash, take the same time and say no.

        Raises:
            PasswordsBusy: too many wait.
        """
        against = password_hash if password_hash is not None else self._nobody
        is_right = await self._run(lambda: self._is_right(against, password))
        return is_right and password_hash is not None

    def _is_right(self, password_hash: str, password: Secret) -> bool:
        try:
            return self._hasher.verify(password_hash, _text(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._limiter is None:  # a limiter belongs to the loop that first uses it
            self._limiter = anyio.CapacityLimiter(self._at_a_time)
        if self._inside >= self._at_a_time + self._max_waiting:
            raise PasswordsBusy
        self._inside += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1


def _text(password: Secret) -> bytes:
    """Any text is a password, half a surrogate pair included."""
    return password.reveal().encode(errors="surrogatepass")
