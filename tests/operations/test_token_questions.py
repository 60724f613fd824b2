"""What STS tells of keys and denials, and to whom."""

import pytest
from tests.fakes.world import FakeWorld, policy

from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.token_questions import account_of_key, decode_message


async def test_a_key_is_told_to_its_own_account_only(world: FakeWorld) -> None:
    ann = await world.user(await world.account(), "ann", policy("sts:GetAccessKeyInfo"))
    bea = await world.user(await world.account(), "bea", policy("sts:GetAccessKeyInfo"))
    key_id, _ = await world.access_key(ann)

    assert await account_of_key(world.call(ann, "sts:GetAccessKeyInfo"), key_id) == ann.account_id
    for user, asked in ((bea, key_id), (ann, "AKIA" + "X" * 16)):
        with pytest.raises(OperationRefused) as refused:
            await account_of_key(world.call(user, "sts:GetAccessKeyInfo"), asked)
        assert refused.value.problem is Problem.ACCESS_DENIED


async def test_both_are_permissions(world: FakeWorld) -> None:
    ann = await world.user(await world.account(), "ann")

    with pytest.raises(OperationRefused, match="no identity-based policy allows the sts:GetAcc"):
        await account_of_key(world.call(ann, "sts:GetAccessKeyInfo"), "AKIA" + "X" * 16)
    with pytest.raises(OperationRefused, match="no identity-based policy allows the sts:Decode"):
        await decode_message(world.call(ann, "sts:DecodeAuthorizationMessage"), "x")


async def test_what_is_no_message_is_refused(world: FakeWorld) -> None:
    ann = await world.user(await world.account(), "ann", policy("sts:*"))

    with pytest.raises(OperationRefused) as refused:
        await decode_message(world.call(ann, "sts:DecodeAuthorizationMessage"), "x")

    assert refused.value.problem is Problem.INVALID_AUTHORIZATION_MESSAGE
