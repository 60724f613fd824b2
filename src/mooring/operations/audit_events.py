"""Reading the audit log: look events up as CloudTrail does, or take it whole to check it.

A look-up walks the log from its newest event, or from the one nearest to the end of the time
asked for. It looks at ``_SCAN_TOTAL`` events at most and then says where to go on, so that
a rare event costs the caller more calls and the server no more than a bounded piece of work.
Numbers follow commits and times follow calls, so the two orders differ by as much as a call lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio

from mooring.operations.authorize import require, without_resource
from mooring.operations.call import Call
from mooring.ports.records import AuditEvent
from mooring.ports.tables import Transaction
from mooring.wire.audit_chain import AuditLine, SignedHead

__all__ = [
    "EVENTS_PER_EXPORT",
    "AuditExport",
    "EventPage",
    "EventQuery",
    "export_audit_events",
    "lookup_events",
]

EVENTS_PER_EXPORT = 250
_HEADS_PER_EXPORT = 1000
_SCAN = 500
_SCAN_TOTAL = 10_000
_SLACK = timedelta(minutes=10)
_FLUSH_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events: those that match, begun between two times, below a number."""

    is_match: Callable[[AuditEvent], bool]
    start: datetime | None = None
    end: datetime | None = None
    before: int | None = None
    limit: int = 50

    def has(self, event: AuditEvent) -> bool:
        """Tell whether the event is asked for."""
        is_in_time = (self.start is None or event.time >= self.start) and (
            self.end is None or event.time <= self.end
        )
        return is_in_time and self.is_match(event)

    def is_over(self, event: AuditEvent) -> bool:
        """Tell whether nothing below this event can be in time any more."""
        return self.start is not None and event.time < self.start - _SLACK


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Events newest first; ``before`` is where to go on, None at the end."""

    events: tuple[AuditEvent, ...]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditExport:
    """A piece of the log as it is hashed, and of its signed heads.

    ``newest`` is the number of the newest event, which says where to stop: asking adds one.
    """

    lines: tuple[AuditLine, ...]
    heads: tuple[SignedHead, ...]
    newest: int


async def lookup_events(call: Call, query: EventQuery) -> EventPage:
    """Return the events of the caller's account that a query asks for.

    Raises:
        AccessDenied: not allowed.
    """
    await require(call, without_resource(call))
    with anyio.move_on_after(_FLUSH_S):
        await call.world.audit.flush()  # what the caller has just read is there, too
    found: list[tuple[int, AuditEvent]] = []
    at = query.before
    if at is None and query.end is not None:
        end = query.end
        at = await call.read(lambda tx: _above(tx, end + _SLACK))
    for _ in range(_SCAN_TOTAL // _SCAN):
        rows = await call.read(_reader(at))
        found += [(sequence, event) for sequence, event in rows if query.has(event)]
        is_end = len(rows) < _SCAN or query.is_over(rows[-1][1])
        if is_end or len(found) > query.limit:
            break
        at = rows[-1][0]
    else:
        is_end = False
    return _page(found, query.limit, None if is_end else at)


def _page(found: Sequence[tuple[int, AuditEvent]], limit: int, at: int | None) -> EventPage:
    shown = found[:limit]
    if len(found) > limit:
        at = shown[-1][0]
    return EventPage(events=tuple(event for _, event in shown), before=at)


def _reader(at: int | None) -> Callable[[Transaction], Sequence[tuple[int, AuditEvent]]]:
    return lambda tx: tx.audit.page(before=at, limit=_SCAN)


def _above(tx: Transaction, time: datetime) -> int:
    """Return a number above every event up to a time, by halving."""
    low, high = 1, tx.audit.last_sequence() + 1
    while low < high:
        middle = (low + high) // 2
        page = tx.audit.page(before=middle + 1, limit=1)
        if page and page[0][1].time <= time:
            low = middle + 1
        else:
            high = middle
    return low


async def export_audit_events(call: Call, *, after: int, heads_after: int) -> AuditExport:
    """Return the next events and heads above these numbers, as they are kept.

    Raises:
        AccessDenied: not allowed.
    """
    await require(call, without_resource(call))

    def look(tx: Transaction) -> AuditExport:
        return AuditExport(
            lines=tuple(tx.audit.lines(after=after, limit=EVENTS_PER_EXPORT)),
            heads=tuple(tx.audit.heads(after=heads_after, limit=_HEADS_PER_EXPORT)),
            newest=tx.audit.last_sequence(),
        )

    return await call.read(look)
