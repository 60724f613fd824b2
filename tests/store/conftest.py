"""A migrated database and a raw connection to it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.store.connection import connect_writer
from mooring.store.migrate import migrate


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "mooring.db"
    migrate(path)
    return path


@pytest.fixture
def connection(database: Path) -> Iterator[sqlite3.Connection]:
    opened = connect_writer(database, busy_timeout_s=1.0)
    yield opened
    opened.close()
