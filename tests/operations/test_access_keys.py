"""Access keys: two at most, off and on at once, and nobody else's."""

import pytest
from tests.fakes.world import FakeWorld

from mooring.iam.identity import KeyStatus, LastUse, User
from mooring.operations.access_keys import (
    create_access_key,
    delete_access_key,
    get_access_key_last_used,
    list_access_keys,
    update_access_key,
)
from mooring.operations.credentials import resolve
from mooring.operations.last_uses import keep_last_uses
from mooring.operations.problems import AccessDenied, OperationRefused, Problem


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    return await world.administrator(await world.account())


async def test_a_user_has_two_keys_at_most(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:CreateAccessKey")
    made = [await create_access_key(call, "admin") for _ in range(2)]

    with pytest.raises(OperationRefused) as refused:
        await create_access_key(call, "admin")

    assert refused.value.problem is Problem.LIMIT_EXCEEDED
    assert refused.value.message == "Cannot exceed quota for AccessKeysPerUser: 2"
    listed, _ = await list_access_keys(world.call(admin, "iam:ListAccessKeys"), "ADMIN")
    assert {key.access_key_id for key in listed} == {key.access_key_id for key, _ in made}


async def test_a_key_is_switched_off_and_on_at_once(world: FakeWorld, admin: User) -> None:
    key, secret = await create_access_key(world.call(admin, "iam:CreateAccessKey"), "admin")
    call = world.call(admin, "iam:UpdateAccessKey")

    await update_access_key(call, "admin", key.access_key_id, status=KeyStatus.INACTIVE)
    with pytest.raises(OperationRefused):
        await resolve(world.world, key.access_key_id, "")
    await update_access_key(call, "admin", key.access_key_id, status=KeyStatus.ACTIVE)

    assert (await resolve(world.world, key.access_key_id, "")).secret == secret


async def test_another_users_key_is_not_found_under_this_user(
    world: FakeWorld, admin: User
) -> None:
    ann = await world.user(admin.account_id, "ann")
    key_id, _ = await world.access_key(ann)

    for work in (
        update_access_key(
            world.call(admin, "iam:UpdateAccessKey"), "admin", key_id, status=KeyStatus.INACTIVE
        ),
        delete_access_key(world.call(admin, "iam:DeleteAccessKey"), "admin", key_id),
    ):
        with pytest.raises(OperationRefused) as refused:
            await work
        assert refused.value.message == f"The Access Key with id {key_id} cannot be found."


async def test_keys_are_listed_in_pages(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:ListAccessKeys")
    made = {(await world.access_key(admin))[0] for _ in range(2)}

    first, more = await list_access_keys(call, "admin", limit=1)
    rest, end = await list_access_keys(call, "admin", after=first[0].access_key_id, limit=1)

    assert {key.access_key_id for key in (*first, *rest)} == made
    assert (more, end) == (True, False)


async def test_the_last_use_is_known_at_once_and_after_it_is_kept(
    world: FakeWorld, admin: User
) -> None:
    key_id, _ = await world.access_key(admin)
    call = world.call(admin, "iam:GetAccessKeyLastUsed")
    use = LastUse(subject=key_id, used_at=world.clock.now(), service="ssm", region="r")

    never = await get_access_key_last_used(call, key_id)
    world.world.recent_uses.note(admin.account_id, use)
    recent = await get_access_key_last_used(call, key_id)
    await keep_last_uses(world.world)
    kept = await get_access_key_last_used(call, key_id)

    assert [never, recent, kept] == [("admin", None), ("admin", use), ("admin", use)]


async def test_who_may_not_does_not_learn_whose_key_it_is(world: FakeWorld, admin: User) -> None:
    nobody = await world.user(admin.account_id, "nobody")
    call = world.call(nobody, "iam:GetAccessKeyLastUsed")

    with pytest.raises(AccessDenied):
        await get_access_key_last_used(call, "AKIA" + "X" * 16)
    with pytest.raises(OperationRefused) as refused:
        await get_access_key_last_used(
            world.call(admin, "iam:GetAccessKeyLastUsed"), "AKIA" + "X" * 16
        )
    assert refused.value.problem is Problem.NO_SUCH_ENTITY
