"""Events of reads are kept soon and in groups, callers wait for room, stopping loses nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
import pytest
from anyio.lowlevel import checkpoint
from tests.contracts.rows import ACCOUNT, OTHER, an_event

from mooring.operations.audit_queue import AuditQueue, open_audit_queue
from mooring.ports.store import Store, StoreUnavailable
from mooring.ports.tables import Directory, Transaction
from mooring.store.database import open_store

T = TypeVar("T")


class StubbornStore:
    """A store that counts its writes, and refuses them while ``is_open`` is not set."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.writes = 0
        self.is_open = True

    async def write(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        self.writes += 1
        if not self.is_open:
            raise StoreUnavailable("not now")
        return await self.store.write(account_id, work)

    async def read(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        return await self.store.read(account_id, work)

    async def glance(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        return await self.store.read(account_id, work)

    async def find(self, look: Callable[[Directory], T]) -> T:
        return await self.store.find(look)

    async def create_account(self, account_id: str, name: str) -> None:
        await self.store.create_account(account_id, name)


async def names(store: Store, account_id: str = ACCOUNT) -> list[str]:
    page = await store.read(account_id, lambda tx: tx.audit.page(before=None, limit=1000))
    return [event.name for _, event in reversed(page)]


async def test_what_is_put_is_kept_in_order_without_another_word(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db") as store, open_audit_queue(store) as queue:
        for number in range(5):
            await queue.put(ACCOUNT, an_event(f"E{number}"))

        with anyio.fail_after(5):
            while len(await names(store)) < 5:
                await checkpoint()

        assert await names(store) == ["E0", "E1", "E2", "E3", "E4"]


async def test_many_events_are_few_commits_and_each_account_has_its_own(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db") as inner:
        store = StubbornStore(inner)
        async with open_audit_queue(store, gather_s=30.0) as queue:
            for number in range(50):
                await queue.put(ACCOUNT if number % 2 else OTHER, an_event(f"E{number}"))
            await queue.flush()

        assert store.writes == 2
        assert len(await names(inner)) == len(await names(inner, OTHER)) == 25


async def test_a_half_full_queue_does_not_wait_for_more(tmp_path: Path) -> None:
    async with (
        open_store(tmp_path / "mooring.db") as store,
        open_audit_queue(store, max_waiting=4, gather_s=30.0) as queue,
    ):
        with anyio.fail_after(10):
            for number in range(40):
                await queue.put(ACCOUNT, an_event(f"E{number}"))
            await queue.flush()

        assert await names(store) == [f"E{number}" for number in range(40)]


async def test_leaving_keeps_what_is_queued(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db") as store:
        async with open_audit_queue(store, gather_s=30.0) as queue:
            await queue.put(ACCOUNT, an_event("Last"))

        assert await names(store) == ["Last"]
        with pytest.raises(StoreUnavailable, match="closed"):
            await queue.put(ACCOUNT, an_event("TooLate"))


async def test_a_store_that_comes_back_gets_every_event_once(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db") as inner:
        store = StubbornStore(inner)
        store.is_open = False
        async with open_audit_queue(store, gather_s=0.0) as queue:
            await queue.put(ACCOUNT, an_event("A"))
            with anyio.fail_after(5):
                while not store.writes:
                    await checkpoint()
            store.is_open = True
            await queue.put(ACCOUNT, an_event("B"))
            await queue.flush()

        assert await names(inner) == ["A", "B"]


async def test_an_event_that_cannot_be_kept_takes_no_other_along(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db") as store:
        async with open_audit_queue(store, gather_s=30.0) as queue:
            for name in ("E0", "half a pair \ud800", "E1"):
                await queue.put(ACCOUNT, an_event(name))

        assert await names(store) == ["E0", "E1"]


async def test_a_full_queue_makes_callers_wait_and_refuses_them_in_the_end(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db") as inner:
        store = StubbornStore(inner)
        store.is_open = False
        async with open_audit_queue(store, max_waiting=2, patience_s=0.05) as queue:
            await queue.put(ACCOUNT, an_event("A"))
            await queue.put(ACCOUNT, an_event("B"))

            with pytest.raises(StoreUnavailable, match="full"):
                await queue.put(ACCOUNT, an_event("C"))

            store.is_open = True
        assert await names(inner) == ["A", "B"]


async def test_a_caller_that_waits_gets_the_room_that_a_commit_makes(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db") as store:
        queue = AuditQueue(store, max_waiting=1, gather_s=0.0)
        await queue.put(ACCOUNT, an_event("A"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(queue.put, ACCOUNT, an_event("B"))
            await checkpoint()
            tasks.start_soon(queue.run)
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(5):
                while len(await names(store)) < 2:
                    await checkpoint()
            queue.close()

        assert await names(store) == ["A", "B"]


async def test_what_fails_within_the_block_comes_out_as_it_is(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mooring.db") as store:

        async def fail() -> None:
            async with open_audit_queue(store) as queue:
                await queue.put(ACCOUNT, an_event("Before"))
                raise LookupError("as it is")

        with pytest.raises(LookupError, match="as it is"):
            await fail()

        assert await names(store) == ["Before"]
