"""Systems Manager: sessions."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.operations.call import Call
from mooring.operations.session_filters import SessionFilter
from mooring.operations.sessions import (
    StartedSession,
    describe_sessions,
    resume_session,
    start_session,
    terminate_session,
)
from mooring.sessions.session import Session

__all__ = ["OPERATIONS"]

_PAGE = 200


async def _start_session(call: Call, given: Input) -> Output:
    parameters = given.get("Parameters", {})
    started = await start_session(
        call,
        target=given["Target"],
        document_name=given.get("DocumentName", ""),
        reason=given.get("Reason", ""),
        parameters={name: tuple(values) for name, values in parameters.items()},
    )
    return _started(started)


async def _resume_session(call: Call, given: Input) -> Output:
    return _started(await resume_session(call, given["SessionId"]))


def _started(started: StartedSession) -> Output:
    output = {"SessionId": started.session_id, "StreamUrl": started.stream_url}
    return output | ({"TokenValue": started.token} if started.token else {})


async def _terminate_session(call: Call, given: Input) -> Output:
    return {"SessionId": await terminate_session(call, given["SessionId"])}


async def _describe_sessions(call: Call, given: Input) -> Output:
    filters = tuple(
        SessionFilter(key=row["key"], value=row["value"]) for row in given.get("Filters", [])
    )
    page = await describe_sessions(
        call,
        active=given["State"] == "Active",
        filters=filters,
        next_token=given.get("NextToken", ""),
        limit=given.get("MaxResults", _PAGE),
    )
    output: dict[str, object] = {"Sessions": [_session(session) for session in page.sessions]}
    return output | ({"NextToken": page.next_token} if page.next_token else {})


def _session(session: Session) -> Output:
    output: dict[str, object] = {
        "SessionId": session.session_id,
        "Target": session.node_id,
        "Status": session.status.value,
        "StartDate": session.started_at,
        "DocumentName": session.document_name,
        "Owner": session.owner,
        "AccessType": "Standard",
    }
    if session.ended_at is not None:
        output["EndDate"] = session.ended_at
    if session.reason:
        output["Reason"] = session.reason
    if session.details:
        output["Details"] = session.details
    return output


OPERATIONS: Mapping[str, Operation] = {
    "StartSession": Operation(handler=_start_session),
    "ResumeSession": Operation(handler=_resume_session),
    "TerminateSession": Operation(handler=_terminate_session),
    "DescribeSessions": Operation(handler=_describe_sessions, is_read_only=True),
}
