"""A walk goes on until enough rows fit, and says whether there are more."""

from collections.abc import Callable

import pytest
from tests.fakes.world import FakeWorld

from mooring.operations.call import Call
from mooring.operations.paging import Walk, collect

NUMBERS = list(range(1, 2001))


class Table:
    """Counts up, and remembers how it was read."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = numbers
        self.asked: list[tuple[int, int]] = []

    def walk(self) -> Walk[int, int]:
        def page(_tx: object, after: int, size: int) -> list[int]:
            self.asked.append((after, size))
            return [number for number in self._numbers if number > after][:size]

        return Walk(page=page, key_of=lambda number: number)


@pytest.fixture
async def call(world: FakeWorld) -> Call:
    account_id = await world.account()
    ann = await world.user(account_id, "ann")
    return world.call(ann, "ssm:DescribeInstanceInformation")


@pytest.mark.parametrize(
    ("count", "limit", "expected", "has_more"),
    [(0, 50, 0, False), (50, 50, 50, False), (51, 50, 50, True), (2000, 50, 50, True)],
)
async def test_it_stops_at_the_limit_and_looks_one_further(
    call: Call, count: int, limit: int, expected: int, *, has_more: bool
) -> None:
    table = Table(NUMBERS[:count])

    found = await collect(call, table.walk(), start=0, is_match=lambda _: True, limit=limit)

    assert found == (tuple(NUMBERS[:expected]), has_more)
    assert len(table.asked) == 1


@pytest.mark.parametrize(
    ("is_match", "expected"),
    [(lambda number: number > 1990, 10), (lambda _: False, 0)],
    ids=["the last ones", "none"],
)
async def test_rare_rows_are_found_in_stretches_without_a_gap(
    call: Call, is_match: Callable[[int], bool], expected: int
) -> None:
    table = Table(NUMBERS)

    found, has_more = await collect(call, table.walk(), start=0, is_match=is_match, limit=50)

    assert found == tuple(NUMBERS[len(NUMBERS) - expected :])
    assert not has_more
    starts = [after for after, _ in table.asked]
    ends = [after + size for after, size in table.asked]
    assert starts[1:] == ends[:-1]
