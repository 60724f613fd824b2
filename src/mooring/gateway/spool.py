"""The file that a running session is recorded into, one for each segment.

Every write is one ``write(2)`` of whole lines, so that a process that dies leaves whole frames;
a sealed file goes to the blob store and is removed only when it is durable there.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from mooring.wire.asciicast import parse_line
from mooring.wire.chain import SegmentEnd, SegmentHeader, Sign, seal, segment_digest
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject
from mooring.wire.payloads import TerminalSize

__all__ = ["FORMAT", "SpoolFile", "SpoolName", "last_size", "spool_files", "spool_path"]

FORMAT = "asciicast-v2"
_SUFFIX = ".seg"


def spool_path(folder: Path, session_id: str, index: int) -> Path:
    """Name the file of a segment. Session ids hold no slash and no leading dot by their form."""
    return folder / f"{session_id}.{index:06d}{_SUFFIX}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolName:
    """A spool file's name, taken apart."""

    session_id: str
    index: int
    path: Path


def spool_files(folder: Path) -> list[SpoolName]:
    """Return what is in the spool, by session and index."""
    found = []
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        session_id, _, index = path.name.removesuffix(_SUFFIX).rpartition(".")
        if session_id and index.isdigit():
            found.append(SpoolName(session_id=session_id, index=int(index), path=path))
    return found


class SpoolFile:
    """An open segment."""

    def __init__(self, path: Path, header: SegmentHeader, *, size: int) -> None:
        self.path = path
        self.header = header
        self.size = size
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @classmethod
    def begin(cls, folder: Path, header: SegmentHeader) -> SpoolFile:
        """Make the file of a new segment.

        Raises:
            OSError: it cannot be written.
        """
        made = cls(spool_path(folder, header.session_id, header.index), header, size=0)
        made.write(header.serialize())
        return made

    def write(self, lines: bytes) -> None:
        """Append whole lines at once.

        Raises:
            OSError: the disk is full or broken; the file ends with the write before.
        """
        written = os.write(self._fd, lines)
        if written != len(lines):
            os.ftruncate(self._fd, self.size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path.name)
        self.size += written

    def truncate(self, length: int) -> None:
        """Cut off what does not count."""
        os.ftruncate(self._fd, length)
        self.size = length

    def close_sealed(self, end: SegmentEnd, sign: Sign) -> str:
        """Seal and close the file; return its digest, which the next segment names.

        Raises:
            OSError: it cannot be written.
        """
        content = self.path.read_bytes()
        lines = seal(content, end, sign)
        # No fsync, which would hold up every session: what is written outlives the process, and
        # the file is removed only when the blob store has it durably.
        self.write(lines)
        os.close(self._fd)
        return segment_digest(content + lines)


def last_size(data: bytes) -> TerminalSize | None:
    """Return the terminal's size at the end of a spool file; None when nothing tells it."""
    lines = data.split(b"\n")
    try:
        for line in reversed(lines[2:]):
            event = parse_line(line) if b', "r", "' in line else None
            if event is not None and event.code == "r":
                columns, _, rows = event.text.partition("x")
                return TerminalSize(columns=int(columns), rows=int(rows))
        head = JsonObject.parse(lines[1], what="transcript header")
        return TerminalSize(columns=head.integer("width"), rows=head.integer("height"))
    except (RemoteProtocolError, ValueError, IndexError):
        return None
