"""Documents are made, get versions and go, and nothing is half done."""

import json

import pytest
from tests.fakes.world import FakeWorld, policy
from tests.operations.document_bodies import PORT, log_file, make

from mooring.iam.identity import User
from mooring.operations.documents_find import find_document, version_of
from mooring.operations.documents_read import get_document
from mooring.operations.documents_share import modify_shares
from mooring.operations.documents_write import (
    DocumentText,
    NewDocument,
    create_document,
    delete_document,
    set_default_version,
    update_document,
)
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.sessions.document_record import content_hash
from mooring.sessions.document_text import DocumentFormat


async def admin(world: FakeWorld) -> User:
    return await world.administrator(await world.account())


async def update(world: FakeWorld, user: User, content: str, **more: str) -> int:
    version = more.pop("version", "")
    view = await update_document(
        world.call(user, "ssm:UpdateDocument"),
        "Mine",
        DocumentText(content=content, **more),  # type: ignore[arg-type]
        version=version,
    )
    return view.version.version


async def newest(world: FakeWorld, user: User) -> str:
    view = await get_document(world.call(user, "ssm:GetDocument"), "Mine", version="$LATEST")
    return view.version.content


async def test_a_document_is_kept_as_it_was_given(world: FakeWorld) -> None:
    user = await admin(world)

    made = await make(world, user)

    view = await get_document(world.call(user, "ssm:GetDocument"), "Mine")
    assert view == made
    assert (view.version.content, view.version.hash) == (PORT, content_hash(PORT))
    assert (view.record.default_version, view.record.latest_version) == (1, 1)
    assert view.version.platforms == ("Linux", "Windows", "MacOS")
    events = await world.events(user.account_id)
    assert [event.name for event in events if not event.error_code] == ["CreateDocument"]


@pytest.mark.parametrize(
    ("name", "type_", "content", "problem"),
    [
        ("AWS-Mine", "Session", PORT, Problem.INVALID_VALUE),
        ("Mine2", "Command", PORT, Problem.INVALID_VALUE),
        ("Mine2", "Session", "{", Problem.INVALID_DOCUMENT_CONTENT),
        ("Mine2", "Session", "{}", Problem.INVALID_DOCUMENT_SCHEMA_VERSION),
        ("Mine2", "Session", " " * 70_000, Problem.DOCUMENT_TOO_LARGE),
        ("Mine", "Session", PORT, Problem.DOCUMENT_EXISTS),
    ],
)
async def test_what_cannot_be_made_leaves_nothing(
    world: FakeWorld, name: str, type_: str, content: str, problem: Problem
) -> None:
    user = await admin(world)
    await make(world, user)

    with pytest.raises(OperationRefused) as refused:
        await create_document(
            world.call(user, "ssm:CreateDocument"),
            NewDocument(name=name, document_type=type_, text=DocumentText(content=content)),
        )

    assert refused.value.problem is problem
    assert await find_document(world.call(user, "ssm:GetDocument"), "Mine2") is None


async def test_a_new_version_is_the_latest_and_not_the_default(world: FakeWorld) -> None:
    user = await admin(world)
    await make(world, user)

    assert await update(world, user, log_file("/a"), version="$LATEST", version_name="two") == 2

    call = world.call(user, "ssm:GetDocument")
    record = await find_document(call, "Mine")
    assert record is not None
    assert (record.default_version, record.latest_version) == (1, 2)
    assert (await version_of(call, record, version_name="two")).version == 2
    assert (await version_of(call, record)).version == 1
    with pytest.raises(OperationRefused):
        await version_of(call, record, version="1", version_name="two")


@pytest.mark.parametrize(
    ("content", "more", "problem"),
    [
        (log_file("/a"), {}, Problem.DUPLICATE_CONTENT),
        (log_file("/b"), {"version": "1"}, Problem.INVALID_DOCUMENT_VERSION),
        (log_file("/b"), {"version": "$DEFAULT"}, Problem.INVALID_DOCUMENT_VERSION),
        (log_file("/b"), {"version_name": "two"}, Problem.DUPLICATE_VERSION_NAME),
        ("[]", {}, Problem.INVALID_DOCUMENT_CONTENT),
    ],
)
async def test_an_update_that_is_refused_changes_nothing(
    world: FakeWorld, content: str, more: dict[str, str], problem: Problem
) -> None:
    user = await admin(world)
    await make(world, user)
    await update(world, user, log_file("/a"), version_name="two")

    with pytest.raises(OperationRefused) as refused:
        await update(world, user, content, **more)

    assert refused.value.problem is problem
    assert await newest(world, user) == log_file("/a")


async def test_the_default_version_is_set_and_no_other(world: FakeWorld) -> None:
    user = await admin(world)
    await make(world, user)
    await update(world, user, log_file("/a"))
    call = world.call(user, "ssm:UpdateDocumentDefaultVersion")

    await set_default_version(call, "Mine", "2")

    view = await get_document(world.call(user, "ssm:GetDocument"), "Mine")
    assert view.version.version == 2
    with pytest.raises(OperationRefused) as refused:
        await set_default_version(call, "Mine", "3")
    assert refused.value.problem is Problem.INVALID_DOCUMENT_VERSION


async def test_a_version_number_is_never_used_twice(world: FakeWorld) -> None:
    user = await admin(world)
    await make(world, user)
    await update(world, user, log_file("/a"))

    await delete_document(world.call(user, "ssm:DeleteDocument"), "Mine", version="$LATEST")

    assert await newest(world, user) == PORT
    assert await update(world, user, log_file("/b")) == 3


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"version": "$DEFAULT"}, Problem.INVALID_DOCUMENT_OPERATION),
        ({"version": "9"}, Problem.INVALID_DOCUMENT_VERSION),
        ({"version_name": "none"}, Problem.INVALID_DOCUMENT_VERSION),
    ],
)
async def test_the_default_version_and_unknown_ones_are_not_deleted(
    world: FakeWorld, asked: dict[str, str], problem: Problem
) -> None:
    user = await admin(world)
    await make(world, user)

    with pytest.raises(OperationRefused) as refused:
        await delete_document(world.call(user, "ssm:DeleteDocument"), "Mine", **asked)

    assert refused.value.problem is problem


async def test_a_shared_document_is_not_deleted(world: FakeWorld) -> None:
    user = await admin(world)
    await make(world, user)
    call = world.call(user, "ssm:ModifyDocumentPermission")
    await modify_shares(call, "Mine", add=["222222222222"], remove=[])

    with pytest.raises(OperationRefused, match="still shared") as refused:
        await delete_document(world.call(user, "ssm:DeleteDocument"), "Mine")

    assert refused.value.problem is Problem.INVALID_DOCUMENT_OPERATION
    await modify_shares(call, "Mine", add=[], remove=["222222222222"])
    await delete_document(world.call(user, "ssm:DeleteDocument"), "Mine")
    assert await find_document(call, "Mine") is None


@pytest.mark.parametrize("name", ["AWS-StartSSHSession", "Nothing"])
async def test_nobody_changes_the_services_documents_or_none(world: FakeWorld, name: str) -> None:
    user = await admin(world)
    text = DocumentText(content=PORT)

    for attempt in (
        update_document(world.call(user, "ssm:UpdateDocument"), name, text),
        delete_document(world.call(user, "ssm:DeleteDocument"), name),
        set_default_version(world.call(user, "ssm:UpdateDocumentDefaultVersion"), name, "1"),
        modify_shares(
            world.call(user, "ssm:ModifyDocumentPermission"), name, add=["all"], remove=[]
        ),
    ):
        with pytest.raises(OperationRefused) as refused:
            await attempt
        assert refused.value.problem is Problem.INVALID_DOCUMENT


async def test_a_policy_decides_by_type_and_tag(world: FakeWorld) -> None:
    account_id = await world.account()
    condition = {"StringEquals": {"ssm:DocumentType": "Session", "aws:RequestTag/team": "web"}}
    ann = await world.user(account_id, "ann", policy("ssm:CreateDocument", Condition=condition))
    text = DocumentText(content=PORT)

    def wanted(tag: str) -> NewDocument:
        return NewDocument(name="Mine", document_type="Session", text=text, tags={"team": tag})

    with pytest.raises(AccessDenied, match="document/Mine because no identity-based policy"):
        await create_document(world.call(ann, "ssm:CreateDocument"), wanted("ops"))
    made = await create_document(world.call(ann, "ssm:CreateDocument"), wanted("web"))
    assert made.record.tags == {"team": "web"}


async def test_yaml_is_kept_as_yaml(world: FakeWorld) -> None:
    user = await admin(world)
    content = "schemaVersion: '1.0'\nsessionType: Standard_Stream\ninputs: {}\n"

    view = await create_document(
        world.call(user, "ssm:CreateDocument"),
        NewDocument(
            name="SSM-SessionManagerRunShell",
            document_type="Session",
            text=DocumentText(content=content, format=DocumentFormat.YAML),
        ),
    )

    assert view.version.content == content
    assert json.loads(json.dumps(view.document.inputs)) == {}
