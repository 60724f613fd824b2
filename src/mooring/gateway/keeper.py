"""Brings recordings from the spool to the blob store, and back to life after a crash."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from mooring.gateway.forward_recorder import ForwardRecorder
from mooring.gateway.forwards import forward_of
from mooring.gateway.record import Record
from mooring.gateway.recorder import Recorder
from mooring.gateway.segments import RecorderSettings
from mooring.gateway.spool import SpoolName, spool_files
from mooring.operations.world import World
from mooring.ports.store import AlreadyExists
from mooring.recordings.forward import Forward
from mooring.recordings.recording import (
    MAX_SEGMENT_BYTES,
    recording_prefix,
    segment_index,
    segment_key,
)
from mooring.sessions.session import Session
from mooring.wire.chain import is_sealed
from mooring.wire.errors import RemoteProtocolError

__all__ = ["Keeper", "Recovered"]

_RETRY_S = 5.0
_WINDOW_BYTES = 512 * 1024
"""A spool file of this size holds every frame that a node may still send again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Recorders by session: of those that go on, and of those that are over."""

    live: dict[str, Record]
    over: dict[str, Record]


class Keeper:
    """Owns the spool folder of one gateway."""

    def __init__(self, world: World, settings: RecorderSettings) -> None:
        self._world = world
        self._settings = settings

    def recorder(self, session: Session, forward: Forward | None = None) -> Record:
        """Return the record of a session that begins: of its connections if it is a forward."""
        clock, keys = self._world.clock, self._world.keys
        if forward is not None:
            return ForwardRecorder(session, forward, self._settings, (clock, keys))
        return Recorder(session, self._settings, clock, keys)

    async def _recorder(self, session: Session) -> Record:
        return self.recorder(session, await forward_of(self._world, session))

    def session_ids(self) -> set[str]:
        """Return the sessions that the spool holds something of."""
        return {name.session_id for name in spool_files(self._settings.spool)}

    async def keep(self, account_id: str, session_id: str, paths: list[Path]) -> None:
        """Put sealed files into the store, and remove each once it is durable there.

        Tries until it succeeds; the spool keeps what is not kept yet over a restart.
        """
        for path in paths:
            _, _, index = path.stem.rpartition(".")
            await self._put_at_last(segment_key(account_id, session_id, int(index)), path)

    async def _put_at_last(self, key: str, path: Path) -> None:
        while True:
            if await self._put(key, path):
                return
            await anyio.sleep(_RETRY_S)

    async def _put(self, key: str, path: Path) -> bool:
        try:
            content = await anyio.to_thread.run_sync(path.read_bytes)
            try:
                await self._world.blobs.put(key, content)
            except AlreadyExists:
                kept = await self._world.blobs.get(key, max_bytes=MAX_SEGMENT_BYTES)
                if kept != content:
                    # Both are evidence: the file stays, out of the way of a next start.
                    _log.error("segment_differs", extra={"path": key})
                    await anyio.to_thread.run_sync(path.rename, path.with_suffix(".differs"))
                    return True
            await anyio.to_thread.run_sync(path.unlink)
        except FileNotFoundError:
            _log.exception("segment_gone", extra={"path": key})
            return True
        except OSError:
            _log.warning("segment_not_kept", exc_info=True, extra={"path": key})
            return False
        return True

    async def recover(
        self, live: dict[str, Session], find: Callable[[str], Session | None]
    ) -> Recovered:
        """Take up what a dead process left.

        ``find`` returns sessions that are over, whose open files are sealed now.
        """
        recorders = {
            session_id: await self._recorder(session) for session_id, session in live.items()
        }
        over: dict[str, Record] = {}
        for name in spool_files(self._settings.spool):
            session = live.get(name.session_id) or find(name.session_id)
            if session is None:
                _log.error("spool_of_unknown_session", extra={"path": name.path.name})
                continue
            recorder = recorders.get(name.session_id) or over.get(name.session_id)
            if recorder is None:
                recorder = over[name.session_id] = await self._recorder(session)
            await self._take_up(recorder, name, session)
        for session_id, recorder in recorders.items():
            await self._continue(recorder, live[session_id])
        for session_id, recorder in over.items():
            session = find(session_id)
            if session is None:
                continue
            await self._continue(recorder, session)
            recorder.finish(session.details or "the server stopped")
        return Recovered(live=recorders, over=over)

    async def _take_up(self, recorder: Record, name: SpoolName, session: Session) -> None:
        data = await anyio.to_thread.run_sync(name.path.read_bytes)
        if name.index > 0 and not recorder.remembers and len(data) < _WINDOW_BYTES:
            await self._remember(recorder, session, name.index - 1)
        try:
            if is_sealed(data):
                recorder.continue_after(data, name.index)
                recorder.segments.add_sealed(name.path)
            else:
                recorder.resume(name.path, name.index)
        except RemoteProtocolError:
            aside = name.path.with_suffix(".unreadable")
            _log.exception("spool_unreadable", extra={"path": aside.name})
            await anyio.to_thread.run_sync(name.path.rename, aside)

    async def _remember(self, recorder: Record, session: Session, index: int) -> None:
        """Read the segment before the spool's first: the node may send its last frames again."""
        key = segment_key(session.account_id, session.session_id, index)
        content = await self._world.blobs.get(key, max_bytes=MAX_SEGMENT_BYTES)
        if content is not None:
            recorder.remember(content, index)

    async def _continue(self, recorder: Record, session: Session) -> None:
        """Go on after the last segment that is kept, when the spool does not go beyond it."""
        if recorder.segments.is_open:
            return
        blobs = self._world.blobs
        keys = await blobs.keys(recording_prefix(session.account_id, session.session_id))
        index = segment_index(keys[-1]) if keys else -1
        if index < recorder.segments.next_index:
            return
        content = await blobs.get(keys[-1], max_bytes=MAX_SEGMENT_BYTES)
        if content is not None:
            recorder.continue_after(content, index)
