"""What ends because time passed: sessions that never opened or ran too long, used-up tickets."""

from __future__ import annotations

from datetime import datetime, timedelta

from mooring.operations.session_end import end_session
from mooring.operations.world import World
from mooring.ports.tables import Transaction
from mooring.sessions.session import End, Session, SessionStatus

__all__ = ["expire"]

_SCAN = 500
_LATE = timedelta(seconds=30)
_SHORTEST_MAXIMUM = timedelta(minutes=1)
"""What a document can say at least; younger sessions need no look at their plan."""


async def expire(world: World) -> int:
    """End what is due in every account; return how many sessions that were.

    A gateway that holds a session's client ends it sooner, when the node does not come; this is
    for the sessions that no gateway holds, such as those of a client that never connected.
    """
    ended = 0
    for account_id in await world.store.find(lambda directory: tuple(directory.accounts())):
        ended += await _expire_account(world, account_id)
    return ended


async def _expire_account(world: World, account_id: str) -> int:
    now = world.clock.now()
    due = await world.store.read(account_id, lambda tx: _due(world, tx, now))
    for session, end in due:
        await end_session(world, account_id, session.session_id, end=end, output=end.value)
    await world.store.write(account_id, lambda tx: _purge(world, tx, now))
    return len(due)


def _purge(world: World, tx: Transaction, now: datetime) -> None:
    tx.tickets.purge(now)
    tx.web_sessions.purge(now=now, idle_since=now - world.site.console_idle)


def _due(world: World, tx: Transaction, now: datetime) -> list[tuple[Session, End]]:
    due: list[tuple[Session, End]] = []
    before: tuple[datetime, str] | None = None
    while rows := tx.sessions.page(active=True, before=before, limit=_SCAN):
        due += [(row, end) for row in rows if (end := _end_of(world, tx, row, now))]
        before = rows[-1].started_at, rows[-1].session_id
    return due


def _end_of(world: World, tx: Transaction, session: Session, now: datetime) -> End | None:
    age = now - session.started_at
    if age > _maximum(world, tx, session, age):
        return End.MAXIMUM_DURATION
    if session.status is SessionStatus.CONNECTING and age > world.site.start_deadline + _LATE:
        return End.TIMEOUT
    if session.status is SessionStatus.TERMINATING:
        return End.TERMINATED
    return None


def _maximum(world: World, tx: Transaction, session: Session, age: timedelta) -> timedelta:
    """Return how long the session may last: as its document said when it was started, at most."""
    most = world.site.maximum_session
    if age < _SHORTEST_MAXIMUM:
        return most
    plan = tx.session_plans.get(session.session_id)
    if plan is None or plan.max_duration is None:
        return most
    return min(most, plan.max_duration)
