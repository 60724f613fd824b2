"""Look-ups walk the log in bounded steps, in time and below a number; exports give it whole."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.rows import an_event
from tests.fakes.clock import START
from tests.fakes.world import FakeWorld, policy

from mooring.operations import audit_events
from mooring.operations.audit_events import EventQuery, export_audit_events, lookup_events
from mooring.operations.problems import AccessDenied
from mooring.ports.records import AuditEvent
from mooring.ports.tables import Transaction


def anything(_: AuditEvent) -> bool:
    return True


def named(name: str) -> Callable[[AuditEvent], bool]:
    return lambda event: event.name == name


async def fill(world: FakeWorld, account_id: str, count: int) -> None:
    """Events E0, E1, … a minute apart."""

    def work(tx: Transaction) -> None:
        for number in range(count):
            time = START + timedelta(minutes=number)
            tx.audit.append(replace(an_event(f"E{number}"), time=time))

    await world.store.write(account_id, work)


async def names(world: FakeWorld, account_id: str, query: EventQuery) -> list[str]:
    user = world.call(await world.administrator(account_id), "cloudtrail:LookupEvents")
    return [event.name for event in (await lookup_events(user, query)).events]


async def test_the_newest_come_first_and_pages_join(world: FakeWorld) -> None:
    account_id = await world.account()
    await fill(world, account_id, 7)
    call = world.call(await world.administrator(account_id), "cloudtrail:LookupEvents")

    first = await lookup_events(call, EventQuery(is_match=anything, limit=3))
    second = await lookup_events(call, EventQuery(is_match=anything, limit=3, before=first.before))
    third = await lookup_events(call, EventQuery(is_match=anything, limit=3, before=second.before))

    pages = [[event.name for event in page.events] for page in (first, second, third)]
    assert pages == [["E6", "E5", "E4"], ["E3", "E2", "E1"], ["E0"]]
    assert third.before is None


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (2, 4, ["E4", "E3", "E2"]),
        (None, 1, ["E1", "E0"]),
        (38, None, ["E39", "E38"]),
        (50, 60, []),
        (-9, -5, []),
    ],
)
async def test_times_are_inclusive(
    world: FakeWorld, start: int | None, end: int | None, expected: list[str]
) -> None:
    account_id = await world.account()
    await fill(world, account_id, 40)
    begin = None if start is None else START + timedelta(minutes=start)
    finish = None if end is None else START + timedelta(minutes=end)

    query = EventQuery(is_match=anything, start=begin, end=finish)

    assert await names(world, account_id, query) == expected


async def test_a_call_that_lasted_is_found_though_it_was_kept_late(world: FakeWorld) -> None:
    account_id = await world.account()
    await fill(world, account_id, 20)
    late = replace(an_event("Late"), time=START + timedelta(minutes=12))
    await world.store.write(account_id, lambda tx: tx.audit.append(late))

    query = EventQuery(
        is_match=anything, start=START + timedelta(minutes=12), end=START + timedelta(minutes=13)
    )

    assert sorted(await names(world, account_id, query)) == ["E12", "E13", "Late"]


async def test_a_rare_event_is_looked_for_in_bounded_steps(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_events, "_SCAN", 5)
    monkeypatch.setattr(audit_events, "_SCAN_TOTAL", 20)
    account_id = await world.account()
    await fill(world, account_id, 50)
    call = world.call(await world.administrator(account_id), "cloudtrail:LookupEvents")

    found: list[str] = []
    steps = 0
    query = EventQuery(is_match=named("E3"))
    while True:
        page = await lookup_events(call, query)
        found += [event.name for event in page.events]
        steps += 1
        if page.before is None:
            break
        query = replace(query, before=page.before)

    assert found == ["E3"]
    assert steps == 3


async def test_reads_of_a_moment_ago_are_found(world: FakeWorld) -> None:
    account_id = await world.account()
    await world.world.audit.put(account_id, an_event("JustNow"))

    assert await names(world, account_id, EventQuery(is_match=anything)) == ["JustNow"]


async def test_both_need_permission(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.user(account_id, "bea", policy("cloudtrail:DescribeTrails"))

    with pytest.raises(AccessDenied, match="cloudtrail:LookupEvents"):
        await lookup_events(
            world.call(user, "cloudtrail:LookupEvents"), EventQuery(is_match=anything)
        )
    with pytest.raises(AccessDenied, match="mooring:ExportAuditEvents"):
        await export_audit_events(
            world.call(user, "mooring:ExportAuditEvents"), after=0, heads_after=0
        )


async def test_an_export_goes_on_where_one_left_off(world: FakeWorld) -> None:
    account_id = await world.account()
    await fill(world, account_id, 3)
    call = world.call(await world.administrator(account_id), "mooring:ExportAuditEvents")

    whole = await export_audit_events(call, after=0, heads_after=0)
    rest = await export_audit_events(call, after=2, heads_after=0)

    assert whole.newest == len(whole.lines) == 3
    assert rest.lines == whole.lines[2:]
    assert whole.heads == ()
