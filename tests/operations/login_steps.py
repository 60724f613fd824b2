"""Steps that tests of sign-in share: a user with a password, a device, its codes."""

from __future__ import annotations

from tests.fakes.world import FakeWorld

from mooring.iam.identity import User
from mooring.iam.login import MfaDevice
from mooring.iam.totp import code_at, step_of
from mooring.operations.accounts import new_sign_in
from mooring.operations.login_profiles import create_login_profile
from mooring.operations.mfa import open_seed
from mooring.operations.mfa_devices import create_device, enable_device
from mooring.operations.sign_in import sign_in
from mooring.operations.web_sessions import Visitor
from mooring.secret import Secret

__all__ = [
    "PASSWORD",
    "VISITOR",
    "code_of",
    "device_of",
    "enter_by_link",
    "give_password",
]

PASSWORD = "Correct-horse-7"  # noqa: S105
VISITOR = Visitor(address="192.0.2.1", user_agent="a browser")


async def give_password(
    world: FakeWorld, admin: User, user: User, *, password: str = PASSWORD, reset: bool = False
) -> None:
    """Give the user a password."""
    await create_login_profile(
        world.call(admin, "iam:CreateLoginProfile"),
        user.name,
        password=Secret(password),
        reset_required=reset,
    )


async def device_of(world: FakeWorld, admin: User, user: User, name: str = "phone") -> MfaDevice:
    """Give the user a device that is enabled, and let time pass so that its codes are fresh."""
    device, _ = await create_device(
        world.call(admin, "iam:CreateVirtualMFADevice"), name, path="/", tags={}
    )
    codes = code_of(world, device, -1), code_of(world, device)
    await enable_device(
        world.call(admin, "iam:EnableMFADevice"), user.name, device.serial, codes=codes
    )
    world.pass_time(seconds=60)
    return device


def code_of(world: FakeWorld, device: MfaDevice, offset: int = 0) -> str:
    """Return what the device shows, some steps from now."""
    return code_at(open_seed(world.world, device), step_of(world.clock.now()) + offset)


async def enter_by_link(world: FakeWorld, user: User) -> str:
    """Sign in by a link, and return the cookie."""
    token = await new_sign_in(world.world, user.account_id, user.name)
    progress = await sign_in(world.world, token.reveal(), VISITOR)
    return progress.cookie.reveal()
