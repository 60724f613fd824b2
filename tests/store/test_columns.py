"""A column refuses what is missing, unless it says otherwise."""

from mooring.store.columns import binary, integer, optional_time, text, time


def test_only_an_optional_time_may_be_missing() -> None:
    columns = [binary("a"), integer("b"), text("c"), time("d"), optional_time("e")]

    assert [column.name for column in columns if column.nullable] == ["e"]


def test_the_database_counts_no_keys() -> None:
    assert integer("sequence").autoincrement is False
