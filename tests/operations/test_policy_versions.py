"""Policy versions: five at most, numbers never twice, and the one in force counts at once."""

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.identity import User
from mooring.operations.authorize import ask, without_resource
from mooring.operations.managed_policies import NewPolicy, create_policy, delete_policy
from mooring.operations.policy_versions import (
    create_version,
    delete_version,
    get_version,
    list_versions,
    set_default_version,
)
from mooring.operations.problems import OperationRefused, Problem


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    return await world.administrator(await world.account())


async def make(world: FakeWorld, admin: User) -> str:
    new = NewPolicy(name="Mine", document=policy("ssm:StartSession"), tags={})
    return (await create_policy(world.call(admin, "iam:CreatePolicy"), new)).policy.arn


async def add(world: FakeWorld, admin: User, arn: str, *, default: bool = False) -> str:
    call = world.call(admin, "iam:CreatePolicyVersion")
    document = policy("ssm:DescribeSessions")
    return (await create_version(call, arn, document, set_as_default=default)).version_id


async def listed(world: FakeWorld, admin: User, arn: str) -> list[tuple[str, bool]]:
    call = world.call(admin, "iam:ListPolicyVersions")
    views, _ = await list_versions(call, arn, after="", limit=9)
    return [(view.version_id, view.is_default) for view in views]


async def test_a_version_counts_when_it_is_the_default(world: FakeWorld, admin: User) -> None:
    arn = await make(world, admin)
    ann = await world.user(admin.account_id, "ann", managed=(arn,))
    call = world.call(ann, "ssm:DescribeSessions")

    second = await add(world, admin, arn)
    before = await ask(call, without_resource(call))
    await set_default_version(world.call(admin, "iam:SetDefaultPolicyVersion"), arn, second)
    after = await ask(call, without_resource(call))

    assert (before.allowed, after.allowed) == (False, True)
    assert await listed(world, admin, arn) == [("v2", True), ("v1", False)]


async def test_five_versions_are_the_most_and_no_number_comes_twice(
    world: FakeWorld, admin: User
) -> None:
    arn = await make(world, admin)
    made = [await add(world, admin, arn) for _ in range(4)]

    with pytest.raises(OperationRefused) as refused:
        await add(world, admin, arn)
    await delete_version(world.call(admin, "iam:DeletePolicyVersion"), arn, "v5")
    again = await add(world, admin, arn, default=True)

    assert made == ["v2", "v3", "v4", "v5"]
    assert refused.value.problem is Problem.LIMIT_EXCEEDED
    assert refused.value.message.startswith("A managed policy can have up to 5 versions.")
    assert again == "v6"


async def test_the_default_version_stays_and_keeps_its_policy_company(
    world: FakeWorld, admin: User
) -> None:
    arn = await make(world, admin)
    await add(world, admin, arn)
    call = world.call(admin, "iam:DeletePolicyVersion")

    with pytest.raises(OperationRefused) as default:
        await delete_version(call, arn, "v1")
    with pytest.raises(OperationRefused) as policy_too:
        await delete_policy(world.call(admin, "iam:DeletePolicy"), arn)
    await delete_version(call, arn, "v2")
    await delete_policy(world.call(admin, "iam:DeletePolicy"), arn)

    assert default.value.message == "Cannot delete the default version of a policy."
    assert policy_too.value.message.startswith("This policy has more than one version.")


@pytest.mark.parametrize("version", ["v9", "v0", "v01", "2", "vx"])
async def test_a_version_that_is_not_there_is_told(
    world: FakeWorld, admin: User, version: str
) -> None:
    arn = await make(world, admin)

    with pytest.raises(OperationRefused) as refused:
        await get_version(world.call(admin, "iam:GetPolicyVersion"), arn, version)

    assert refused.value.message == f"Policy {arn} version {version} does not exist."


async def test_those_of_aws_have_one_version_that_stays(world: FakeWorld, admin: User) -> None:
    view = await get_version(world.call(admin, "iam:GetPolicyVersion"), ADMINISTRATOR, "v1")

    assert view.is_default
    assert await listed(world, admin, ADMINISTRATOR) == [("v1", True)]
    with pytest.raises(OperationRefused) as refused:
        await add(world, admin, ADMINISTRATOR)
    assert refused.value.problem is Problem.UNMODIFIABLE


async def test_versions_are_listed_in_pages(world: FakeWorld, admin: User) -> None:
    arn = await make(world, admin)
    await add(world, admin, arn)
    await add(world, admin, arn)
    call = world.call(admin, "iam:ListPolicyVersions")

    first, more = await list_versions(call, arn, after="", limit=2)
    rest, end = await list_versions(call, arn, after=first[-1].version_id, limit=2)

    assert [view.version_id for view in (*first, *rest)] == ["v3", "v2", "v1"]
    assert (more, end) == (True, False)
