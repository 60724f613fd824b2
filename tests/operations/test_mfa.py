"""A code is taken once, from the right user's device, and guessing is slowed down."""

from dataclasses import replace

import pytest
from tests.fakes.world import FakeWorld
from tests.operations.login_steps import code_of, device_of

from mooring.iam.identity import User
from mooring.iam.login import MfaDevice
from mooring.operations.mfa import (
    enrolled,
    has_second_factor,
    open_seed,
    verify_any,
    verify_code,
)
from mooring.operations.problems import OperationRefused, Problem

REFUSED = "MultiFactorAuthentication failed with invalid MFA one time pass code."


@pytest.fixture
async def ann(world: FakeWorld) -> User:
    account_id = await world.account()
    await world.administrator(account_id)
    return await world.user(account_id, "ann")


async def device(world: FakeWorld, user: User, name: str = "phone") -> MfaDevice:
    admin = await world.store.read(user.account_id, lambda tx: tx.identities.user("admin"))
    assert admin is not None
    return await device_of(world, admin, user, name)


async def is_taken(world: FakeWorld, user: User, serial: str, code: str, name: str = "") -> bool:
    try:
        await verify_code(world.world, user.account_id, name or user.name, serial, code)
    except OperationRefused as refused:
        return (refused.problem, refused.message) != (Problem.ACCESS_DENIED, REFUSED)
    return True


async def test_a_code_is_good_once_and_so_are_those_before_it(world: FakeWorld, ann: User) -> None:
    phone = await device(world, ann)
    before, now = code_of(world, phone, -1), code_of(world, phone)

    assert await is_taken(world, ann, phone.serial, now)
    assert not await is_taken(world, ann, phone.serial, now)
    assert not await is_taken(world, ann, phone.serial, before)
    world.pass_time(seconds=30)
    assert await is_taken(world, ann, phone.serial, code_of(world, phone), "ANN")


async def test_codes_of_enrolment_are_used_up(world: FakeWorld, ann: User) -> None:
    phone = await device(world, ann)

    assert not await is_taken(world, ann, phone.serial, code_of(world, phone, -2))


async def test_a_code_is_for_the_users_own_device(world: FakeWorld, ann: User) -> None:
    bob = await world.user(ann.account_id, "bob")
    phone, tablet = await device(world, ann), await device(world, bob, "tablet")

    assert not await is_taken(world, ann, tablet.serial, code_of(world, tablet))
    assert not await is_taken(world, ann, phone.serial, code_of(world, tablet))
    assert not await is_taken(world, ann, "arn:aws:iam::1:mfa/none", code_of(world, phone))
    assert not await is_taken(world, ann, phone.serial, code_of(world, phone), "nobody")


async def test_any_device_of_the_user_will_do_at_sign_in(world: FakeWorld, ann: User) -> None:
    await device(world, ann)
    tablet = await device(world, ann, "tablet")

    serial = await verify_any(world.world, ann.account_id, "ann", code_of(world, tablet))

    assert serial == tablet.serial


async def test_guesses_are_slowed_down_even_right_ones(world: FakeWorld, ann: User) -> None:
    phone = await device(world, ann)
    for _ in range(5):
        assert not await is_taken(world, ann, phone.serial, "000000")

    assert not await is_taken(world, ann, phone.serial, code_of(world, phone))
    world.pass_time(seconds=30)
    assert await is_taken(world, ann, phone.serial, code_of(world, phone))


async def test_a_seed_opens_for_its_own_device_alone(world: FakeWorld, ann: User) -> None:
    phone, tablet = await device(world, ann), await device(world, ann, "tablet")
    moved = MfaDevice(
        account_id=ann.account_id,
        serial=tablet.serial,
        sealed_seed=phone.sealed_seed,
        created_at=phone.created_at,
    )

    assert len(open_seed(world.world, phone)) == 20
    with pytest.raises(ValueError, match="sealed"):
        open_seed(world.world, moved)


async def test_a_device_makes_a_second_factor(world: FakeWorld, ann: User) -> None:
    async def has() -> bool:
        return await world.store.read(ann.account_id, lambda tx: has_second_factor(tx, "ann"))

    assert not await has()
    await device(world, ann)
    assert await has()


@pytest.mark.parametrize("offset", [-5, -3, 2, 8])
async def test_resync_meets_a_clock_that_is_off(world: FakeWorld, ann: User, offset: int) -> None:
    phone = await device(world, ann)
    world.pass_time(minutes=30)
    codes = code_of(world, phone, offset - 1), code_of(world, phone, offset)

    with pytest.raises(OperationRefused, match="not valid"):
        enrolled(world.world, phone, codes)
    synced = enrolled(world.world, phone, codes, is_resync=True)
    await world.store.write(
        ann.account_id,
        lambda tx: tx.second_factors.put_device(
            replace(synced, user_name="ann", enabled_at=world.clock.now())
        ),
    )

    world.pass_time(seconds=60)
    assert await is_taken(world, ann, phone.serial, code_of(world, phone, offset))
