"""Guessing slows down by key, recovers by time or success, and remembers a bounded number."""

from datetime import UTC, datetime, timedelta

import pytest

from mooring.operations.throttle import Throttle, address_key

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def after(**by: float) -> datetime:
    return NOW + timedelta(**by)


def test_some_attempts_are_free_and_then_each_doubles_the_wait() -> None:
    throttle = Throttle()

    free = [throttle.attempt("a", NOW, free=3) for _ in range(3)]
    waits = [throttle.attempt("a", NOW, free=3)]
    waits.append(throttle.attempt("a", after(seconds=29), free=3))
    late = throttle.attempt("a", after(seconds=30), free=3)
    waits.append(throttle.attempt("a", after(seconds=30), free=3))

    assert free == [timedelta()] * 3
    assert late == timedelta()
    assert waits == [timedelta(seconds=30), timedelta(seconds=1), timedelta(seconds=60)]


def test_the_wait_has_an_end() -> None:
    throttle = Throttle()
    now = NOW
    for _ in range(40):
        now += throttle.attempt("a", now, free=1)

    assert throttle.attempt("a", now, free=1) <= timedelta(minutes=15)


def test_keys_do_not_wait_for_each_other() -> None:
    throttle = Throttle()
    for _ in range(2):
        throttle.attempt("a", NOW, free=1)

    assert throttle.attempt("b", NOW, free=1) == timedelta()


def test_success_forgets_and_forgiveness_takes_one_back() -> None:
    throttle = Throttle()
    throttle.attempt("a", NOW, free=1)
    throttle.succeeded("a")
    throttle.attempt("b", NOW, free=1)
    throttle.forgive("b")
    throttle.forgive("nobody")

    assert throttle.attempt("a", NOW, free=1) == timedelta()
    assert throttle.attempt("b", NOW, free=1) == timedelta()
    assert throttle.attempt("b", NOW, free=1) > timedelta()


def test_time_forgets() -> None:
    throttle = Throttle()
    for _ in range(3):
        throttle.attempt("a", NOW, free=3)

    assert throttle.attempt("a", after(hours=1), free=1) == timedelta()


def test_only_so_many_keys_are_remembered_the_latest_ones() -> None:
    throttle = Throttle(capacity=2)
    for key in ("a", "b", "c"):
        throttle.attempt(key, NOW, free=1)

    assert throttle.attempt("c", NOW, free=1) > timedelta()
    assert throttle.attempt("a", NOW, free=1) == timedelta()


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("", "a socket", False),
    ],
)
def test_a_subnet_of_ipv6_is_one_address(one: str, other: str, is_same: bool) -> None:  # noqa: FBT001
    assert (address_key(one) == address_key(other)) is is_same
