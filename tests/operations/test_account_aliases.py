"""An alias belongs to one account of all."""

import pytest
from tests.fakes.world import FakeWorld

from mooring.operations.account_aliases import create_alias, delete_alias, get_alias
from mooring.operations.problems import AccessDenied, OperationRefused, Problem


async def test_another_accounts_alias_is_taken_and_its_own_is_replaced(world: FakeWorld) -> None:
    one = await world.administrator(await world.account())
    two = await world.administrator(await world.account())
    await create_alias(world.call(one, "iam:CreateAccountAlias"), "harbour")
    await create_alias(world.call(one, "iam:CreateAccountAlias"), "harbour")

    with pytest.raises(OperationRefused) as taken:
        await create_alias(world.call(two, "iam:CreateAccountAlias"), "harbour")
    await create_alias(world.call(one, "iam:CreateAccountAlias"), "quay")
    await create_alias(world.call(two, "iam:CreateAccountAlias"), "harbour")

    assert taken.value.problem is Problem.ENTITY_EXISTS
    assert taken.value.message == "The account alias harbour already exists."
    assert await get_alias(world.call(one, "iam:ListAccountAliases")) == "quay"
    assert await get_alias(world.call(two, "iam:ListAccountAliases")) == "harbour"


async def test_what_looks_like_an_account_is_no_alias(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())

    with pytest.raises(OperationRefused) as refused:
        await create_alias(world.call(admin, "iam:CreateAccountAlias"), "123456789012")

    assert refused.value.problem is Problem.INVALID_INPUT


async def test_only_the_alias_there_is_goes(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    call = world.call(admin, "iam:DeleteAccountAlias")
    await create_alias(world.call(admin, "iam:CreateAccountAlias"), "harbour")

    with pytest.raises(OperationRefused, match="with name quay cannot be found"):
        await delete_alias(call, "quay")
    await delete_alias(call, "harbour")

    nobody = await world.user(admin.account_id, "nobody")
    with pytest.raises(AccessDenied):
        await get_alias(world.call(nobody, "iam:ListAccountAliases"))
