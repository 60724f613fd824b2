"""Where everything is kept: whole transactions in, values out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from mooring.ports.tables import Directory, Transaction

__all__ = [
    "AlreadyExists",
    "Store",
    "StoreUnavailable",
]

T = TypeVar("T")


class AlreadyExists(Exception):
    """The row's key is taken."""


class StoreUnavailable(Exception):
    """The store cannot take or answer anything now; nothing was done."""


class Store(Protocol):
    """Where everything is kept."""

    async def write(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` alone and durably, and return what it returns.

        ``work`` is synchronous and short. When it raises, nothing it did is kept and the
        exception comes out here. When this returns, the change survives a power cut.
        Cancelling the wait does not undo the work.

        Raises:
            StoreUnavailable: the database refused; nothing was kept.
        """

    async def read(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` on a consistent snapshot; it must change nothing."""

    async def glance(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        """Read some dozens of rows by their keys at most, as ``read`` does but at once.

        It may run on the caller's own thread: a long page or a scan would hold up everybody.
        """

    async def find(self, look: Callable[[Directory], T]) -> T:
        """Ask which account an id belongs to."""

    async def create_account(self, account_id: str, name: str) -> None:
        """Make an account.

        Raises:
            AlreadyExists: it is there.
        """
