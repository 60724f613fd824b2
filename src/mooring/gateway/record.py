"""What is kept of a session, whatever its type: what a relay and a keeper ask of it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from mooring.gateway.segments import Segments
from mooring.recordings.forward import Forward

__all__ = ["Record"]


class Record(Protocol):
    """The record of one session, from its first frame to its seal.

    Attributes:
        segments: its files.
        forward: what a port session leads to; None for a session that is shown.
    """

    segments: Segments
    forward: Forward | None

    @property
    def remembers(self) -> int:
        """Return how many frames a repeat can be compared with."""

    @property
    def next_sequence(self) -> int:
        """Return the number of the node's first frame that was not taken in its turn."""

    def output(self, sequence: int, payload_type: int, payload: bytes | memoryview) -> bool:
        """Note a frame of the node's; it may be forwarded when this returns.

        Returns whether it is new.

        Raises:
            OSError: it could not be written, and must not be forwarded.
            RemoteProtocolError: it must not be forwarded; a healthy node sends it again.
            NumberReused: it shows other than what was recorded, and must not be forwarded.
        """

    def input(self, sequence: int, payload_type: int, payload: bytes | memoryview) -> None:
        """Note a frame of the client's; it may be forwarded when this returns.

        Raises:
            OSError: it could not be written.
        """

    def finish(self, reason: str) -> None:
        """Seal the record. A second call does nothing.

        Raises:
            OSError: it could not be written; the spool keeps what there is.
        """

    def remember(self, segment: bytes, index: int) -> None:
        """Take the frames of a segment that an earlier process recorded."""

    def resume(self, path: Path, index: int) -> None:
        """Go on in a file that a dead process left.

        Raises:
            OSError: it cannot be written.
            RemoteProtocolError: it is no spool file.
        """

    def continue_after(self, sealed: bytes, index: int) -> None:
        """Begin the segment after a sealed one.

        Raises:
            RemoteProtocolError: it is no sealed segment.
        """
