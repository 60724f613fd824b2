"""A column refuses what is missing, unless it says otherwise."""

from mooring.store.columns import binary, integer, optional_time, text, time


def test_only_an_optional_time_may_be_missing() -> None:
    required = [text("a").nullable, integer("b").nullable, binary("c").nullable, time("d").nullable]

    assert required == [False] * 4
    assert optional_time("e").nullable


def test_the_database_counts_no_keys() -> None:
    assert integer("sequence").autoincrement is False
