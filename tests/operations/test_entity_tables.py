"""Every kind of thing is found, and what keeps it from going is said in IAM's words."""

from collections.abc import Callable

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.identity import EntityKind, User
from mooring.iam.login import LoginProfile, MfaDevice
from mooring.operations.attachments import list_inline
from mooring.operations.entity_tables import GROUPS, USERS, find_entity, get_of_kind
from mooring.operations.groups import create_group
from mooring.operations.identities import delete_entity
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.ports.tables import Transaction


@pytest.fixture
async def ann(world: FakeWorld) -> User:
    return await world.user(await world.account(), "Ann")


def profile(tx: Transaction, user: User) -> None:
    tx.logins.put_profile(
        LoginProfile(
            account_id=user.account_id,
            user_name=user.name,
            user_id=user.user_id,
            password_hash="a hash",  # noqa: S106 - not one
            created_at=user.created_at,
            changed_at=user.created_at,
        )
    )


def device(tx: Transaction, user: User) -> None:
    tx.second_factors.put_device(
        MfaDevice(
            account_id=user.account_id,
            serial="arn:mfa",
            sealed_seed=b"sealed",
            created_at=user.created_at,
            user_name=user.name,
            user_id=user.user_id,
            enabled_at=user.created_at,
        )
    )


@pytest.mark.parametrize(
    ("hang", "text"),
    [
        (profile, "delete login profile first."),
        (device, "delete MFA device first."),
        (
            lambda tx, user: tx.groups.add_member("Ops", user.name),
            "remove users from group first.",
        ),
        (
            lambda tx, user: tx.identities.attach(EntityKind.USER, user.name, ADMINISTRATOR),
            "detach all policies first.",
        ),
        (
            lambda tx, user: tx.identities.put_inline(EntityKind.USER, user.name, "p", "{}"),
            "delete policies first.",
        ),
    ],
)
async def test_what_hangs_on_a_user_keeps_it(
    world: FakeWorld, ann: User, hang: Callable[[Transaction, User], None], text: str
) -> None:
    admin = await world.administrator(ann.account_id)
    await create_group(world.call(admin, "iam:CreateGroup"), "Ops", path="/")
    await world.store.write(ann.account_id, lambda tx: hang(tx, ann))

    with pytest.raises(OperationRefused) as refused:
        await delete_entity(world.call(admin, "iam:DeleteUser"), USERS, "ann")

    assert refused.value.problem is Problem.DELETE_CONFLICT
    assert refused.value.message == f"Cannot delete entity, must {text}"


async def test_each_kind_is_found_by_its_name(world: FakeWorld, ann: User) -> None:
    admin = await world.administrator(ann.account_id)
    group = await create_group(world.call(admin, "iam:CreateGroup"), "Ops", path="/")

    def look(tx: Transaction) -> list[object]:
        names = {EntityKind.USER: "ANN", EntityKind.GROUP: "OPS", EntityKind.ROLE: "NODEROLE"}
        return [find_entity(tx, kind, names[kind]) for kind in EntityKind]

    found = await world.store.read(ann.account_id, look)
    assert found[:2] == [ann, group]
    assert found[2] is not None


async def test_a_policy_of_a_call_can_be_a_condition(world: FakeWorld, ann: User) -> None:
    condition = {"ArnEquals": {"iam:PolicyARN": ADMINISTRATOR}}
    rule = policy("iam:AttachUserPolicy", Condition=condition)
    bea = await world.user(ann.account_id, "bea", rule)
    call = world.call(bea, "iam:AttachUserPolicy")

    found = await get_of_kind(call, EntityKind.USER, "ann", policy_arn=ADMINISTRATOR)
    with pytest.raises(AccessDenied):
        await get_of_kind(call, EntityKind.USER, "ann", policy_arn=ADMINISTRATOR + "2")

    assert found == ann


async def test_who_is_missing_is_told_only_to_who_may_ask(world: FakeWorld, ann: User) -> None:
    admin = await world.administrator(ann.account_id)

    for kind in EntityKind:
        with pytest.raises(OperationRefused) as refused:
            await list_inline(world.call(admin, "iam:ListUserPolicies"), kind, "ghost")
        with pytest.raises(AccessDenied):
            await list_inline(world.call(ann, "iam:ListUserPolicies"), kind, "ghost")
        assert refused.value.message == f"The {kind} with name ghost cannot be found."


async def test_a_quota_is_said_by_its_name(world: FakeWorld, ann: User) -> None:
    admin = await world.administrator(ann.account_id)
    call = world.call(admin, "iam:CreateGroup")
    group = await create_group(call, "G", path="/")

    def fill(tx: Transaction) -> None:
        for number in range(GROUPS.quota[1] - 1):
            GROUPS.put(
                tx,
                type(group)(
                    account_id=group.account_id,
                    name=f"g{number}",
                    group_id="AGPA",
                    created_at=group.created_at,
                ),
            )

    await world.store.write(ann.account_id, fill)

    with pytest.raises(OperationRefused) as refused:
        await create_group(call, "H", path="/")
    assert refused.value.message == "Cannot exceed quota for GroupsPerAccount: 500"
