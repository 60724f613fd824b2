"""When to dial again and when to give up, as values."""

import pytest

from mooring.agent.patience import Ending, Outcome, Patience, Pulse, reason_delay_s, wait

SILENT = Outcome(ending=Ending.UNANSWERED, reason="silence")
CLOSED = Outcome(ending=Ending.DENIED, reason="closed")


@pytest.mark.parametrize("random", [0.0, 0.5, 0.999])
def test_silence_is_tried_again_within_a_second_and_at_once_on_a_change(random: float) -> None:
    pause = wait(SILENT, random)

    assert pause.delay_s <= 1
    assert pause.ends_on_change


def test_nodes_that_a_server_closed_spread_over_20_seconds() -> None:
    delays = [wait(CLOSED, number / 10_000).delay_s for number in range(10_000)]

    in_the_first_second = sum(delay < 1 for delay in delays)
    assert max(delays) <= 20
    assert 450 < in_the_first_second < 550


def test_the_server_may_name_another_spread() -> None:
    outcome = Outcome(ending=Ending.DENIED, reason="closed", spread_s=2)

    assert wait(outcome, 0.5).delay_s == 1


def test_the_server_may_say_when_and_the_network_has_no_say_in_it() -> None:
    outcome = Outcome(ending=Ending.DENIED, reason="closed", delay_s=7)

    pause = wait(outcome, 0.5)

    assert pause.delay_s == 7
    assert not pause.ends_on_change


def test_never_waits_nothing_at_all_after_a_refusal() -> None:
    assert wait(CLOSED, 0.0).delay_s > 0


@pytest.mark.parametrize(
    ("reason", "delay_s"),
    [("retry-after-ms=1500", 1.5), ("bye; retry-after-ms=0", 0.0), ("bye", None), ("", None)],
)
def test_reads_when_to_come_back(reason: str, delay_s: float | None) -> None:
    assert reason_delay_s(reason) == delay_s


def test_a_line_is_dead_after_40_seconds_of_silence() -> None:
    pulse = Pulse()

    assert not pulse.is_dead(100.0, 139.9)
    assert pulse.is_dead(100.0, 140.0)


def test_a_doubted_line_is_dead_when_it_does_not_answer_within_5_seconds() -> None:
    pulse = Pulse()

    assert pulse.suspect(110.0)

    assert not pulse.is_dead(100.0, 114.9)
    assert pulse.is_dead(100.0, 115.0)


def test_an_answer_ends_the_doubt() -> None:
    pulse = Pulse()
    pulse.suspect(110.0)

    assert not pulse.is_dead(110.5, 130.0)
    assert pulse.deadline(110.5) == 150.5
    assert pulse.suspect(131.0)


def test_asks_once_until_there_is_an_answer() -> None:
    pulse = Pulse()

    assert pulse.suspect(110.0)
    assert not pulse.suspect(111.0)


def patience() -> Patience:
    return Patience(refused_s=300, unanswered_s=86_400, first_s=60)


def test_silence_is_borne_longer_than_refusals() -> None:
    mine = patience()
    mine.succeeded()

    assert not mine.is_over(Ending.UNANSWERED, 0)
    assert not mine.is_over(Ending.UNANSWERED, 80_000)
    assert mine.is_over(Ending.DENIED, 80_000)


def test_the_first_connection_is_waited_for_a_minute() -> None:
    mine = patience()

    assert not mine.is_over(Ending.UNANSWERED, 0)
    assert mine.is_over(Ending.UNANSWERED, 60)


def test_success_makes_patient_again() -> None:
    mine = patience()
    mine.is_over(Ending.DENIED, 0)

    mine.succeeded()

    assert not mine.is_over(Ending.DENIED, 299)


def test_a_hurry_counts_from_its_beginning() -> None:
    mine = patience()
    mine.succeeded()

    mine.hurry(10, 1000)

    assert not mine.is_over(Ending.UNANSWERED, 1009)
    assert mine.is_over(Ending.UNANSWERED, 1010)
