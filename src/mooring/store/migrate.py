"""Bringing a database to the schema this version speaks, from the scripts in the package."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

__all__ = ["migrate"]


def migrate(path: Path, *, busy_timeout_s: float = 5.0) -> None:
    """Run every migration that the database lacks, all in one transaction or none.

    Raises:
        sqlite3.Error: the database refused.
        alembic.util.CommandError: the database was written by a newer version.
    """
    engine = _engine(path, busy_timeout_s)
    config = Config()
    try:
        with (
            resources.as_file(resources.files("mooring.store") / "migrations") as scripts,
            engine.begin() as connection,
        ):
            config.set_main_option("script_location", str(scripts).replace("%", "%%"))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as exc:
        raise sqlite3.OperationalError(str(exc.orig)) from exc
    finally:
        engine.dispose()


def _engine(path: Path, busy_timeout_s: float) -> Engine:
    """Make an engine whose transactions hold DDL too: the driver would commit around it."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": busy_timeout_s, "isolation_level": None},
        poolclass=NullPool,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
