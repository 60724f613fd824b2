"""The second script keeps what the first version knew."""

import sqlite3
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from mooring.store.migrate import migrate


def at_first_version(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    with (
        resources.as_file(resources.files("mooring.store") / "migrations") as scripts,
        engine.begin() as connection,
    ):
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()


def test_every_policy_there_is_becomes_its_own_version_1(tmp_path: Path) -> None:
    path = tmp_path / "mooring.db"
    at_first_version(path)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO policies VALUES ('1', 'arn:p', 'p', 'P', '/', 'ANPA', '{}', '', 5, 7)"
        )
    connection.close()

    migrate(path)

    connection = sqlite3.connect(path)
    policies = connection.execute(
        "SELECT default_version, last_version, tags FROM policies"
    ).fetchall()
    versions = connection.execute("SELECT * FROM policy_versions").fetchall()
    connection.close()
    assert policies == [(1, 1, "{}")]
    assert versions == [("1", "arn:p", 1, "{}", 7)]
