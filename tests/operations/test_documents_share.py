"""Shares are kept by account, shown by page, and bounded."""

import pytest
from tests.fakes.world import FakeWorld
from tests.operations.document_bodies import make

from mooring.iam.identity import User
from mooring.operations.documents_share import MAX_SHARES, describe_shares, modify_shares
from mooring.operations.problems import OperationRefused, Problem


async def shares(world: FakeWorld, user: User) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    token = ""
    while True:
        call = world.call(user, "ssm:DescribeDocumentPermission")
        page = await describe_shares(call, "Mine", next_token=token, limit=2)
        found += page.shares
        token = page.next_token
        if not token:
            return found


async def test_accounts_come_and_go(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    await make(world, user)
    call = world.call(user, "ssm:ModifyDocumentPermission")
    accounts = ["333333333333", "111111111111", "222222222222"]

    await modify_shares(call, "Mine", add=accounts, remove=[])
    await modify_shares(call, "Mine", add=["All"], remove=["222222222222"], shared_version="$ALL")

    assert await shares(world, user) == [
        ("111111111111", "$DEFAULT"),
        ("333333333333", "$DEFAULT"),
        ("all", "$ALL"),
    ]


async def test_there_is_a_limit(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    await make(world, user)
    many = [f"{number:012}" for number in range(MAX_SHARES + 1)]

    with pytest.raises(OperationRefused) as refused:
        await modify_shares(
            world.call(user, "ssm:ModifyDocumentPermission"), "Mine", add=many, remove=[]
        )

    assert refused.value.problem is Problem.DOCUMENT_PERMISSION_LIMIT
    assert await shares(world, user) == []


@pytest.mark.parametrize("name", ["AWS-StartSSHSession", "Nothing"])
async def test_only_an_accounts_own_document_has_shares(world: FakeWorld, name: str) -> None:
    user = await world.administrator(await world.account())
    call = world.call(user, "ssm:DescribeDocumentPermission")

    with pytest.raises(OperationRefused) as refused:
        await describe_shares(call, name, next_token="", limit=9)

    assert refused.value.problem is Problem.INVALID_DOCUMENT
