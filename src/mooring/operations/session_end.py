"""How a session ends, whoever ends it: once, in the row, on both screens, on the node."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mooring.operations.orders import EndOrder, send_closed, send_end
from mooring.operations.world import World
from mooring.ports.records import AuditEvent
from mooring.ports.tables import Transaction
from mooring.ports.world import NoSubscriber
from mooring.sessions.session import End, Session, SessionStatus, is_active, move

__all__ = ["end_session", "end_text", "keep_end"]

_FAILURES = frozenset(
    {End.TIMEOUT, End.NODE_FAILED, End.NODE_LOST, End.NODE_BROKE_PROTOCOL, End.NOT_RECORDED}
)


async def end_session(
    world: World, account_id: str, session_id: str, *, end: End, output: str
) -> None:
    """End a session: its relay closes both sides and writes the end; without a relay we do.

    A session that is over stays as it ended. Safe to call twice.
    """
    session = await world.store.read(account_id, lambda tx: tx.sessions.get(session_id))
    if session is None or not is_active(session):
        return
    try:
        await send_end(world, session, EndOrder(end=end, output=output))
    except (NoSubscriber, TimeoutError):
        await keep_end(world, account_id, session_id, end=end, output=output)
    try:
        await send_closed(world, session)
    except (NoSubscriber, TimeoutError):
        return  # its process is told when it asks for its next data channel


async def keep_end(
    world: World, account_id: str, session_id: str, *, end: End, output: str
) -> None:
    """Write how the session ended, and its audit event; the first end stands."""
    now = world.clock.now()
    event_id = str(world.entropy.uuid())

    def work(tx: Transaction) -> None:
        session = tx.sessions.get(session_id)
        if session is None or session.ended_at is not None:
            return
        details = end_text(end, output)
        failed = end in _FAILURES
        status = move(session.status, SessionStatus.FAILED if failed else SessionStatus.TERMINATED)
        tx.sessions.put(replace(session, status=status, details=details, ended_at=now))
        # A client that has not come yet may still hear how it ended; no ticket opens more.
        tx.tickets.revoke(kind="agent", subject=session_id)
        tx.session_grants.delete(session_id)
        event = _event(session, details, event_id, now)
        if failed:  # found by who looks for what went wrong
            event = replace(event, error_code="SessionFailed", error_message=details)
        tx.audit.append(event)

    await world.store.write(account_id, work)


def end_text(end: End, output: str) -> str:
    """Say how a session ended: the kind of end, and what was told on the screens."""
    if not output or output.startswith(end.value):
        return output or end.value
    return f"{end.value}: {output}"


def _event(session: Session, details: str, event_id: str, now: datetime) -> AuditEvent:
    return AuditEvent(
        event_id=event_id,
        time=now,
        source="ssm.amazonaws.com",
        name="SessionEnded",
        region=session.region,
        principal_arn=session.owner,
        principal_id=session.owner_user_id,
        access_key_id="",
        source_address="",
        user_agent="",
        resources=(
            f"arn:aws:ssm:{session.region}:{session.account_id}:session/{session.session_id}",
        ),
        response=details,
        read_only=False,
    )
