"""Every table that says its rows belong to a user or a group is covered by a renaming."""

import sqlite3

from tests.contracts.rows import ACCOUNT, a_key, a_user

from mooring.iam.identity import EntityKind
from mooring.store.every_table import METADATA
from mooring.store.transaction import AccountTransaction

NAMES = ("user_key", "group_key", "entity_key")


def test_no_table_that_hangs_on_a_name_keeps_the_old_one(connection: sqlite3.Connection) -> None:
    tables = {
        name: column
        for name, table in METADATA.tables.items()
        for column in NAMES
        if column in table.c and column != "group_key"
    }
    for name, column in tables.items():
        row = {
            made.name: {"account_id": ACCOUNT, column: "ann", "entity_kind": "user"}.get(
                made.name, b"" if "BLOB" in str(made.type) else 0 if "INT" in str(made.type) else ""
            )
            for made in METADATA.tables[name].c
        }
        marks = ", ".join(f":{key}" for key in row)
        connection.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608 - from the schema

    AccountTransaction(connection, ACCOUNT, "test").identities.rename(EntityKind.USER, "Ann", "Zoe")

    left = [
        name
        for name, column in tables.items()
        if connection.execute(f"SELECT 1 FROM {name} WHERE {column} = 'ann'").fetchone()  # noqa: S608 - from the schema
    ]
    assert left == []
    assert {"access_keys", "group_members", "inline_policies", "attachments"} <= tables.keys()


def test_a_group_takes_its_members_and_policies_along(connection: sqlite3.Connection) -> None:
    tx = AccountTransaction(connection, ACCOUNT, "test")
    tx.identities.put_user(a_user("Ann"))
    tx.groups.add_member("Ops", "Ann")
    tx.identities.attach(EntityKind.GROUP, "Ops", "arn:1")
    tx.identities.attach(EntityKind.USER, "Ops", "arn:2")
    tx.identities.put_access_key(a_key(user_name="Ops"))

    tx.identities.rename(EntityKind.GROUP, "OPS", "Web")

    assert tx.groups.members("web", after="", limit=9) == [a_user("Ann")]
    assert tx.identities.attached(EntityKind.GROUP, "WEB").managed == ("arn:1",)
    assert tx.identities.attached(EntityKind.USER, "ops").managed == ("arn:2",)
    assert [key.user_name for key in tx.identities.access_keys("ops")] == ["Ops"]
