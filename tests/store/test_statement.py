"""No statement lacks its account; every one compiles for both databases, and pages by an index."""

import importlib
import pkgutil
import re
import sqlite3

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

import mooring.store
from mooring.store import schema
from mooring.store.every_table import METADATA
from mooring.store.statement import (
    AccountStatement,
    account_statement,
    delete_where,
    insert_row,
    put_row,
    select_where,
)

MODULES = [
    importlib.import_module(f"mooring.store.{module.name}")
    for module in pkgutil.iter_modules(mooring.store.__path__)
    if module.name != "migrations"
]
STATEMENTS = {
    f"{module.__name__}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, AccountStatement)
}
BY_ACCOUNT = re.compile(r"WHERE \(?\w+\.account_id = :account_id")
TABLES = list(METADATA.tables)


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_is_bound_to_its_account(name: str) -> None:
    text = STATEMENTS[name].text

    if text.startswith("INSERT"):
        assert text.partition("(")[2].startswith("account_id,")
        assert "VALUES (:account_id," in text
    else:
        assert BY_ACCOUNT.search(text)


def test_there_are_statements_for_all_tables() -> None:
    text = "\n".join(statement.text for statement in STATEMENTS.values())

    assert [name for name in TABLES if name not in text] == []


def test_a_statement_without_an_account_is_refused() -> None:
    with pytest.raises(ValueError, match="binds `account_id`"):
        account_statement(select(schema.NODES))


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_that_looks_up_rows_uses_an_index(
    connection: sqlite3.Connection, name: str
) -> None:
    text = STATEMENTS[name].text
    values = dict.fromkeys(re.findall(r":(\w+)", text), 1)

    plan = "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values))

    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("name", TABLES)
def test_upserts_and_inserts_compile_for_postgresql(name: str) -> None:
    table = METADATA.tables[name]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # sqlalchemy types it not

    upsert = str(put_row(table, dialect="postgresql").compile(dialect=dialect))
    insert = str(insert_row(table, dialect="postgresql").compile(dialect=dialect))
    others = [select_where(table), delete_where(table)]

    assert "ON CONFLICT (" in upsert
    assert "ON CONFLICT" not in insert
    assert all("account_id = %(account_id)s" in str(c.compile(dialect=dialect)) for c in others)
