"""A session ends once, with its event, and its tickets end with it."""

import pytest
from tests.fakes.world import REGION, FakeWorld

from mooring.operations.session_end import end_session, keep_end
from mooring.operations.sessions import start_session
from mooring.sessions.session import End, Session, SessionStatus


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


@pytest.mark.parametrize("end", list(End))
async def test_each_end_is_told_and_failures_are_failures(world: FakeWorld, end: End) -> None:
    account_id, session_id = await started(world)

    await keep_end(world.world, account_id, session_id, end=end, output="")

    session = await kept(world, account_id, session_id)
    failed = end in {
        End.TIMEOUT,
        End.NODE_FAILED,
        End.NODE_LOST,
        End.NODE_BROKE_PROTOCOL,
        End.NOT_RECORDED,
    }
    assert session.status is (SessionStatus.FAILED if failed else SessionStatus.TERMINATED)
    assert session.details == end.value
    assert session.ended_at == world.clock.now()
    event = (await world.events(account_id))[-1]
    assert (event.name, event.response) == ("SessionEnded", end.value)
    told = ("SessionFailed", end.value) if failed else ("", "")
    assert (event.error_code, event.error_message) == told


async def test_the_first_end_stands(world: FakeWorld) -> None:
    account_id, session_id = await started(world)
    await keep_end(world.world, account_id, session_id, end=End.USER, output="")
    world.pass_time(seconds=9)

    await keep_end(world.world, account_id, session_id, end=End.NODE, output="late")
    await end_session(world.world, account_id, session_id, end=End.POLICY, output="later")

    session = await kept(world, account_id, session_id)
    assert session.details == "the user left"
    names = [event.name for event in await world.events(account_id)]
    assert names == ["StartSession", "SessionEnded"]


async def test_the_end_is_audited_for_its_owner(world: FakeWorld) -> None:
    account_id, session_id = await started(world)

    await keep_end(world.world, account_id, session_id, end=End.NODE, output="exit 3")

    event = (await world.events(account_id))[-1]
    session = await kept(world, account_id, session_id)
    assert event.principal_arn == session.owner
    assert event.response == "the shell on the node ended: exit 3"
    assert event.resources == (f"arn:aws:ssm:{REGION}:{account_id}:session/{session_id}",)


async def test_an_unknown_session_has_no_end(world: FakeWorld) -> None:
    account_id = await world.account()

    await keep_end(world.world, account_id, "ann-00000000000000000", end=End.USER, output="")
    await end_session(world.world, account_id, "ann-00000000000000000", end=End.USER, output="")

    assert await world.events(account_id) == []
