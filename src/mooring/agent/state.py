"""The folder where an agent keeps what must outlive it: mode 0700, each file 0600.

A file is replaced whole or not at all: written aside, forced to the disk, then renamed.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["StateDir"]

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_MAX_FILE = 1024 * 1024


class StateDir:
    """The state of one agent."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def sessions(self) -> Path:
        """The folder that says which sessions are alive."""
        return self.path / "sessions"

    @property
    def ca_file(self) -> Path:
        """The authority that was pinned at registration, if any."""
        return self.path / "ca.pem"

    def create(self) -> None:
        """Make the folders, closed to everybody else."""
        for folder in (self.path, self.sessions):
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            folder.chmod(_FOLDER_MODE)

    def write(self, name: str, data: bytes) -> None:
        """Replace a file; after a power cut there is the old one or the new one."""
        target = self.path / name
        # Several processes may write the same file, each beside it under a name of its own.
        aside = self.path / f".{name}.{os.getpid()}"
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _FILE_MODE)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, _FILE_MODE)
                file.write(data)
                file.flush()
                os.fsync(handle)
            aside.replace(target)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        self._settle()

    def _settle(self) -> None:
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; None if there is none."""
        try:
            with (self.path / name).open("rb") as file:
                return file.read(_MAX_FILE)
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Take a file away."""
        with contextlib.suppress(FileNotFoundError):
            (self.path / name).unlink()
