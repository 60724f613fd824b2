"""The script makes its table and takes it away again, and nothing else."""

from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from mooring.store.migrations.versions.oidc_tables import down_revision, revision


def tables_at(path: Path, *revisions: str) -> set[str]:
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
        names = set(inspect(connection).get_table_names())
    engine.dispose()
    return names


def test_its_table_comes_and_goes(tmp_path: Path) -> None:
    before = tables_at(tmp_path / "a", down_revision)
    after = tables_at(tmp_path / "b", revision)
    undone = tables_at(tmp_path / "c", revision, down_revision)

    assert after - before == {"oidc_providers"}
    assert undone == before
