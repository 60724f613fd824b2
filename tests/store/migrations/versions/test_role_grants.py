"""The script adds its columns and takes them away again."""

from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from mooring.store.migrations.versions.role_grants import (
    COLUMNS,
    TABLES,
    down_revision,
    revision,
)


def columns_at(path: Path, *revisions: str) -> set[tuple[str, str]]:
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    with (
        resources.as_file(resources.files("mooring.store") / "migrations") as scripts,
        engine.begin() as connection,
    ):
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, revisions[0])
        for back in revisions[1:]:
            command.downgrade(config, back)
        names = {
            (table, column["name"])
            for table in TABLES
            for column in inspect(connection).get_columns(table)
        }
    engine.dispose()
    return names


def test_its_columns_come_and_go(tmp_path: Path) -> None:
    before = columns_at(tmp_path / "a", down_revision)
    after = columns_at(tmp_path / "b", revision)
    undone = columns_at(tmp_path / "c", revision, down_revision)

    assert after - before == {(table, name) for table in TABLES for name in COLUMNS}
    assert undone == before
