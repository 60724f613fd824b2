"""The scheduler does what is due again and again, whatever one turn does."""

from dataclasses import replace
from pathlib import Path

import anyio
from tests.fakes.world import FakeWorld, make_world

from mooring.operations.sessions import start_session
from mooring.operations.world import World
from mooring.ports.store import Store
from mooring.scheduler.loop import INTERVAL_S, run_scheduler
from mooring.sessions.session import SessionStatus


def test_a_turn_is_well_within_what_people_notice() -> None:
    assert INTERVAL_S <= 10


async def ended(world: FakeWorld, account_id: str, session_id: str) -> SessionStatus:
    """Wait until the session is over."""
    with anyio.fail_after(10):
        while True:
            session = await world.store.read(account_id, lambda tx: tx.sessions.get(session_id))
            assert session is not None
            if session.ended_at is not None:
                return session.status
            await anyio.sleep(0.01)


async def overdue(world: FakeWorld) -> tuple[str, str]:
    account_id = await world.account()
    node = await world.node(account_id)
    call = world.call(await world.administrator(account_id), "ssm:StartSession")
    begun = await start_session(call, target=node.node_id, parameters={})
    world.pass_time(hours=1)
    return account_id, begun.session_id


async def test_every_turn_ends_what_is_due(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world, anyio.create_task_group() as running:
        running.start_soon(run_turns, world.world)
        for _ in range(2):
            assert await ended(world, *await overdue(world)) is SessionStatus.FAILED
        running.cancel_scope.cancel()


async def run_turns(world: World) -> None:
    await run_scheduler(world, interval_s=0.01)


class _FailsTwice:
    """A store that breaks in a way nobody thought of, twice."""

    def __init__(self, store: Store) -> None:
        self.failures = 2
        self.read, self.write = store.read, store.write
        self._find = store.find

    async def find(self, look: object) -> object:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a row nobody can read")
        return await self._find(look)  # type: ignore[arg-type]


async def test_a_turn_that_fails_is_not_the_last(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        due = await overdue(world)
        store = _FailsTwice(world.store)
        broken = replace(world.world, store=store)  # type: ignore[arg-type]

        async with anyio.create_task_group() as running:
            running.start_soon(run_turns, broken)
            assert await ended(world, *due) is SessionStatus.FAILED
            running.cancel_scope.cancel()

        assert store.failures == 0
