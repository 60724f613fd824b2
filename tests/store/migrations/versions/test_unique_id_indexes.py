"""The indexes come, and go again."""

import sqlite3
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from mooring.store.migrate import migrate
from mooring.store.migrations.versions.unique_id_indexes import down_revision


def names(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
    connection.close()
    return {name for (name,) in found}


def test_the_indexes_come_and_go(tmp_path: Path) -> None:
    path = tmp_path / "mooring.db"
    migrate(path)
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    before = names(path)

    with (
        resources.as_file(resources.files("mooring.store") / "migrations") as scripts,
        engine.begin() as connection,
    ):
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.downgrade(config, down_revision)
    engine.dispose()

    assert before - names(path) >= {"users_by_id", "roles_by_id"}
