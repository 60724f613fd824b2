"""A session: its states, and the one table of how it may move between them.

State names are those of Systems Manager's DescribeSessions. ::

    Connecting --opened--> Connected --end--> Terminating --ended--> Terminated
        |                      |                                        ^
        +------- failed -------+--> Failed                  (end while nobody holds it)

``Reason`` at AWS is the caller's text; how a session ended stands in ``Details``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["End", "Session", "SessionStatus", "StateError", "is_active", "move"]


class SessionStatus(StrEnum):
    """The states, as AWS spells them."""

    CONNECTED = "Connected"
    CONNECTING = "Connecting"
    DISCONNECTED = "Disconnected"
    TERMINATED = "Terminated"
    TERMINATING = "Terminating"
    FAILED = "Failed"


class End(StrEnum):
    """Who or what ended a session."""

    USER = "the user left"
    NODE = "the shell on the node ended"
    CONNECTION = "the connection on the node ended"
    TERMINATED = "terminated by request"
    TIMEOUT = "the node did not open its side in time"
    MAXIMUM_DURATION = "the maximum session duration was reached"
    POLICY = "access revoked"
    NODE_FAILED = "the node could not start it"
    NODE_LOST = "the node did not come back"
    NODE_BROKE_PROTOCOL = "the node broke the protocol"
    NOT_RECORDED = "it could not be recorded"
    CLIENT_LOST = "the client did not come back"


class StateError(Exception):
    """The session cannot go from its state to the one asked for."""


ACTIVE = frozenset({SessionStatus.CONNECTED, SessionStatus.CONNECTING, SessionStatus.DISCONNECTED})

_MOVES: dict[SessionStatus, frozenset[SessionStatus]] = {
    SessionStatus.CONNECTING: frozenset(SessionStatus) - {SessionStatus.DISCONNECTED},
    SessionStatus.CONNECTED: frozenset(SessionStatus) - {SessionStatus.CONNECTING},
    SessionStatus.DISCONNECTED: frozenset(SessionStatus) - {SessionStatus.CONNECTING},
    SessionStatus.TERMINATING: frozenset(
        {SessionStatus.TERMINATING, SessionStatus.TERMINATED, SessionStatus.FAILED}
    ),
    SessionStatus.TERMINATED: frozenset({SessionStatus.TERMINATED}),
    SessionStatus.FAILED: frozenset({SessionStatus.FAILED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session, from its start to its kept history.

    ``owner`` is the caller's ARN and ``owner_user_id`` their ``aws:userid`` at the start; the
    latter names the session in policies and is never taken from a later request.
    """

    account_id: str
    region: str
    session_id: str
    node_id: str
    status: SessionStatus
    owner: str
    owner_user_id: str
    document_name: str
    reason: str = ""
    details: str = ""
    started_at: datetime
    ended_at: datetime | None = None
    run_as: str = ""


def is_active(session: Session) -> bool:
    """Whether DescribeSessions lists it as Active rather than History."""
    return session.status in ACTIVE or session.status is SessionStatus.TERMINATING


def move(status: SessionStatus, to: SessionStatus) -> SessionStatus:
    """Return the new state.

    Raises:
        StateError: no such transition; a finished session never comes back.
    """
    if to not in _MOVES[status]:
        raise StateError(f"a session cannot go from {status} to {to}")
    return to
