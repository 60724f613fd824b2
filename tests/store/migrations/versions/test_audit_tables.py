"""A chain of events from before the heads verifies after the migration, and goes on."""

import hashlib
import json
import sqlite3
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from tests.contracts.rows import ACCOUNT, an_event

from mooring.store.audit import AuditTable
from mooring.store.migrate import migrate

ZEROS = "0" * 64


def at_version_before(path: Path) -> None:
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


def test_events_that_were_there_keep_their_hashes(tmp_path: Path) -> None:
    path = tmp_path / "mooring.db"
    at_version_before(path)
    connection = sqlite3.connect(path)
    names = [row[1] for row in connection.execute("PRAGMA table_info(audit_events)")]
    event = dict.fromkeys(names, "") | {"account_id": ACCOUNT, "sequence": 1, "writer": "w"}
    event |= {"time": 5, "read_only": 1, "resources": "[]", "request": "{}"}
    hashed = {name: event[name] for name in names if name not in ("previous_hash", "hash")}
    canonical = json.dumps(hashed, sort_keys=True, separators=(",", ":"))
    event["previous_hash"] = ZEROS
    event["hash"] = hashlib.sha256((ZEROS + canonical).encode()).hexdigest()
    places = ",".join(f":{name}" for name in names)
    connection.execute(f"INSERT INTO audit_events VALUES ({places})", event)  # noqa: S608 - names of ours
    connection.commit()
    connection.close()

    migrate(path)

    connection = sqlite3.connect(path)
    table = AuditTable(connection, ACCOUNT, "w")
    table.append(an_event())
    assert table.verify() == 2
    assert table.page(before=2, limit=1)[0][1].request_id == ""
    connection.close()
