"""Blobs as files below one directory.

Plain files, and not obstore's ``LocalStore``: that one puts if absent, too, but calls no
``fsync`` at all, neither on the file nor on its directory, so a recording could be gone after a
power cut although ``put`` had returned. Stores over the network go through obstore.

A blob is written beside its place under a name that no key can have, synced, and then linked to
its key, which the system does only where nothing is yet: a blob is whole or not there, and the
first to come stays. A crash in between leaves a file that no key reaches and ``keys`` skips.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio
import anyio.to_thread

from mooring.ports.store import AlreadyExists

__all__ = ["DirectoryBlobs"]

_KEY = re.compile(r"[A-Za-z0-9._+=,@-]{1,200}(?:/[A-Za-z0-9._+=,@-]{1,200})*")
_PREFIX = re.compile(r"[A-Za-z0-9._/+=,@-]*")
_MAX_KEY = 1024
_THREADS = 4


class DirectoryBlobs:
    """The ``BlobStore`` port on a directory, which is made for its owner alone when missing."""

    def __init__(self, path: Path) -> None:
        self._root = path
        self._limiter = anyio.CapacityLimiter(_THREADS)

    async def put(self, key: str, content: bytes) -> None:
        """Keep ``content`` under ``key``; durable when this returns.

        A caller that is cancelled waits for the end of it.

        Raises:
            AlreadyExists: the key is taken.
            ValueError: no such key can be, or a part of its path is a blob.
        """
        place = self._place(key)
        await anyio.to_thread.run_sync(self._put, place, content, limiter=self._limiter)

    async def get(self, key: str, *, max_bytes: int) -> bytes | None:
        """Return the content, or None.

        Raises:
            ValueError: it is larger than ``max_bytes``, or no such key can be.
        """
        place = self._place(key)
        return await anyio.to_thread.run_sync(_get, place, max_bytes, limiter=self._limiter)

    async def keys(self, prefix: str) -> Sequence[str]:
        """Return the keys under ``prefix``, sorted.

        Raises:
            ValueError: no key can begin so.
        """
        if not _PREFIX.fullmatch(prefix) or not _is_inside(prefix):
            raise ValueError(f"expected the beginning of a key, got `{prefix!r}`")
        return await anyio.to_thread.run_sync(self._keys, prefix, limiter=self._limiter)

    def _place(self, key: str) -> Path:
        if len(key) > _MAX_KEY or not _KEY.fullmatch(key) or not _is_inside(key):
            raise ValueError(
                f"expected a key of letters, digits, `._/+=,@-`, without empty parts, got `{key!r}`"
            )
        return self._root / key

    def _put(self, place: Path, content: bytes) -> None:
        self._make_directory(place.parent)
        draft = place.with_name(f"#{secrets.token_hex(8)}")
        try:
            _write_durably(draft, content)
            os.link(draft, place, follow_symlinks=False)
        except FileExistsError as exc:
            raise AlreadyExists(f"blob `{place.relative_to(self._root)}`") from exc
        finally:
            draft.unlink(missing_ok=True)
        _sync_directory(place.parent)

    def _make_directory(self, directory: Path) -> None:
        """Make the directory and those above it, each synced into the one that holds it."""
        if directory.is_dir():
            return
        if directory != self._root:
            self._make_directory(directory.parent)
        try:
            directory.mkdir(mode=0o700, parents=directory == self._root)
        except FileExistsError as exc:
            if not directory.is_dir():
                raise ValueError(
                    f"expected a directory, got the blob `{directory.relative_to(self._root)}`"
                ) from exc
        _sync_directory(directory.parent)

    def _keys(self, prefix: str) -> list[str]:
        start = self._root / prefix.rpartition("/")[0]
        found = (path.relative_to(self._root).as_posix() for path in _files(start))
        return sorted(key for key in found if key.startswith(prefix))


def _is_inside(key: str) -> bool:
    return not {".", ".."} & set(key.split("/")) and not key.startswith("/")


def _write_durably(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _get(place: Path, max_bytes: int) -> bytes | None:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with open(descriptor, "rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"expected at most {max_bytes} bytes, got more in `{place.name}`")
    return content


def _files(directory: Path) -> Iterator[Path]:
    """Walk the files that are blobs; what vanishes meanwhile is passed over."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(directory) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            elif entry.is_file(follow_symlinks=False) and not entry.name.startswith("#"):
                yield Path(entry.path)
