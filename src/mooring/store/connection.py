"""Raw SQLite connections with the settings that durability and snapshots ask for."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from mooring.ports.store import StoreUnavailable

__all__ = ["connect_reader", "connect_writer", "is_refusal", "make_private", "unavailable"]

_STATEMENTS_KEPT = 256


def make_private(path: Path) -> None:
    """Make the database file, when there is none, for its owner alone.

    SQLite gives its side files (``-wal``, ``-shm``) the mode of the database.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def connect_writer(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """Open the connection that writes: WAL, and each commit on the disk before it returns."""
    connection = _connect(path, busy_timeout_s)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def connect_reader(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """Open a connection that refuses every change."""
    connection = _connect(path, busy_timeout_s)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    # isolation_level None: the driver begins no transaction by itself. One thread at a time
    # uses a connection, but not always the same one.
    return sqlite3.connect(
        path,
        timeout=busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_KEPT,
    )


def is_refusal(error: BaseException) -> bool:
    """Tell the database's troubles (busy, full, unreadable) from faults of the program."""
    # Damage comes as plain DatabaseError; its other subclasses are about the statement.
    refusals = (sqlite3.OperationalError, sqlite3.InternalError)
    return isinstance(error, refusals) or type(error) is sqlite3.DatabaseError


def unavailable(cause: BaseException) -> StoreUnavailable:
    """Say that the database refused, and why."""
    error = StoreUnavailable(f"the database refused: {cause}")
    error.__cause__ = cause
    return error
