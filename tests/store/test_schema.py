"""Columns hold what both raw drivers take, and every key begins with the account."""

import pytest
from sqlalchemy import BigInteger, LargeBinary, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from mooring.store.schema import METADATA

TABLES = METADATA.tables
POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # sqlalchemy types it not


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
