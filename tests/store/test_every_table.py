"""No table is forgotten, columns hold what both raw drivers take, keys begin with the account."""

import pkgutil

import pytest
from sqlalchemy import BigInteger, LargeBinary, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

import mooring.store
from mooring.store.every_table import METADATA, SCHEMAS

TABLES = METADATA.tables
POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # sqlalchemy types it not


def test_every_module_of_tables_is_listed() -> None:
    modules = {
        f"mooring.store.{module.name}" for module in pkgutil.iter_modules(mooring.store.__path__)
    }

    assert {schema.__name__ for schema in SCHEMAS} == {
        name for name in modules if name.startswith("mooring.store.schema")
    }


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_integers_texts_and_bytes(name: str) -> None:
    kinds = {type(column.type) for column in TABLES[name].c}

    assert kinds <= {BigInteger, Text, LargeBinary}


@pytest.mark.parametrize("name", TABLES)
def test_keys_and_indexes_begin_with_the_account(name: str) -> None:
    table = TABLES[name]
    indexes = [list(table.primary_key), *(list(index.columns) for index in table.indexes)]

    assert {columns[0].name for columns in indexes} == {"account_id"}


@pytest.mark.parametrize("name", TABLES)
def test_postgresql_compares_texts_by_code_point_and_counts_no_keys(name: str) -> None:
    text = str(CreateTable(TABLES[name]).compile(dialect=POSTGRESQL))

    assert 'account_id TEXT COLLATE "C" NOT NULL' in text
    assert "SERIAL" not in text
