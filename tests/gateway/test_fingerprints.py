"""A repeat is told from a second version, and memory stays within its bound."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from mooring.gateway.fingerprints import Fingerprints, Repeat

KEY = b"a key"


def known(*texts: bytes, start: int = 0) -> Fingerprints:
    made = Fingerprints(KEY)
    made.start(start)
    for number, text in enumerate(texts, start):
        made.add(number, text)
    return made


def test_the_same_bytes_are_the_same() -> None:
    made = known(b"one", b"", b"three")

    assert [made.compare(at, text) for at, text in enumerate([b"one", b"", b"three"])] == [
        Repeat.SAME,
        Repeat.SAME,
        Repeat.SAME,
    ]


def test_one_byte_more_or_less_is_another_frame() -> None:
    made = known(b"one", b"")

    assert made.compare(0, b"one\0") is Repeat.OTHER
    assert made.compare(0, b"") is Repeat.OTHER
    assert made.compare(1, b"\0") is Repeat.OTHER


def test_what_was_never_added_is_forgotten() -> None:
    made = known(b"one", start=5)

    assert made.compare(4, b"one") is Repeat.FORGOTTEN
    assert made.compare(6, b"one") is Repeat.FORGOTTEN
    assert made.compare(5, b"one") is Repeat.SAME


def test_a_key_of_its_own_makes_digests_of_its_own() -> None:
    here, there = Fingerprints(b"here"), Fingerprints(b"there")
    here.add(0, b"text")
    there.add(0, b"text")

    assert here._row != there._row


@given(st.permutations(range(8)))
def test_frames_may_come_in_any_order(order: list[int]) -> None:
    made = Fingerprints(KEY)

    for number in order:
        made.add(number, b"%d" % number)

    assert len(made) == 8
    assert all(made.compare(number, b"%d" % number) is Repeat.SAME for number in range(8))
    assert all(made.compare(number, b"x") is Repeat.OTHER for number in range(8))


@given(st.integers(1, 40), st.integers(1, 200))
def test_the_newest_are_kept_and_the_oldest_forgotten(most: int, count: int) -> None:
    made = Fingerprints(KEY, most=most)

    for number in range(count):
        made.add(number, b"%d" % number)

    assert min(count, most) <= len(made) <= most + most // 8
    for number in range(count):
        expected = Repeat.SAME if number >= count - len(made) else Repeat.FORGOTTEN
        assert made.compare(number, b"%d" % number) is expected


def test_a_long_session_holds_three_megabytes_at_most() -> None:
    tracemalloc.start()
    try:
        made = Fingerprints(KEY)
        for number in range(150_000):
            made.add(number, b"x")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < 3 * 1024 * 1024
    assert len(made) <= 112_500
