"""Documents are shown in either format, and listed by page and filter."""

import json

import pytest
from tests.fakes.world import FakeWorld, policy
from tests.operations.document_bodies import PORT, log_file, make

from mooring.iam.identity import User
from mooring.operations.documents_read import (
    DocumentFilter,
    get_document,
    list_documents,
    list_versions,
    text_as,
)
from mooring.operations.documents_write import DocumentText, update_document
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.sessions.document_shipped import SHIPPED
from mooring.sessions.document_text import DocumentFormat, read_text


async def names(
    world: FakeWorld, user: User, *filters: tuple[str, str], limit: int = 50
) -> list[str]:
    found: list[str] = []
    token = ""
    while True:
        page = await list_documents(
            world.call(user, "ssm:ListDocuments"),
            filters=tuple(DocumentFilter(key=key, values=(value,)) for key, value in filters),
            next_token=token,
            limit=limit,
        )
        found += [row.record.name for row in page.documents]
        token = page.next_token
        if not token:
            return found


@pytest.mark.parametrize("limit", [1, 2, 7, 50])
async def test_every_document_is_listed_once_by_name(world: FakeWorld, limit: int) -> None:
    user = await world.administrator(await world.account())
    other = await world.administrator(await world.account())
    for name in ("Mine", "AAA", "zzz"):
        await make(world, user, name)
    await make(world, other, "Theirs")

    assert await names(world, user, limit=limit) == sorted([*SHIPPED, "Mine", "AAA", "zzz"])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("Owner", "Self")], ["File", "Mine"]),
        ([("Owner", "Amazon"), ("Name", "AWS-StartS")], ["AWS-StartSSHSession"]),
        ([("Owner", "Private")], []),
        ([("Name", "M")], ["Mine"]),
        ([("SearchKeyword", "ssh")], ["AWS-StartSSHSession"]),
        ([("PlatformTypes", "Windows"), ("Owner", "Self")], ["Mine"]),
        ([("DocumentType", "Command")], []),
        ([("SchemaVersion", "2.2")], []),
        ([("tag:a", "b")], []),
    ],
)
async def test_filters_narrow_the_list(
    world: FakeWorld, filters: list[tuple[str, str]], expected: list[str]
) -> None:
    user = await world.administrator(await world.account())
    await make(world, user, "Mine")
    await make(world, user, "File", log_file("/a"))

    assert await names(world, user, *filters) == expected


async def test_an_unknown_filter_is_refused(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())

    with pytest.raises(OperationRefused) as refused:
        await names(world, user, ("Colour", "red"))

    assert refused.value.problem is Problem.INVALID_FILTER_KEY


async def test_a_text_is_shown_in_either_format(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    view = await make(world, user)

    yaml = text_as(view.version, DocumentFormat.YAML)

    assert text_as(view.version, DocumentFormat.JSON) == PORT
    assert read_text(yaml, DocumentFormat.YAML) == json.loads(PORT)


async def test_versions_are_listed_newest_first_page_by_page(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    await make(world, user)
    for path in ("/a", "/b"):
        await update_document(
            world.call(user, "ssm:UpdateDocument"), "Mine", DocumentText(content=log_file(path))
        )
    call = world.call(user, "ssm:ListDocumentVersions")

    first = await list_versions(call, "Mine", next_token="", limit=2)
    second = await list_versions(call, "Mine", next_token=first.next_token, limit=2)

    assert [row.version for row in first.versions] == [3, 2]
    assert [row.version for row in second.versions] == [1]
    assert second.next_token == ""


async def test_a_document_of_the_service_has_one_version(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    call = world.call(user, "ssm:ListDocumentVersions")

    page = await list_versions(call, "AWS-StartSSHSession", next_token="", limit=9)

    assert [row.version for row in page.versions] == [1]


@pytest.mark.parametrize("name", ["Mine", "Nothing"])
async def test_who_may_not_look_learns_nothing(world: FakeWorld, name: str) -> None:
    account_id = await world.account()
    await make(world, await world.administrator(account_id))
    ann = await world.user(account_id, "ann", policy("ssm:StartSession"))

    with pytest.raises(AccessDenied) as denied:
        await get_document(world.call(ann, "ssm:GetDocument"), name)

    assert f"document/{name} because" in denied.value.message
