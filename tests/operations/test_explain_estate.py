"""Everybody is read, with every policy that bears on them."""

from functools import partial

import pytest
from tests.fakes.world import ADMINISTRATOR, NODE_ROLE, FakeWorld, policy

from mooring.iam.reach import ANY_SESSION
from mooring.operations.explain_estate import find_subject, read_estate
from mooring.operations.problems import OperationRefused, Problem


async def test_users_then_roles_come_by_name(world: FakeWorld) -> None:
    account_id = await world.account()
    for name in ("zoe", "ann"):
        await world.user(account_id, name, policy("ssm:*"), managed=(ADMINISTRATOR,))
    await world.role(account_id, "Ops", policy("ssm:*"))

    subjects = await world.store.read(account_id, read_estate)

    assert [subject.arn.rpartition("/")[2] for subject in subjects] == [
        *("ann", "zoe"),
        *(NODE_ROLE, "Ops"),
    ]
    assert [len(subject.policies.identity) for subject in subjects] == [2, 2, 1, 1]
    assert [subject.trust is not None for subject in subjects] == [False, False, True, True]
    assert subjects[-1].principal.session_name == ANY_SESSION


async def test_more_than_a_page_is_read_whole(world: FakeWorld) -> None:
    account_id = await world.account()
    for number in range(510):
        await world.user(account_id, f"user-{number}")

    subjects = await world.store.read(account_id, read_estate)

    assert len({subject.arn for subject in subjects}) == len(subjects) == 511


async def test_a_principal_is_found_by_each_of_its_arns(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.user(account_id, "ann")
    role = await world.role(account_id, "Ops")
    session = f"arn:aws:sts::{account_id}:assumed-role/Ops/deploy"

    found = [
        await world.store.read(account_id, partial(find_subject, account_id=account_id, arn=arn))
        for arn in (user.arn, role.arn, session)
    ]

    assert [subject.arn for subject in found] == [user.arn, role.arn, role.arn]
    assert [subject.principal.session_name for subject in found] == [None, ANY_SESSION, "deploy"]


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::{}:user/path/ann",
        "arn:aws:iam::{}:role/nobody",
        "arn:aws:sts::{}:assumed-role/nobody/x",
        "arn:aws:iam::{}:group/ann",
        "arn:aws:iam::999999999999:user/ann",
        "ann",
    ],
)
async def test_nobody_else_is_found(world: FakeWorld, arn: str) -> None:
    account_id = await world.account()
    await world.user(account_id, "ann")
    named = arn.format(account_id)

    with pytest.raises(OperationRefused) as refused:
        await world.store.read(account_id, lambda tx: find_subject(tx, account_id, named))

    assert refused.value.problem is Problem.SUBJECT_UNKNOWN
