"""Back-off: the limit doubles up to the cap, and the dice decide below it."""

import pytest

from mooring.net.retry import Backoff


def test_the_limit_doubles_up_to_the_cap() -> None:
    backoff = Backoff(1, 10)

    limits = [backoff.next_delay(1) for _ in range(6)]

    assert limits == [1, 2, 4, 8, 10, 10]


def test_the_dice_choose_any_part_of_the_limit() -> None:
    backoff = Backoff(4, 100)

    delays = [backoff.next_delay(random) for random in (0.0, 0.5, 0.25)]

    assert delays == [0, 4, 4]


def test_success_starts_over() -> None:
    backoff = Backoff(1, 10)
    backoff.next_delay(0.5)

    backoff.reset()

    assert backoff.next_delay(1) == 1


@pytest.mark.parametrize(("base_s", "cap_s"), [(0, 1), (2, 1), (-1, 1)])
def test_limits_that_make_no_sense_are_refused(base_s: float, cap_s: float) -> None:
    with pytest.raises(ValueError, match="expected 0 < base <= cap"):
        Backoff(base_s, cap_s)
