"""Login profiles and password policies as botocore sends and reads them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.door import Answer, Door, Keys
from tests.fakes.world import make_world
from tests.operations.login_steps import PASSWORD


class Desk:
    """An administrator's desk: one IAM call a line."""

    def __init__(self, door: Door, keys: Keys, account_id: str) -> None:
        self.door, self.keys, self.account_id = door, keys, account_id

    async def ask(self, operation: str, **given: Any) -> Answer:  # noqa: ANN401 - any
        return await self.door.call(self.keys, "iam", operation, given)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        await world.user(account_id, "ann")
        yield Desk(door, await door.keys(await world.administrator(account_id)), account_id)


async def test_a_login_profile_lives_as_in_iam(desk: Desk) -> None:
    made = await desk.ask(
        "CreateLoginProfile", UserName="ann", Password=PASSWORD, PasswordResetRequired=True
    )
    again = await desk.ask("CreateLoginProfile", UserName="ann", Password=PASSWORD)
    updated = await desk.ask("UpdateLoginProfile", UserName="ann", PasswordResetRequired=False)
    got = await desk.ask("GetLoginProfile", UserName="ann")
    gone = await desk.ask("DeleteLoginProfile", UserName="ann")
    missing = await desk.ask("GetLoginProfile", UserName="ann")

    profile = made.output["LoginProfile"]
    assert (profile["UserName"], profile["PasswordResetRequired"]) == ("ann", True)
    assert profile["CreateDate"].year == 2026
    assert (again.status, again.code) == (409, "EntityAlreadyExists")
    assert (updated.status, gone.status) == (200, 200)
    assert got.output["LoginProfile"]["PasswordResetRequired"] is False
    assert (missing.status, missing.code) == (404, "NoSuchEntity")


@pytest.mark.parametrize("password", ["short", "nothingbutlowercase"])
async def test_a_bad_password_is_a_violation_of_the_policy(desk: Desk, password: str) -> None:
    answer = await desk.ask("CreateLoginProfile", UserName="ann", Password=password)

    assert (answer.status, answer.code) == (400, "PasswordPolicyViolation")
    assert answer.message.startswith("Password should have ")


async def test_no_password_reaches_the_audit_log(desk: Desk) -> None:
    await desk.ask("CreateLoginProfile", UserName="ann", Password=PASSWORD)
    await desk.ask("ChangePassword", OldPassword="Old-secret-1", NewPassword="New-secret-1")

    events = await desk.door.world.events(desk.account_id)
    assert [event.name for event in events] == ["CreateLoginProfile", "ChangePassword"]
    assert not [event for event in events if PASSWORD in repr(event) or "secret" in event.request]


async def test_the_password_policy_comes_back_as_given(desk: Desk) -> None:
    missing = await desk.ask("GetAccountPasswordPolicy")
    await desk.ask("UpdateAccountPasswordPolicy", MinimumPasswordLength=14, MaxPasswordAge=90)
    got = await desk.ask("GetAccountPasswordPolicy")
    await desk.ask("UpdateAccountPasswordPolicy", PasswordReusePrevention=3)
    fallen_back = await desk.ask("GetAccountPasswordPolicy")
    gone = await desk.ask("DeleteAccountPasswordPolicy")

    assert (missing.status, missing.code) == (404, "NoSuchEntity")
    assert got.output["PasswordPolicy"] == {
        "MinimumPasswordLength": 14,
        "RequireSymbols": False,
        "RequireNumbers": False,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": True,
        "MaxPasswordAge": 90,
        "HardExpiry": False,
    }
    policy = fallen_back.output["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["PasswordReusePrevention"]) == (6, 3)
    assert gone.status == 200


async def test_changing_the_own_password_needs_one(desk: Desk) -> None:
    answer = await desk.ask("ChangePassword", OldPassword="x", NewPassword=PASSWORD)

    assert (answer.status, answer.code) == (404, "NoSuchEntity")
