"""Managed policies: names, quotas, where they are used, and lists in pages."""

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.identity import EntityKind, User
from mooring.iam.managed import MANAGED_POLICIES
from mooring.operations.attachments import attach, detach
from mooring.operations.boundaries import put_boundary
from mooring.operations.entity_tables import USERS
from mooring.operations.managed_policies import (
    NewPolicy,
    Usage,
    Wanted,
    create_policy,
    delete_policy,
    get_policy,
    list_entities_for_policy,
    list_policies,
)
from mooring.operations.problems import OperationRefused, Problem

USER = EntityKind.USER


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    admin = await world.administrator(await world.account())
    await world.user(admin.account_id, "Ann")
    return admin


async def make(
    world: FakeWorld, admin: User, name: str, *, document: str = "", path: str = "/"
) -> str:
    view = await create_policy(
        world.call(admin, "iam:CreatePolicy"),
        NewPolicy(name=name, path=path, document=document or policy("ssm:StartSession"), tags={}),
    )
    return view.policy.arn


def sized(size: int) -> str:
    """Return a policy of so many characters that count."""
    short = policy("ssm:a").replace(" ", "")
    return short.replace("ssm:a", "ssm:" + "a" * (size - len(short) + 1))


async def test_policy_names_are_unique_whatever_path_and_case(
    world: FakeWorld, admin: User
) -> None:
    await make(world, admin, "Mine", path="/a/")

    with pytest.raises(OperationRefused) as refused:
        await make(world, admin, "mINE", path="/b/")

    assert refused.value.problem is Problem.ENTITY_EXISTS
    assert refused.value.message.startswith("A policy called mINE already exists.")


async def test_a_managed_policy_holds_6144_characters(world: FakeWorld, admin: User) -> None:
    await make(world, admin, "Full", document=sized(6144))

    with pytest.raises(OperationRefused) as refused:
        await make(world, admin, "Over", document=sized(6145))

    assert refused.value.message == "Cannot exceed quota for PolicySize: 6144"


async def test_a_policy_goes_when_it_is_attached_nowhere(world: FakeWorld, admin: User) -> None:
    arn = await make(world, admin, "Mine")
    await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", arn)
    call = world.call(admin, "iam:DeletePolicy")

    assert (await get_policy(world.call(admin, "iam:GetPolicy"), arn)).attachments == 1
    with pytest.raises(OperationRefused) as refused:
        await delete_policy(call, arn)
    await detach(world.call(admin, "iam:DetachUserPolicy"), USER, "ann", arn)
    await delete_policy(call, arn)

    assert refused.value.problem is Problem.DELETE_CONFLICT
    with pytest.raises(OperationRefused):
        await delete_policy(call, arn)


async def test_those_of_aws_stay(world: FakeWorld, admin: User) -> None:
    with pytest.raises(OperationRefused) as refused:
        await delete_policy(world.call(admin, "iam:DeletePolicy"), ADMINISTRATOR)

    assert refused.value.problem is Problem.UNMODIFIABLE


async def test_lists_hold_ours_and_theirs_by_scope_in_pages(world: FakeWorld, admin: User) -> None:
    mine = [await make(world, admin, name) for name in ("A", "B", "C")]
    call = world.call(admin, "iam:ListPolicies")

    async def listed(scope: str, limit: int = 100) -> list[str]:
        arns: list[str] = []
        more, after = True, ""
        while more:
            page, more = await list_policies(call, Wanted(scope=scope), after=after, limit=limit)
            arns += [view.policy.arn for view in page]
            after = page[-1].marker
        return arns

    assert await listed("Local") == mine
    assert set(await listed("AWS")) == set(MANAGED_POLICIES)
    everything = [*mine, *MANAGED_POLICIES]
    assert await listed("All", limit=2) == sorted(
        everything, key=lambda arn: arn.rpartition("/")[2].lower()
    )


async def test_a_boundary_in_use_stays(world: FakeWorld, admin: User) -> None:
    arn = await make(world, admin, "Mine")
    await put_boundary(world.call(admin, "iam:PutUserPermissionsBoundary"), USERS, "ann", arn)

    with pytest.raises(OperationRefused) as refused:
        await delete_policy(world.call(admin, "iam:DeletePolicy"), arn)

    assert refused.value.problem is Problem.DELETE_CONFLICT
    assert (await get_policy(world.call(admin, "iam:GetPolicy"), arn)).boundaries == 1


async def test_lists_show_what_is_used_and_how(world: FakeWorld, admin: User) -> None:
    attached, bounding, _ = [await make(world, admin, name) for name in ("A", "B", "C")]
    await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", attached)
    await put_boundary(world.call(admin, "iam:PutUserPermissionsBoundary"), USERS, "ann", bounding)
    call = world.call(admin, "iam:ListPolicies")

    async def listed(wanted: Wanted) -> list[str]:
        page, _ = await list_policies(call, wanted, after="", limit=9)
        return [view.policy.arn for view in page]

    assert await listed(Wanted(scope="Local", only_attached=True)) == [attached]
    assert await listed(Wanted(scope="Local", usage=Usage.PERMISSIONS)) == [attached]
    assert await listed(Wanted(usage=Usage.BOUNDARY)) == [bounding]
    assert await listed(Wanted(scope="AWS", only_attached=True)) == [
        ADMINISTRATOR,
        "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    ]


async def test_who_uses_a_policy_is_listed_by_kind_and_name(world: FakeWorld, admin: User) -> None:
    arn = await make(world, admin, "Mine")
    await world.user(admin.account_id, "bea")
    await world.role(admin.account_id, "Ops", managed=(arn,))
    await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", arn)
    await put_boundary(world.call(admin, "iam:PutUserPermissionsBoundary"), USERS, "bea", arn)
    call = world.call(admin, "iam:ListEntitiesForPolicy")

    async def listed(wanted: Wanted, after: str = "", limit: int = 9) -> tuple[list[str], bool]:
        rows, more = await list_entities_for_policy(call, arn, wanted, after=after, limit=limit)
        return [f"{kind}/{entity.name}" for kind, entity in rows], more

    assert await listed(Wanted()) == (["role/Ops", "user/Ann", "user/bea"], False)
    assert await listed(Wanted(), limit=2) == (["role/Ops", "user/Ann"], True)
    assert await listed(Wanted(), "user/ann") == (["user/bea"], False)
    assert await listed(Wanted(usage=Usage.BOUNDARY)) == (["user/bea"], False)
    assert await listed(Wanted(kind=EntityKind.ROLE)) == (["role/Ops"], False)
