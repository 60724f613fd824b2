"""The loop that keeps last uses goes on after a failure."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from tests.fakes.world import FakeWorld, make_world

from mooring.iam.identity import LastUse
from mooring.operations.recent_uses import RecentUses
from mooring.scheduler.last_uses import run_last_uses


class FailsOnce(RecentUses):
    """Fails the first time that it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = [LookupError("once")]

    def waiting(self) -> Mapping[str, tuple[LastUse, ...]]:
        if self.failures:
            raise self.failures.pop()
        return super().waiting()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[FakeWorld]:
    async with make_world(tmp_path) as made:
        yield made


async def test_uses_are_kept_turn_by_turn(
    world: FakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    account_id = await world.account()
    use = LastUse(subject="AKIA0", used_at=world.clock.now(), service="ssm", region="r")
    uses = FailsOnce()
    uses.note(account_id, use)
    failing = replace(world.world, recent_uses=uses)
    caplog.set_level(logging.ERROR)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: run_last_uses(failing, interval_s=0.001))
        with anyio.fail_after(5):
            while await world.store.read(account_id, lambda tx: tx.last_uses.get("AKIA0")) != use:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()

    assert "last_uses_failed" in caplog.text


async def test_the_last_minute_is_kept_when_the_server_stops(world: FakeWorld) -> None:
    account_id = await world.account()
    use = LastUse(subject="AKIA0", used_at=world.clock.now(), service="ssm", region="r")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_last_uses, world.world)
        await anyio.lowlevel.checkpoint()
        world.world.recent_uses.note(account_id, use)
        tasks.cancel_scope.cancel()

    assert await world.store.read(account_id, lambda tx: tx.last_uses.get("AKIA0")) == use
