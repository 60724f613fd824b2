"""The scripts lead to the schema, once, whole or not at all."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import create_engine

from mooring.store.every_table import METADATA
from mooring.store.migrate import migrate


def test_the_scripts_lead_to_the_schema(database: Path) -> None:
    engine = create_engine(f"sqlite:///{database}")

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)

    engine.dispose()
    assert differences == []


def test_migrating_again_changes_nothing(database: Path) -> None:
    before = database.read_bytes()

    migrate(database)

    assert database.read_bytes() == before


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mooring.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sessions (mine TEXT)")
    connection.close()

    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(path)

    connection = sqlite3.connect(path)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    connection.close()
    assert names == ["sessions"]


def test_a_database_of_a_newer_version_is_left_alone(
    database: Path, connection: sqlite3.Connection
) -> None:
    connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(CommandError, match="9999"):
        migrate(database)
