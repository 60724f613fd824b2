"""What the command line takes from outside itself: the time of day, ids and dice."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

__all__ = ["World", "machine_world"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where time, ids and chance come from; tests bring their own."""

    now: Callable[[], float]
    """Seconds since the epoch."""
    new_id: Callable[[], UUID]
    random: Callable[[], float]
    """From 0 up to 1."""

    def datetime(self) -> datetime:
        """Return the time of day as an aware value."""
        return datetime.fromtimestamp(self.now(), UTC)


def machine_world() -> World:
    """Return this machine's clock, ids and dice."""
    return World(
        now=time.time,  # noqa: TID251  # the one place where it comes from
        new_id=uuid.uuid4,  # noqa: TID251  # see above
        random=random.random,
    )
