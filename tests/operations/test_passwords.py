"""A new password is checked whole before it is set, and is set on what it was checked against."""

import pytest
from tests.fakes.world import FakeWorld
from tests.operations.login_steps import PASSWORD, give_password

from mooring.iam.login import DEFAULT_POLICY, PasswordPolicy
from mooring.operations.passwords import (
    is_password,
    policy_of,
    prepare_password,
    put_password,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.secret import Secret


async def test_an_account_without_a_policy_has_iams(world: FakeWorld) -> None:
    account_id = await world.account()

    assert await world.store.read(account_id, policy_of) == DEFAULT_POLICY


async def test_a_password_that_violates_the_policy_is_not_hashed(world: FakeWorld) -> None:
    user = await world.user(await world.account(), "ann")

    with pytest.raises(OperationRefused) as refused:
        await prepare_password(world.world, user, Secret("short"), check_reuse=True)

    assert refused.value.problem is Problem.PASSWORD_POLICY
    assert refused.value.message.count("Password should have") == 2


async def test_earlier_passwords_are_not_used_again(world: FakeWorld) -> None:
    account_id = await world.account()
    admin, user = await world.administrator(account_id), await world.user(account_id, "ann")
    await world.store.write(
        account_id, lambda tx: tx.logins.put_password_policy(PasswordPolicy(reuse_prevention=2))
    )
    await give_password(world, admin, user)
    for text in ("Second-1", "Third-1"):
        new = await prepare_password(world.world, user, Secret(text), check_reuse=True)
        await world.store.write(
            account_id,
            lambda tx, new=new: put_password(world.world, tx, user, new, reset_required=False),  # type: ignore[misc]
        )

    with pytest.raises(OperationRefused, match="one of the last 2"):
        await prepare_password(world.world, user, Secret("Second-1"), check_reuse=True)

    for text, check in ((PASSWORD, True), ("Third-1", False)):
        new = await prepare_password(world.world, user, Secret(text), check_reuse=check)
        assert await is_password(world.world, new.password_hash, Secret(text))


async def test_of_two_changes_at_once_one_stands(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.user(account_id, "ann")
    one, two = [
        await prepare_password(world.world, user, Secret(text), check_reuse=True)
        for text in ("Password-1", "Password-2")
    ]
    await world.store.write(
        account_id, lambda tx: put_password(world.world, tx, user, one, reset_required=False)
    )

    with pytest.raises(OperationRefused) as refused:
        await world.store.write(
            account_id, lambda tx: put_password(world.world, tx, user, two, reset_required=False)
        )

    assert refused.value.problem is Problem.TEMPORARILY_UNMODIFIABLE
    profile = await world.store.read(account_id, lambda tx: tx.logins.profile("ann"))
    assert profile is not None
    assert await is_password(world.world, profile.password_hash, Secret("Password-1"))
