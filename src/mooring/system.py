"""Time and entropy of the operating system: where the whole program gets them from."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from uuid import UUID

__all__ = ["SystemClock", "SystemEntropy"]


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 this is the clock that others are given


class SystemEntropy:
    """The kernel's random generator."""

    def bytes(self, count: int) -> bytes:
        """Return ``count`` unpredictable bytes."""
        return os.urandom(count)

    def uuid(self) -> UUID:
        """Return a random (version 4) UUID."""
        return UUID(bytes=os.urandom(16), version=4)
