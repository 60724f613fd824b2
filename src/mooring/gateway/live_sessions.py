"""The sessions that a gateway finds in the store when it starts."""

from __future__ import annotations

from collections.abc import Iterable

from mooring.operations.world import World
from mooring.ports.tables import Transaction
from mooring.sessions.session import Session

__all__ = ["find_sessions", "live_sessions"]

_SCAN = 500


async def live_sessions(world: World) -> dict[str, Session]:
    """Return every session that is not over, of all accounts."""
    live: dict[str, Session] = {}
    accounts = await world.store.find(lambda look: tuple(look.accounts()))
    for account_id in accounts:
        live |= await world.store.read(account_id, _active_sessions)
    return live


async def find_sessions(world: World, session_ids: Iterable[str]) -> dict[str, Session]:
    """Return those of these sessions that there are, over or not."""
    found: dict[str, Session] = {}
    for session_id in session_ids:
        session = await _find(world, session_id)
        if session is not None:
            found[session_id] = session
    return found


async def _find(world: World, session_id: str) -> Session | None:
    account_id = await world.store.find(lambda look: look.account_of_session(session_id))
    if account_id is None:
        return None
    return await world.store.read(account_id, lambda tx: tx.sessions.get(session_id))


def _active_sessions(tx: Transaction) -> dict[str, Session]:
    found: dict[str, Session] = {}
    before = None
    while rows := tx.sessions.page(active=True, before=before, limit=_SCAN):
        found |= {row.session_id: row for row in rows}
        before = rows[-1].started_at, rows[-1].session_id
    return found
