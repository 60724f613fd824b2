"""Which sessions are alive on this node: one small file each, written by the session process.

The agent forgets what it did when it restarts; the files do not. A file names a process by
its id and its start time, so that neither a crash nor a reused id can fake a session.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio

from mooring.agent.processes import is_running, read_process
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.ids import SessionId, parse_session_id

__all__ = ["LiveSession", "SessionRegistry"]

_SUFFIX = ".pid"
_FILE_MODE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session and its process."""

    session_id: SessionId
    pid: int


class SessionRegistry:
    """The files of live sessions in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def claim(self, session_id: SessionId) -> bool:
        """Note that this process runs a session; False if another one does.

        Raises:
            OSError: the folder cannot be written to.
        """
        own = read_process(os.getpid())
        assert own is not None  # noqa: S101  # this process exists
        aside = self._folder / f".{session_id}.{own.pid}"
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE), "w") as file:
            file.write(f"{own.pid} {own.start_time}\n")
        try:
            # A link fails if the name is taken, and shows the file complete when it succeeds.
            for _ in range(2):
                with contextlib.suppress(FileExistsError):
                    os.link(aside, self._path(session_id))
                    return True
                if self._live(session_id) is not None:
                    return False
                self._path(session_id).unlink(missing_ok=True)
            return False
        finally:
            aside.unlink(missing_ok=True)

    def release(self, session_id: SessionId) -> None:
        """Note that the session of this process is over."""
        self._path(session_id).unlink(missing_ok=True)

    def find(self, session_id: SessionId) -> LiveSession | None:
        """Return a session that is alive."""
        return self._live(session_id)

    def all(self) -> Iterator[LiveSession]:
        """List the sessions that are alive, and clear away what crashes have left."""
        for path in list(self._folder.glob(f"*{_SUFFIX}")):
            try:
                session_id = parse_session_id(path.name.removesuffix(_SUFFIX))
            except RemoteProtocolError:
                continue
            live = self._live(session_id)
            if live is None:
                path.unlink(missing_ok=True)
            else:
                yield live

    def end(self, session_id: SessionId) -> bool:
        """Ask a session's process to end it; tells whether there is one."""
        live = self._live(session_id)
        if live is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(live.pid, signal.SIGTERM)
        return True

    async def wait_gone(self, session: LiveSession) -> None:
        """Wait until a session's process has ended."""
        try:
            handle = os.pidfd_open(session.pid)
        except ProcessLookupError:
            return
        try:
            if self._live(session.session_id) == session:
                await anyio.wait_readable(handle)
        finally:
            os.close(handle)

    def _live(self, session_id: SessionId) -> LiveSession | None:
        try:
            pid, _, start_time = self._path(session_id).read_text("ascii").partition(" ")
            found = LiveSession(session_id=session_id, pid=int(pid))
            return found if is_running(found.pid, int(start_time)) else None
        except (OSError, ValueError):
            return None

    def _path(self, session_id: SessionId) -> Path:
        return self._folder / f"{session_id}{_SUFFIX}"
