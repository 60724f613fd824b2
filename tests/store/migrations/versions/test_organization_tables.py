"""The tables of organizations are made, and can be taken away again."""

import sqlite3
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from mooring.store.migrations.versions.organization_tables import down_revision


def names(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    return {row[0] for row in rows if row[0].startswith("organization")}


def test_going_back_forgets_organizations_and_no_account(database: Path) -> None:
    assert names(database) == {
        "organizations",
        "organization_attachments",
        "organization_members",
        "organization_policies",
        "organization_requests",
        "organization_units",
    }
    engine = create_engine(f"sqlite:///{database}")
    config = Config()
    with (
        resources.as_file(resources.files("mooring.store") / "migrations") as scripts,
        engine.begin() as connection,
    ):
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.downgrade(config, down_revision)
    engine.dispose()

    assert names(database) == set()
