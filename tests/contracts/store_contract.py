"""What every Store keeps to, as to transactions. A test module gives a fixture ``store``.

The store given must be empty but for the accounts ``ACCOUNT`` and ``OTHER``.
"""

import anyio
import pytest
from tests.contracts.rows import ACCOUNT, OTHER, a_node, a_ticket, a_user, an_event

from mooring.ports.store import AlreadyExists, Store
from mooring.ports.tables import Transaction


class Refused(Exception):
    """What a unit of work raises when it will not go on."""


class StoreContract:
    """Whole or not at all, next to no other, and each on a snapshot."""

    async def test_a_write_returns_what_its_work_returns(self, store: Store) -> None:
        def work(tx: Transaction) -> str:
            tx.nodes.put(a_node())
            return "done"

        result = await store.write(ACCOUNT, work)

        assert result == "done"
        assert await store.read(ACCOUNT, lambda tx: tx.nodes.get("mi-0")) == a_node()

    async def test_a_glance_sees_what_was_written_before(self, store: Store) -> None:
        for number in range(3):
            name = f"mi-{number}"
            await store.write(ACCOUNT, lambda tx, name=name: tx.nodes.put(a_node(name)))  # type: ignore[misc]

            seen = await store.glance(ACCOUNT, lambda tx, name=name: tx.nodes.get(name))  # type: ignore[misc]

            assert seen == a_node(name)

    async def test_a_glance_sees_its_own_account_only(self, store: Store) -> None:
        await store.write(ACCOUNT, lambda tx: tx.nodes.put(a_node()))

        assert await store.glance(OTHER, lambda tx: tx.nodes.get("mi-0")) is None

    async def test_work_that_raises_leaves_nothing(self, store: Store) -> None:
        def work(tx: Transaction) -> None:
            tx.nodes.put(a_node())
            tx.identities.put_user(a_user())
            tx.audit.append(an_event())
            raise Refused

        with pytest.raises(Refused):
            await store.write(ACCOUNT, work)

        kept = await store.read(
            ACCOUNT,
            lambda tx: (tx.nodes.get("mi-0"), tx.identities.user("Alice"), tx.audit.verify()),
        )
        assert kept == (None, None, 0)

    async def test_work_sees_what_it_wrote(self, store: Store) -> None:
        def work(tx: Transaction) -> bool:
            tx.nodes.put(a_node())
            return tx.nodes.get("mi-0") is not None

        assert await store.write(ACCOUNT, work)

    async def test_five_hundred_writes_at_once_and_one_that_fails(self, store: Store) -> None:
        failed: list[int] = []

        async def write(number: int) -> None:
            def work(tx: Transaction) -> None:
                tx.nodes.put(a_node(f"mi-{number:03}"))
                tx.audit.append(an_event())
                if number == 250:
                    raise Refused

            try:
                await store.write(ACCOUNT, work)
            except Refused:
                failed.append(number)

        async with anyio.create_task_group() as group:
            for number in range(500):
                group.start_soon(write, number)

        nodes = await store.read(ACCOUNT, lambda tx: tx.nodes.page(after="", limit=1000))
        assert failed == [250]
        assert [node.node_id for node in nodes] == [
            f"mi-{number:03}" for number in range(500) if number != 250
        ]
        assert await store.read(ACCOUNT, lambda tx: tx.audit.verify()) == 499

    async def test_writes_run_one_after_the_other(self, store: Store) -> None:
        def count_up(tx: Transaction) -> None:
            node = tx.nodes.get("mi-0")
            tx.nodes.put(a_node(name="1" if node is None else str(int(node.name) + 1)))

        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(store.write, ACCOUNT, count_up)

        node = await store.read(ACCOUNT, lambda tx: tx.nodes.get("mi-0"))
        assert node is not None
        assert node.name == "100"

    async def test_a_single_use_token_is_taken_once(self, store: Store) -> None:
        await store.write(ACCOUNT, lambda tx: tx.tickets.put(a_ticket()))
        taken: list[bool] = []

        async def take() -> None:
            ticket = await store.write(ACCOUNT, lambda tx: tx.tickets.take("0f"))
            taken.append(ticket is not None)

        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(take)

        assert sorted(taken) == [False] * 49 + [True]

    async def test_cancelling_the_wait_does_not_undo_the_work(self, store: Store) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(store.write, ACCOUNT, lambda tx: tx.nodes.put(a_node()))
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

        await store.write(ACCOUNT, lambda tx: tx.nodes.put(a_node("mi-1")))
        node = await store.read(ACCOUNT, lambda tx: tx.nodes.get("mi-0"))
        assert node == a_node()

    async def test_a_read_changes_nothing(self, store: Store) -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 each store names the fault its own way
            await store.read(ACCOUNT, lambda tx: tx.nodes.put(a_node()))

        assert await store.read(ACCOUNT, lambda tx: tx.nodes.get("mi-0")) is None

    async def test_an_error_of_a_read_comes_out(self, store: Store) -> None:
        def work(_: Transaction) -> None:
            raise Refused

        with pytest.raises(Refused):
            await store.read(ACCOUNT, work)

    async def test_accounts_are_made_once(self, store: Store) -> None:
        with pytest.raises(AlreadyExists):
            await store.create_account(ACCOUNT, "again")

        assert await store.find(lambda directory: list(directory.accounts())) == [ACCOUNT, OTHER]
