"""Virtual devices: made, given to a user who shows codes, taken away, deleted, listed."""

from dataclasses import replace

import pytest
from tests.fakes.world import FakeWorld, policy
from tests.operations.login_steps import code_of, device_of
from tests.store.login_rows import PASSKEY

from mooring.iam.identity import User
from mooring.operations.mfa import verify_code
from mooring.operations.mfa_devices import (
    create_device,
    deactivate_device,
    delete_device,
    enable_device,
    list_devices,
    list_virtual_devices,
    resync_device,
)
from mooring.operations.problems import AccessDenied, OperationRefused, Problem


async def people(world: FakeWorld) -> tuple[User, User]:
    account_id = await world.account()
    return await world.administrator(account_id), await world.user(account_id, "ann")


async def test_a_device_lives_from_making_to_deleting(world: FakeWorld) -> None:
    admin, ann = await people(world)
    device = await device_of(world, admin, ann)

    with pytest.raises(OperationRefused) as conflict:
        await delete_device(world.call(admin, "iam:DeleteVirtualMFADevice"), device.serial)
    (listed,) = await list_devices(world.call(admin, "iam:ListMFADevices"), "ann")
    await deactivate_device(world.call(admin, "iam:DeactivateMFADevice"), "ann", device.serial)
    after = await list_devices(world.call(admin, "iam:ListMFADevices"), "ann")
    await delete_device(world.call(admin, "iam:DeleteVirtualMFADevice"), device.serial)

    assert device.serial == f"arn:aws:iam::{ann.account_id}:mfa/phone"
    assert conflict.value.problem is Problem.DELETE_CONFLICT
    assert (listed.user_name, listed.serial) == ("ann", device.serial)
    assert after == ()
    with pytest.raises(OperationRefused, match="doesn't exist"):
        await delete_device(world.call(admin, "iam:DeleteVirtualMFADevice"), device.serial)


async def test_wrong_codes_enable_nothing(world: FakeWorld) -> None:
    admin, _ = await people(world)
    device, _ = await create_device(
        world.call(admin, "iam:CreateVirtualMFADevice"), "phone", path="/a/", tags={"k": "v"}
    )

    for codes in (
        ("000000", "111111"),
        (code_of(world, device), code_of(world, device)),
        (code_of(world, device), code_of(world, device, -1)),
    ):
        with pytest.raises(OperationRefused) as refused:
            await enable_device(
                world.call(admin, "iam:EnableMFADevice"), "ann", device.serial, codes=codes
            )
        assert refused.value.problem is Problem.INVALID_CODE
    assert device.serial.endswith(":mfa/a/phone")


async def test_a_device_is_one_users_alone(world: FakeWorld) -> None:
    admin, ann = await people(world)
    device = await device_of(world, admin, ann)
    await world.user(admin.account_id, "bob")
    codes = code_of(world, device), code_of(world, device, 1)

    with pytest.raises(OperationRefused, match="already in use"):
        await enable_device(
            world.call(admin, "iam:EnableMFADevice"), "bob", device.serial, codes=codes
        )
    with pytest.raises(OperationRefused, match="MFA Device invalid for user"):
        await deactivate_device(world.call(admin, "iam:DeactivateMFADevice"), "bob", device.serial)
    with pytest.raises(OperationRefused, match="MFA Device invalid for user"):
        await resync_device(
            world.call(admin, "iam:ResyncMFADevice"), "bob", device.serial, codes=codes
        )
    with pytest.raises(OperationRefused, match="already exists"):
        await create_device(
            world.call(admin, "iam:CreateVirtualMFADevice"), "phone", path="/", tags={}
        )


async def test_a_user_has_eight_at_most(world: FakeWorld) -> None:
    admin, ann = await people(world)
    for number in range(8):
        await device_of(world, admin, ann, f"d{number}")

    with pytest.raises(OperationRefused, match="MFADevicesPerUser: 8"):
        await device_of(world, admin, ann, "one-more")


async def test_resync_makes_a_late_device_good_again(world: FakeWorld) -> None:
    admin, ann = await people(world)
    device = await device_of(world, admin, ann)
    world.pass_time(minutes=10)
    codes = code_of(world, device, -8), code_of(world, device, -7)

    await resync_device(world.call(admin, "iam:ResyncMFADevice"), "ann", device.serial, codes=codes)

    world.pass_time(seconds=60)
    late = code_of(world, device, -7)
    await verify_code(world.world, ann.account_id, "ann", device.serial, late)


async def test_a_passkey_is_among_a_users_devices_and_goes_like_one(world: FakeWorld) -> None:
    admin, ann = await people(world)
    passkey = replace(PASSKEY, account_id=ann.account_id, user_name="ann")
    await world.store.write(ann.account_id, lambda tx: tx.second_factors.put_passkey(passkey))

    (listed,) = await list_devices(world.call(admin, "iam:ListMFADevices"), "ann")
    await deactivate_device(world.call(admin, "iam:DeactivateMFADevice"), "ann", listed.serial)

    assert listed.serial == passkey.serial
    assert await list_devices(world.call(admin, "iam:ListMFADevices"), "ann") == ()


async def test_virtual_devices_are_listed_by_who_has_them(world: FakeWorld) -> None:
    admin, ann = await people(world)
    given = await device_of(world, admin, ann, "b")
    free = [
        (
            await create_device(
                world.call(admin, "iam:CreateVirtualMFADevice"), name, path="/", tags={}
            )
        )[0]
        for name in ("a", "c")
    ]

    async def listed(assigned: bool | None, after: str = "", limit: int = 9) -> list[str]:  # noqa: FBT001
        rows, _ = await list_virtual_devices(
            world.call(admin, "iam:ListVirtualMFADevices"),
            assigned=assigned,
            after=after,
            limit=limit,
        )
        return [device.serial for device, _ in rows]

    assert await listed(None) == [free[0].serial, given.serial, free[1].serial]
    assert await listed(True) == [given.serial]  # noqa: FBT003
    assert await listed(False, after=free[0].serial) == [free[1].serial]  # noqa: FBT003
    rows, has_more = await list_virtual_devices(
        world.call(admin, "iam:ListVirtualMFADevices"), assigned=None, after="", limit=2
    )
    assert has_more
    assert [user and user.name for _, user in rows] == [None, "ann"]


async def test_users_manage_their_own_where_policies_say_so(world: FakeWorld) -> None:
    account_id = await world.account()
    own = policy(
        ["iam:EnableMFADevice", "iam:ListMFADevices"], "arn:aws:iam::*:user/${aws:username}"
    )
    make = policy("iam:CreateVirtualMFADevice", "arn:aws:iam::*:mfa/${aws:username}")
    ann = await world.user(account_id, "ann", own, make)
    await world.user(account_id, "bob")
    await device_of(world, ann, ann, "ann")

    for name in ("bob", "nobody"):
        with pytest.raises(AccessDenied):
            await list_devices(world.call(ann, "iam:ListMFADevices"), name)
    with pytest.raises(AccessDenied):
        await create_device(world.call(ann, "iam:CreateVirtualMFADevice"), "bob", path="/", tags={})
