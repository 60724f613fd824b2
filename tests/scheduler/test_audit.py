"""The signer signs again and again, survives a failed turn, and signs once more at the end."""

from functools import partial
from pathlib import Path

import anyio
from anyio.lowlevel import checkpoint
from tests.contracts.rows import an_event
from tests.fakes.world import make_world

from mooring.scheduler.audit import run_audit_signer


async def test_the_log_is_signed_by_and_by(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world, anyio.create_task_group() as tasks:
        account_id = await world.account()
        tasks.start_soon(partial(run_audit_signer, world.world, interval_s=0.001))
        await world.store.write(account_id, lambda tx: tx.audit.append(an_event()))

        head = None
        with anyio.fail_after(5):
            while head is None:
                await checkpoint()
                head = await world.store.read(account_id, lambda tx: tx.audit.last_head())
        tasks.cancel_scope.cancel()

    assert head is not None
    assert account_id in head.text
    assert head.signature


async def test_stopping_signs_what_is_queued_too(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        account_id = await world.account()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_audit_signer, world.world)
            await anyio.wait_all_tasks_blocked()
            await world.world.audit.put(account_id, an_event())
            tasks.cancel_scope.cancel()

        assert await world.store.read(account_id, lambda tx: tx.audit.last_head()) is not None
