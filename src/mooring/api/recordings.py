"""Mooring's own service: recordings."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.operations.call import Call
from mooring.operations.recordings import get_recording, get_recording_segment

__all__ = ["OPERATIONS"]


async def _get_recording(call: Call, given: Input) -> Output:
    recording = await get_recording(call, given["SessionId"])
    return {
        "SessionId": recording.session_id,
        "State": recording.state.value,
        "Segments": [
            {
                "Index": segment.index,
                "Key": segment.key,
                "SizeBytes": segment.size_bytes,
                "Sha256": segment.sha256,
            }
            for segment in recording.segments
        ],
    }


async def _get_recording_segment(call: Call, given: Input) -> Output:
    content = await get_recording_segment(call, given["SessionId"], given["Index"])
    return {"Content": content}


OPERATIONS: Mapping[str, Operation] = {
    "GetRecording": Operation(handler=_get_recording, is_read_only=True),
    "GetRecordingSegment": Operation(handler=_get_recording_segment, is_read_only=True),
}
