"""Ends sessions that would not be allowed any more.

Every live session's StartSession question is asked again when something changed that policies
look at, and every minute besides, because some conditions change by themselves (the time) and
no signal may be the only guard. It is the same question, asked by the same function, with the
facts of the start (also how long ago a second factor had been shown) but for the time, which is
now.

What changed is read from the store, where every write notes it with itself. An account is looked
at once more some seconds later: a StartSession that was allowed just before the change may write
its session just after the first look.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import anyio

from mooring.fleet.node import Node
from mooring.operations.call import Call
from mooring.operations.caller import Caller
from mooring.operations.documents_start import asked_again
from mooring.operations.grants import Gone, caller_now, read_grant
from mooring.operations.problems import AccessDenied
from mooring.operations.session_end import end_session
from mooring.operations.session_questions import require_start
from mooring.operations.world import World
from mooring.ports.revocation import SessionGrant
from mooring.ports.tables import Transaction
from mooring.sessions.session import End, Session, SessionStatus

__all__ = ["RevocationWatch", "recheck", "why_not"]

EVERY = timedelta(seconds=60)
SECOND_LOOK = timedelta(seconds=2)
_AT_A_TIME = 8
_SCAN = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Live:
    session: Session
    grant: SessionGrant
    node: Node | None


class RevocationWatch:
    """Knows what it has seen change; ``turn`` is to be called about once a second."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: dict[tuple[str, bool], int] = {}
        self._looks: dict[str, datetime] = {}
        self._next_round: datetime | None = None

    async def turn(self) -> int:
        """Ask about every session that is due; return how many were ended.

        Raises:
            StoreUnavailable: what is due stays due.
        """
        now = self._world.clock.now()
        news = await self._news()
        is_round = self._next_round is None or now >= self._next_round
        changed = {account_id for account_id, _ in news}
        accounts: set[str] = set()
        if is_round or any(everywhere for _, everywhere in news):
            accounts = set(await self._world.store.find(lambda look: tuple(look.accounts())))
        if not is_round:
            changed |= accounts
        looked_again = {account_id for account_id, at in self._looks.items() if at <= now}
        due = changed | accounts | looked_again
        ended = 0
        for account_id in sorted(due):
            ended += await recheck(self._world, account_id)
        for account_id in looked_again:
            del self._looks[account_id]
        self._looks |= dict.fromkeys(changed, now + SECOND_LOOK)
        self._seen |= news
        if is_round:
            self._next_round = now + EVERY
        return ended

    async def _news(self) -> dict[tuple[str, bool], int]:
        """Return the accounts' changes that have not been acted on, and how many there were."""
        changes = await self._world.store.find(lambda look: tuple(look.access_changes()))
        found = {(row.account_id, row.everywhere): row.revision for row in changes}
        return {key: count for key, count in found.items() if self._seen.get(key) != count}


async def recheck(world: World, account_id: str) -> int:
    """Ask about every live session of an account; return how many were ended."""
    live = iter(await world.store.read(account_id, _live_sessions))
    ended: list[str] = []
    async with anyio.create_task_group() as tasks:
        for _ in range(_AT_A_TIME):
            tasks.start_soon(_work, world, live, ended)
    return len(ended)


async def _work(world: World, live: Iterator[_Live], ended: list[str]) -> None:
    for one in live:
        try:
            why = await why_not(world, one.session, one.grant, one.node)
        except Exception:  # noqa: BLE001 - one session's trouble must not keep the others
            _log.exception("session_not_asked", extra={"session_id": one.session.session_id})
            continue
        if why:
            await _end(world, one.session, why)
            ended.append(one.session.session_id)


async def _end(world: World, session: Session, why: str) -> None:
    _log.info("access_revoked", extra={"session_id": session.session_id, "reason": why})
    await end_session(
        world,
        session.account_id,
        session.session_id,
        end=End.POLICY,
        output=f"{End.POLICY}: {why}",
    )


async def why_not(world: World, session: Session, grant: SessionGrant, node: Node | None) -> str:
    """Say why the session would not be allowed now; nothing when it would."""
    facts = read_grant(grant)
    try:
        caller = await caller_now(world, facts.caller)
    except Gone as exc:
        return str(exc)
    now = world.clock.now()
    call = Call(
        world=world,
        caller=_as_fresh(caller, now - session.started_at),
        service="ssm",
        name="StartSession",
        request_id="",
        event_id="",
        time=now,
    )
    try:
        await require_start(
            call,
            target=session.node_id,
            node=node,
            document_name=facts.document_name,
            asked=await asked_again(call, session),
        )
    except AccessDenied as exc:
        return exc.message
    return ""


def _as_fresh(caller: Caller, age: timedelta) -> Caller:
    """Let the second factor be as old as it was at the start: it was asked for then, not now."""
    facts = caller.session
    if facts is None or facts.mfa_at is None:
        return caller
    return replace(caller, session=replace(facts, mfa_at=facts.mfa_at + age))


def _live_sessions(tx: Transaction) -> list[_Live]:
    found: list[_Live] = []
    before: tuple[datetime, str] | None = None
    while rows := tx.sessions.page(active=True, before=before, limit=_SCAN):
        for session in rows:
            grant = tx.session_grants.get(session.session_id)
            if grant is not None and session.status is not SessionStatus.TERMINATING:
                node = tx.nodes.get(session.node_id)
                found.append(_Live(session=session, grant=grant, node=node))
        before = rows[-1].started_at, rows[-1].session_id
    return found
