"""A gateway that starts finds the sessions that go on, of every account."""

from __future__ import annotations

from tests.gateway.house import House

from mooring.gateway.live_sessions import find_sessions, live_sessions
from mooring.operations.session_end import keep_end
from mooring.sessions.session import End


async def test_sessions_that_are_not_over_are_live(house: House) -> None:
    node, _ = await house.node()
    other, _ = await house.node()
    over = await house.started(node)
    ids = {(await house.started(node)).session_id, (await house.started(other)).session_id}
    world = house.world.world
    await keep_end(world, node.account_id, over.session_id, end=End.USER, output="")

    live = await live_sessions(world)

    assert set(live) == ids
    assert {session.account_id for session in live.values()} == {node.account_id, other.account_id}


async def test_sessions_are_found_by_their_ids_whatever_became_of_them(house: House) -> None:
    node, _ = await house.node()
    over = await house.started(node)
    world = house.world.world
    await keep_end(world, node.account_id, over.session_id, end=End.USER, output="")

    found = await find_sessions(world, [over.session_id, "ann-0000000000000000f"])

    assert set(found) == {over.session_id}
