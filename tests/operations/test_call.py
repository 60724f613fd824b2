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


async def test_an_event_is_bounded_whatever_the_caller_sent(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "iam:DeleteUser")
    call.resources.extend(["x" * 5000] * 1000)

    await call.record(error_code="Big", error_message="y" * 10_000)

    (event,) = await world.events(admin.account_id)
    assert len(event.resources) == 100
    assert max(map(len, event.resources)) == len(event.error_message) == 2048


async def test_a_read_is_queued_and_a_refused_change_is_kept_at_once(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    account_id = admin.account_id

    def kept(tx: Transaction) -> list[str]:
        return [event.name for _, event in tx.audit.page(before=None, limit=9)]

    change = world.call(admin, "iam:DeleteUser")
    await change.record(error_code="AccessDenied")
    at_once = await world.store.read(account_id, kept)
    read = world.call(admin, "iam:GetUser")
    read.read_only = True
    await read.record(error_code="AccessDenied")
    await world.world.audit.flush()

    assert at_once == ["DeleteUser"]
    assert await world.store.read(account_id, kept) == ["GetUser", "DeleteUser"]


async def test_what_a_change_made_is_in_its_event(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "iam:DeleteUser")

    call.respond(userId="AIDA")
    await call.write(lambda tx: tx.identities.delete_user("admin"))

    (event,) = await world.events(admin.account_id)
    assert event.response == '{"userId": "AIDA"}'
