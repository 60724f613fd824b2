"""Times keep every microsecond, and values cannot name another account."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.rows import ACCOUNT, OTHER, TAGS, a_node

from mooring.store.nodes import NodeTable
from mooring.store.rows import AccountRows, from_micros, from_tags, to_micros, to_tags
from mooring.store.schema import NODES
from mooring.store.statement import account_statement, select_where


@given(time=st.datetimes(timezones=st.just(UTC)))
def test_times_keep_every_microsecond(time: datetime) -> None:
    assert from_micros(to_micros(time)) == time


def test_times_count_from_1970_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))

    assert to_micros(datetime(1970, 1, 1, 9, 0, 0, 7, tzinfo=tokyo)) == 7


@given(tags=TAGS)
def test_tags_are_ascii_texts(tags: dict[str, str]) -> None:
    text = to_tags(tags)

    assert text.isascii()
    assert "\0" not in text
    assert from_tags(text) == tags


def test_a_value_cannot_stand_for_the_account(connection: sqlite3.Connection) -> None:
    NodeTable(connection, ACCOUNT).put(a_node())
    statement = account_statement(select_where(NODES))

    rows = AccountRows(connection, OTHER).all(statement, account_id=ACCOUNT)

    assert rows == []
