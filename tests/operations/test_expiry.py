"""What time ends, and what it leaves alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.world import FakeWorld

from mooring.operations.channels import session_connected
from mooring.operations.expiry import expire
from mooring.operations.orders import session_subject
from mooring.operations.sessions import start_session
from mooring.ports.records import Ticket
from mooring.ports.tables import Transaction
from mooring.sessions.session import Session, SessionStatus


async def started(world: FakeWorld) -> tuple[str, str]:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)
    call = world.call(admin, "ssm:StartSession")
    begun = await start_session(call, target=node.node_id, parameters={})
    return account_id, begun.session_id


async def kept(world: FakeWorld, account_id: str, session_id: str) -> Session:
    session = await world.store.read(account_id, lambda tx: tx.sessions.get(session_id))
    assert session is not None
    return session


async def test_a_session_that_never_opened_fails_after_its_deadline(world: FakeWorld) -> None:
    account_id, session_id = await started(world)

    world.pass_time(seconds=50)
    assert await expire(world.world) == 0
    world.pass_time(seconds=1)
    assert await expire(world.world) == 1

    session = await kept(world, account_id, session_id)
    assert session.status is SessionStatus.FAILED
    assert session.details == "the node did not open its side in time"
    assert await expire(world.world) == 0


async def test_an_open_session_ends_at_its_maximum(world: FakeWorld) -> None:
    account_id, session_id = await started(world)
    await session_connected(world.world, account_id, session_id)

    world.pass_time(days=1)
    assert await expire(world.world) == 0
    world.pass_time(seconds=1)
    assert await expire(world.world) == 1

    session = await kept(world, account_id, session_id)
    assert session.status is SessionStatus.TERMINATED
    assert session.details == "the maximum session duration was reached"


async def test_a_document_can_say_a_shorter_maximum(world: FakeWorld) -> None:
    account_id, session_id = await started(world)
    await session_connected(world.world, account_id, session_id)

    def shorten(tx: Transaction) -> None:
        plan = tx.session_plans.get(session_id)
        assert plan is not None
        tx.session_plans.put(replace(plan, max_duration=timedelta(minutes=2)))

    await world.store.write(account_id, shorten)

    world.pass_time(minutes=2)
    assert await expire(world.world) == 0
    world.pass_time(seconds=1)
    assert await expire(world.world) == 1

    session = await kept(world, account_id, session_id)
    assert session.details == "the maximum session duration was reached"


async def test_a_session_in_every_account_is_seen(world: FakeWorld) -> None:
    await started(world)
    await started(world)
    world.pass_time(hours=1)

    assert await expire(world.world) == 2


async def test_a_relay_is_told_and_writes_the_end_itself(world: FakeWorld) -> None:
    account_id, session_id = await started(world)
    told: list[bytes] = []

    async def relay(order: bytes) -> bytes:
        told.append(order)
        return b""

    world.bus.subscribe(session_subject(account_id, session_id), relay)
    world.pass_time(hours=1)

    await expire(world.world)

    assert len(told) == 1
    assert (await kept(world, account_id, session_id)).status is SessionStatus.CONNECTING


@pytest.mark.parametrize(("after_s", "is_there"), [(59, True), (60, False)])
async def test_expired_tickets_are_forgotten(
    world: FakeWorld, after_s: int, *, is_there: bool
) -> None:
    account_id, _ = await started(world)
    now = world.clock.now()
    world.pass_time(seconds=60)
    ticket = Ticket(
        token_hash="00" * 32, kind="client", subject="s", bearer="b", expires_at=world.clock.now()
    )
    await world.store.write(account_id, lambda tx: tx.tickets.put(ticket))
    world.clock.advance(now - world.clock.now())
    world.pass_time(seconds=after_s)

    await expire(world.world)

    taken = await world.store.write(account_id, lambda tx: tx.tickets.take("00" * 32))
    assert (taken is not None) is is_there
