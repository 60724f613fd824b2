"""The audit log of one account, as a transaction sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from mooring.ports.records import AuditEvent
from mooring.wire.audit_chain import AuditLine, SignedHead

__all__ = ["AuditLog"]


class AuditLog(Protocol):
    """The account's audit events, in one hash chain for each writer process, and signed heads."""

    def append(self, event: AuditEvent) -> None:
        """Add the event at the end of the chain."""

    def last_sequence(self) -> int:
        """Return the newest event's number, 0 when there is none."""

    def page(self, *, before: int | None, limit: int) -> Sequence[tuple[int, AuditEvent]]:
        """Return events newest first with their sequence numbers, below ``before``."""

    def lines(self, *, after: int, limit: int) -> Sequence[AuditLine]:
        """Return events as they are hashed, oldest first, above the number ``after``."""

    def writers(self) -> Mapping[str, tuple[int, str]]:
        """Return where each writer stands: the number and hash of its newest event."""

    def put_head(self, number: int, head: SignedHead) -> None:
        """Keep a signed head; AlreadyExists when there is one of this number."""

    def last_head(self) -> SignedHead | None:
        """Return the newest signed head."""

    def heads(self, *, after: int, limit: int) -> Sequence[SignedHead]:
        """Return signed heads in order, above the number ``after``."""

    def verify(self) -> int:
        """Check the whole chain and say how many events it holds.

        Raises:
            ValueError: the chain is broken; the text names the first bad sequence number.
        """
