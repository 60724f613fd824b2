"""Sessions as their people see them: start, resume, terminate, list.

A session's row is written before the node gets its order, so that the node's answer always
finds it. The call's audit event is written after the order, together with the client's token:
so an order that nobody took is no success in the audit, and still nobody can be shown anything
of a session whose event is not kept. Source of the rules: Systems Manager API; which resources
StartSession is checked on stands in ``session_questions``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mooring.fleet.node import Node
from mooring.iam.principal import PrincipalType
from mooring.operations.authorize import require, without_resource
from mooring.operations.call import Call
from mooring.operations.documents_start import DocumentStart, plan_of, resolve_start
from mooring.operations.grants import StartFacts, new_grant
from mooring.operations.orders import DEFAULT_DOCUMENT, send_start
from mooring.operations.paging import Walk, collect
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_end import end_session
from mooring.operations.session_filters import SessionFilter, check_filters, is_match
from mooring.operations.session_questions import on_session, require_start, session_resource
from mooring.operations.stream_url import stream_url
from mooring.operations.tokens import new_ticket, open_page_token, page_token
from mooring.ports.revocation import SessionGrant
from mooring.ports.tables import Transaction
from mooring.ports.world import NoSubscriber
from mooring.sessions.session import End, Session, SessionStatus, is_active, move
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.ids import ENTROPY_BYTES, new_session_id, parse_node_id

__all__ = [
    "SessionPage",
    "StartedSession",
    "describe_sessions",
    "resume_session",
    "start_session",
    "terminate_session",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedSession:
    """What a client needs to open its side; no token when the session is over."""

    session_id: str
    token: str
    stream_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """One page of sessions, newest first; an empty token ends the list."""

    sessions: tuple[Session, ...]
    next_token: str


async def start_session(
    call: Call,
    *,
    target: str,
    document_name: str = "",
    reason: str = "",
    parameters: Mapping[str, tuple[str, ...]],
) -> StartedSession:
    """Start a session on a node: a shell, or what the document says.

    Raises:
        AccessDenied: on the node, or on the document where that counts.
        OperationRefused: TARGET_NOT_CONNECTED, INVALID_DOCUMENT, or INVALID_PARAMETERS.
    """
    node = await call.read(lambda tx: _find(tx, target))
    start = await resolve_start(call, document_name, parameters)
    await require_start(
        call, target=target, node=node, document_name=document_name, asked=start.asked
    )
    start.check()
    if node is None or node.connected_at is None:
        raise _not_connected(target)
    session = replace(
        _new_session(call, node, reason), document_name=start.name, run_as=start.run_as
    )
    call.resources.append(session_resource(call, session.session_id))
    facts = StartFacts(caller=call.caller, document_name=document_name)
    grant = new_grant(session.session_id, facts)
    await call.world.store.write(session.account_id, lambda tx: _keep(tx, start, session, grant))
    try:
        await send_start(call.world, session, start.resolved)
    except (NoSubscriber, TimeoutError) as exc:
        await end_session(
            call.world,
            call.caller.account_id,
            session.session_id,
            end=End.NODE_FAILED,
            output=f"{target} is not connected.",
        )
        raise _not_connected(target) from exc
    call.respond(sessionId=session.session_id)
    token = await call.write(lambda tx: _client_ticket(call, tx, session.session_id))
    return StartedSession(
        session_id=session.session_id,
        token=token,
        stream_url=stream_url(call.world.site, call.caller.origin, session.session_id),
    )


async def resume_session(call: Call, session_id: str) -> StartedSession:
    """Give the owner a new token; an empty one says that the session is over.

    Raises:
        AccessDenied: not theirs to resume.
        OperationRefused: SESSION_UNKNOWN, said only to those who may resume it.
    """
    session = await call.read(lambda tx: tx.sessions.get(session_id))
    await require(call, on_session(call, session_id, session))
    if session is None:
        raise OperationRefused(Problem.SESSION_UNKNOWN, f"Session {session_id} does not exist.")
    token = ""
    if is_active(session) and session.status is not SessionStatus.TERMINATING:
        token = await call.write(lambda tx: _renew(call, tx, session))
    url = stream_url(call.world.site, call.caller.origin, session_id)
    return StartedSession(session_id=session_id, token=token, stream_url=url)


async def terminate_session(call: Call, session_id: str) -> str:
    """End a session; ending one that is over or unknown succeeds.

    Raises:
        AccessDenied: not theirs to end.
    """
    session = await call.read(lambda tx: tx.sessions.get(session_id))
    await require(call, on_session(call, session_id, session))
    if session is None or not is_active(session):
        return session_id
    await call.write(lambda tx: _terminating(tx, session_id))
    await end_session(
        call.world,
        call.caller.account_id,
        session_id,
        end=End.TERMINATED,
        output=f"Session terminated by {call.caller.principal.arn}",
    )
    return session_id


async def describe_sessions(
    call: Call,
    *,
    active: bool,
    filters: tuple[SessionFilter, ...],
    next_token: str,
    limit: int,
) -> SessionPage:
    """List sessions, newest first.

    Raises:
        AccessDenied: they may not list.
        OperationRefused: INVALID_FILTER_KEY, INVALID_FILTER or INVALID_NEXT_TOKEN.
    """
    await require(call, without_resource(call))
    check_filters(filters)
    place = open_page_token(call.world, call.name, next_token)
    page, has_more = await collect(
        call,
        Walk(
            page=lambda tx, before, size: tx.sessions.page(
                active=active, before=before, limit=size
            ),
            key_of=_place_of,
        ),
        is_match=lambda session: is_match(session, filters),
        start=_before(place),
        limit=limit,
    )
    following = ""
    if has_more:
        last = page[-1]
        started = str((last.started_at - EPOCH) // timedelta(microseconds=1))
        following = page_token(call.world, call.name, {"started": started, "id": last.session_id})
    return SessionPage(sessions=page, next_token=following)


def _place_of(session: Session) -> tuple[datetime, str] | None:
    return session.started_at, session.session_id


def _before(place: Mapping[str, str]) -> tuple[datetime, str] | None:
    if not place:
        return None
    moment = EPOCH + timedelta(microseconds=int(place["started"]))
    return moment, place["id"]


def _find(tx: Transaction, target: str) -> Node | None:
    try:
        return tx.nodes.get(parse_node_id(target))
    except RemoteProtocolError:
        return None


def _not_connected(target: str) -> OperationRefused:
    return OperationRefused(Problem.TARGET_NOT_CONNECTED, f"{target} is not connected.")


def _new_session(call: Call, node: Node, reason: str) -> Session:
    principal = call.caller.principal
    if principal.type is PrincipalType.ACCOUNT:
        name = principal.account_id
    else:
        name = principal.user_name or principal.session_name or principal.account_id
    return Session(
        account_id=call.caller.account_id,
        region=call.caller.region,
        session_id=new_session_id(name, call.world.entropy.bytes(ENTROPY_BYTES)),
        node_id=node.node_id,
        status=SessionStatus.CONNECTING,
        owner=principal.arn,
        owner_user_id=principal.user_id,
        document_name=DEFAULT_DOCUMENT,
        reason=reason,
        started_at=call.time,
    )


def _keep(tx: Transaction, start: DocumentStart, session: Session, grant: SessionGrant) -> None:
    tx.sessions.put(session)
    tx.session_plans.put(plan_of(start, session))
    tx.session_grants.put(grant)


def _renew(call: Call, tx: Transaction, session: Session) -> str:
    tx.tickets.revoke(kind="client", subject=session.session_id)
    return _client_ticket(call, tx, session.session_id)


def _client_ticket(call: Call, tx: Transaction, session_id: str) -> str:
    token, ticket = new_ticket(
        call.world,
        kind="client",
        subject=session_id,
        bearer=call.caller.principal.arn,
    )
    tx.tickets.put(ticket)
    return token


def _terminating(tx: Transaction, session_id: str) -> None:
    """Read again inside the transaction: the session may have ended since it was looked at."""
    session = tx.sessions.get(session_id)
    if session is not None and is_active(session):
        status = move(session.status, SessionStatus.TERMINATING)
        tx.sessions.put(replace(session, status=status))
