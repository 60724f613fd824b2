"""A recording: the sealed segments of one session's output, and the names they are kept under."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "MAX_SEGMENT_BYTES",
    "Recording",
    "RecordingState",
    "Segment",
    "recording_prefix",
    "segment_index",
    "segment_key",
]

MAX_SEGMENT_BYTES = 64 * 1024 * 1024
"""No segment is larger: one is closed soon after its first MiB, and a frame is bounded."""


class RecordingState(StrEnum):
    """Whether more is to come."""

    RECORDING = "Recording"
    SEALED = "Sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One sealed file; ``sha256`` is of all its bytes."""

    index: int
    key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What is kept of a session so far."""

    session_id: str
    state: RecordingState
    segments: tuple[Segment, ...]


def recording_prefix(account_id: str, session_id: str) -> str:
    """Return where a session's segments are kept."""
    return f"recordings/{account_id}/{session_id}/"


def segment_key(account_id: str, session_id: str, index: int) -> str:
    """Return the name of a segment; names sort as the segments follow each other."""
    return f"{recording_prefix(account_id, session_id)}{index:06d}.seg"


def segment_index(key: str) -> int:
    """Return the number in a segment's name.

    Raises:
        ValueError: it is no name of a segment.
    """
    return int(key.rpartition("/")[2].removesuffix(".seg"))
