"""Recordings as their people see them: what there is, and its bytes. Looking is audited too."""

from __future__ import annotations

import hashlib

from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_questions import on_session
from mooring.recordings.recording import (
    MAX_SEGMENT_BYTES,
    Recording,
    RecordingState,
    Segment,
    recording_prefix,
    segment_index,
    segment_key,
)
from mooring.sessions.session import Session, is_active

__all__ = ["get_recording", "get_recording_segment"]

_ACTION = "mooring:GetRecording"


async def _require(call: Call, session_id: str) -> Session:
    """Ask about the session, for watching; both calls are one action."""
    session = await call.read(lambda tx: tx.sessions.get(session_id))
    asked = on_session(call, session_id, session)
    await require(call, Question(action=_ACTION, resources=asked.resources, extra=asked.extra))
    if session is None:
        raise _unknown(session_id)
    return session


def _unknown(session_id: str) -> OperationRefused:
    return OperationRefused(
        Problem.RECORDING_UNKNOWN, f"There is no recording of session {session_id}."
    )


async def get_recording(call: Call, session_id: str) -> Recording:
    """Return the segments that are sealed so far.

    Raises:
        AccessDenied: not theirs to watch.
        OperationRefused: RECORDING_UNKNOWN.
    """
    session = await _require(call, session_id)
    blobs = call.world.blobs
    segments: list[Segment] = []
    for key in await blobs.keys(recording_prefix(session.account_id, session_id)):
        content = await blobs.get(key, max_bytes=MAX_SEGMENT_BYTES)
        if content is None:
            continue
        segments.append(
            Segment(
                index=segment_index(key),
                key=key,
                size_bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
        )
    state = RecordingState.RECORDING if is_active(session) else RecordingState.SEALED
    return Recording(session_id=session_id, state=state, segments=tuple(segments))


async def get_recording_segment(call: Call, session_id: str, index: int) -> bytes:
    """Return the bytes of a sealed segment.

    Raises:
        AccessDenied: not theirs to watch.
        OperationRefused: RECORDING_UNKNOWN.
    """
    session = await _require(call, session_id)
    key = segment_key(session.account_id, session_id, index)
    content = await call.world.blobs.get(key, max_bytes=MAX_SEGMENT_BYTES)
    if content is None:
        raise _unknown(session_id)
    return content
