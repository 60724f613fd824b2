"""Entropy that repeats: the same seed gives the same ids."""

import random
from uuid import UUID

__all__ = ["FakeEntropy"]


class FakeEntropy:
    """Implements ``ports.world.Entropy``."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 it is meant to be predictable

    def bytes(self, count: int) -> bytes:
        """Return the next ``count`` bytes of the sequence."""
        return self._random.randbytes(count)

    def uuid(self) -> UUID:
        """Return the next UUID of the sequence."""
        return UUID(bytes=self._random.randbytes(16), version=4)
