"""Which document a name means, and which is not there for whom."""

import pytest
from tests.fakes.world import REGION, FakeWorld
from tests.operations.document_bodies import log_file, make

from mooring.iam.identity import User
from mooring.operations.documents_find import (
    arn_of,
    find_document,
    on_document,
    shipped_documents,
    version_number,
    version_of,
)
from mooring.operations.documents_share import modify_shares
from mooring.operations.documents_write import DocumentText, update_document
from mooring.operations.problems import OperationRefused, Problem
from mooring.sessions.document_shipped import SHIPPED


async def two_tenants(world: FakeWorld) -> tuple[User, User]:
    owner = await world.administrator(await world.account())
    other = await world.administrator(await world.account())
    await make(world, owner)
    return owner, other


def arn(user: User, name: str = "Mine") -> str:
    return f"arn:aws:ssm:{REGION}:{user.account_id}:document/{name}"


async def share(world: FakeWorld, owner: User, other: str, version: str = "") -> None:
    call = world.call(owner, "ssm:ModifyDocumentPermission")
    await modify_shares(call, "Mine", add=[other], remove=[], shared_version=version)


async def test_a_name_means_the_accounts_own_document(world: FakeWorld) -> None:
    owner, other = await two_tenants(world)

    found = await find_document(world.call(owner, "ssm:GetDocument"), "Mine")

    assert found is not None
    assert (found.account_id, found.name) == (owner.account_id, "Mine")
    assert found == await find_document(world.call(owner, "ssm:GetDocument"), arn(owner))
    assert await find_document(world.call(other, "ssm:GetDocument"), "Mine") is None


@pytest.mark.parametrize(
    "form", ["{name}", "arn:aws:ssm:{region}::document/{name}", "{arn}/{name}"]
)
async def test_the_services_documents_are_there_by_name_and_arn(
    world: FakeWorld, form: str
) -> None:
    user = await world.administrator(await world.account())
    call = world.call(user, "ssm:GetDocument")
    base = f"arn:aws:ssm:{REGION}:{user.account_id}:document"

    for name in SHIPPED:
        found = await find_document(call, form.format(name=name, region=REGION, arn=base))

        assert found is not None
        assert (found.account_id, found.name) == ("", name)
    assert [row.name for row in shipped_documents(REGION)] == sorted(SHIPPED)


@pytest.mark.parametrize(
    "name",
    [
        "AWS-Nothing",
        "Nothing",
        "SSM-SessionManagerRunShell",
        "arn:aws:ssm:elsewhere-1:111111111111:document/Mine",
        "arn:aws:ssm:ap-northeast-1:111111111111:parameter/Mine",
        "arn:aws:ssm:ap-northeast-1:111111111111:document/",
        ":::::",
    ],
)
async def test_what_is_not_there_is_not_found(world: FakeWorld, name: str) -> None:
    owner, _ = await two_tenants(world)

    assert await find_document(world.call(owner, "ssm:GetDocument"), name) is None


async def test_another_accounts_document_is_there_once_it_is_shared(world: FakeWorld) -> None:
    owner, other = await two_tenants(world)
    call = world.call(other, "ssm:GetDocument")
    assert await find_document(call, arn(owner)) is None

    await share(world, owner, other.account_id)

    found = await find_document(call, arn(owner))
    assert found is not None
    assert found.account_id == owner.account_id
    assert arn_of(call, arn(owner)) == arn(owner)


async def test_a_public_document_is_there_for_everybody(world: FakeWorld) -> None:
    owner, other = await two_tenants(world)

    await share(world, owner, "All")

    assert await find_document(world.call(other, "ssm:GetDocument"), arn(owner)) is not None


@pytest.mark.parametrize(
    ("shared", "shown"),
    [("", {1}), ("$DEFAULT", {1}), ("$LATEST", {2}), ("$ALL", {1, 2})],
)
async def test_only_the_versions_that_are_shared_are_shown(
    world: FakeWorld, shared: str, shown: set[int]
) -> None:
    owner, other = await two_tenants(world)
    await update_document(
        world.call(owner, "ssm:UpdateDocument"), "Mine", DocumentText(content=log_file("/a"))
    )
    await share(world, owner, other.account_id, shared)
    call = world.call(other, "ssm:GetDocument")
    record = await find_document(call, arn(owner))
    assert record is not None

    seen = set()
    for version in (1, 2):
        try:
            seen.add((await version_of(call, record, version=str(version))).version)
        except OperationRefused as refused:
            assert refused.problem is Problem.INVALID_DOCUMENT_VERSION  # noqa: PT017 - one of two

    assert seen == shown


@pytest.mark.parametrize(
    ("version", "number"),
    [("", 1), ("$DEFAULT", 1), ("$LATEST", 2), ("2", 2), ("7", 7), ("x", 0), ("9" * 99, 0)],
)
async def test_a_version_is_meant_by_number_or_by_word(
    world: FakeWorld, version: str, number: int
) -> None:
    owner, _ = await two_tenants(world)
    view = await update_document(
        world.call(owner, "ssm:UpdateDocument"), "Mine", DocumentText(content=log_file("/a"))
    )

    assert version_number(view.record, version) == number


async def test_a_question_names_the_document_its_tags_and_its_type(world: FakeWorld) -> None:
    owner, _ = await two_tenants(world)
    call = world.call(owner, "ssm:GetDocument")

    question = on_document(call, "Mine", await find_document(call, "Mine"))
    unknown = on_document(call, "AWS-Nothing", None)

    assert question.resources == (arn(owner),)
    assert question.extra == {"ssm:DocumentType": ("Session",)}
    assert unknown.resources == (f"arn:aws:ssm:{REGION}::document/AWS-Nothing",)
