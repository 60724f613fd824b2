"""Live sessions are asked about again and again, whatever one turn does."""

from pathlib import Path

import anyio
import pytest
from tests.fakes.world import FakeWorld, make_world, policy

from mooring.iam.identity import EntityKind
from mooring.operations.revocation import RevocationWatch
from mooring.operations.sessions import start_session
from mooring.operations.world import World
from mooring.ports.store import StoreUnavailable
from mooring.scheduler.revocation import INTERVAL_S, run_revocation


def test_a_change_is_seen_well_within_five_seconds() -> None:
    assert INTERVAL_S <= 1


async def allowed(world: FakeWorld) -> tuple[str, str]:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", policy("ssm:StartSession"))
    call = world.call(ann, "ssm:StartSession")
    begun = await start_session(call, target=node.node_id, parameters={})
    return account_id, begun.session_id


async def ended(world: FakeWorld, account_id: str, session_id: str) -> str:
    """Wait until the session is over, and return how."""
    with anyio.fail_after(10):
        while True:
            session = await world.store.read(account_id, lambda tx: tx.sessions.get(session_id))
            assert session is not None
            if session.ended_at is not None:
                return session.details
            await anyio.sleep(0.01)


async def run_turns(world: World) -> None:
    await run_revocation(world, interval_s=0.01)


async def test_a_change_ends_the_session(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world, anyio.create_task_group() as running:
        account_id, session_id = await allowed(world)
        running.start_soon(run_turns, world.world)

        await world.store.write(
            account_id, lambda tx: tx.identities.delete_inline(EntityKind.USER, "ann", "inline-0")
        )

        assert (await ended(world, account_id, session_id)).startswith("access revoked: ")
        running.cancel_scope.cancel()


async def test_a_turn_that_fails_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn, failures = RevocationWatch.turn, [StoreUnavailable("away"), RuntimeError("a bad row")]

    async def fails_twice(watch: RevocationWatch) -> int:
        if failures:
            raise failures.pop()
        return await turn(watch)

    monkeypatch.setattr(RevocationWatch, "turn", fails_twice)
    async with make_world(tmp_path) as world, anyio.create_task_group() as running:
        account_id, session_id = await allowed(world)
        await world.store.write(account_id, lambda tx: tx.identities.delete_user("ann"))
        running.start_soon(run_turns, world.world)

        assert await ended(world, account_id, session_id)
        running.cancel_scope.cancel()
    assert failures == []
