"""Each call leaves one event, in the transaction of its change or not at all."""

import pytest
from tests.fakes.world import FakeWorld

from mooring.ports.tables import Transaction


class ItBroke(Exception):
    """The work of a test fails."""


async def test_a_change_and_its_event_are_one(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "iam:DeleteUser")

    def work(tx: Transaction) -> None:
        tx.identities.delete_user("admin")
        raise ItBroke

    with pytest.raises(ItBroke):
        await call.write(work)

    user = await world.store.read(admin.account_id, lambda tx: tx.identities.user("admin"))
    assert user == admin
    assert await world.events(admin.account_id) == []
    assert not call.recorded


async def test_a_recorded_call_is_not_recorded_again(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "iam:DeleteUser")

    await call.write(lambda tx: tx.identities.delete_user("admin"))
    await call.record(error_code="Late")
    await call.record()

    (event,) = await world.events(admin.account_id)
    assert (event.name, event.error_code) == ("DeleteUser", "")


async def test_a_refused_call_is_recorded_with_its_code(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "iam:DeleteUser")

    await call.record(error_code="NoSuchEntity", error_message="why")

    (event,) = await world.events(admin.account_id)
    assert (event.source, event.error_code, event.error_message) == (
        "iam.amazonaws.com",
        "NoSuchEntity",
        "why",
    )


async def test_a_call_of_nobody_has_no_account_to_be_recorded_in(world: FakeWorld) -> None:
    account_id = await world.account()
    call = world.anonymous_call("ssm:RegisterManagedInstance")

    await call.record(error_code="InvalidActivation")

    assert await world.events(account_id) == []
