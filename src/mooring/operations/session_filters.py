"""The filters of DescribeSessions. Source: Systems Manager API, SessionFilter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mooring.operations.problems import OperationRefused, Problem
from mooring.sessions.session import Session

__all__ = ["SessionFilter", "check_filters", "is_match"]

_TIMES = frozenset({"InvokedAfter", "InvokedBefore"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """One filter: a key of the API's, and the value that it wants."""

    key: str
    value: str


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise OperationRefused(
            Problem.INVALID_FILTER,
            f"`{text}` is not an ISO 8601 time such as 2026-01-31T00:00:00Z",
        ) from exc
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


_TESTS: dict[str, Callable[[Session, str], bool]] = {
    "InvokedAfter": lambda session, value: session.started_at > _moment(value),
    "InvokedBefore": lambda session, value: session.started_at < _moment(value),
    "Target": lambda session, value: session.node_id == value,
    "Owner": lambda session, value: session.owner == value,
    "Status": lambda session, value: session.status == value,
    "SessionId": lambda session, value: session.session_id == value,
    "AccessType": lambda _session, value: value == "Standard",
}


def check_filters(filters: tuple[SessionFilter, ...]) -> None:
    """Return when every filter can be applied, before any session is looked at.

    Raises:
        OperationRefused: INVALID_FILTER_KEY or INVALID_FILTER.
    """
    for wanted in filters:
        if wanted.key not in _TESTS:
            raise OperationRefused(
                Problem.INVALID_FILTER_KEY, f"`{wanted.key}` is not one of {', '.join(_TESTS)}"
            )
        if wanted.key in _TIMES:
            _moment(wanted.value)


def is_match(session: Session, filters: tuple[SessionFilter, ...]) -> bool:
    """Whether the session passes every filter; they have been checked."""
    return all(_TESTS[wanted.key](session, wanted.value) for wanted in filters)
