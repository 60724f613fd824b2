"""A stock agent that waits for an acknowledgement its client will not send again is freed."""

from mooring.gateway.rescue import Rescue

ID = b"0123456789abcdef"


def test_nothing_is_counted_at_first() -> None:
    assert Rescue().is_idle


def test_a_frame_sent_three_times_and_two_answers_is_one_that_the_client_had() -> None:
    rescue = Rescue()

    asks = [rescue.repeated(7, ID) for _ in range(3)]
    answers = [rescue.answered(), rescue.answered()]

    assert asks == [False, False, True]
    assert answers == [[], [(7, ID)]]
    assert rescue.is_idle


def test_an_answer_to_a_ping_before_the_third_time_counts_for_nothing() -> None:
    rescue = Rescue()
    rescue.repeated(7, ID)

    early = [rescue.answered() for _ in range(5)]

    assert early == [[]] * 5


def test_a_frame_that_is_acknowledged_after_all_is_forgotten() -> None:
    rescue = Rescue()
    for _ in range(3):
        rescue.repeated(7, ID)

    rescue.acknowledged(7)

    assert rescue.answered() == []
    assert rescue.is_idle


def test_what_is_counted_is_bounded() -> None:
    rescue = Rescue()

    for number in range(10_000):
        rescue.repeated(number, ID)
        rescue.repeated(number, ID)

    assert sum(rescue.repeated(number, ID) for number in range(10_000)) <= 64
