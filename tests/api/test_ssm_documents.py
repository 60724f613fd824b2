"""Documents as botocore asks for them and reads them: members, codes, formats."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.door import Answer, Door, Keys
from tests.fakes.world import REGION, FakeWorld, make_world
from tests.operations.document_bodies import PORT, log_file

from mooring.sessions.document_shipped import SHIPPED

YAML = "schemaVersion: '1.0'\nsessionType: Standard_Stream\ninputs:\n  idleSessionTimeout: '20'\n"


class Desk:
    """An administrator's desk: one call a line."""

    def __init__(self, door: Door, keys: Keys, account_id: str) -> None:
        self.door, self.keys, self.account_id = door, keys, account_id

    @property
    def world(self) -> FakeWorld:
        return self.door.world

    async def ask(self, operation: str, **given: Any) -> Answer:  # noqa: ANN401 - any
        return await self.door.call(self.keys, "ssm", operation, given)

    async def create(self, name: str = "Mine", **given: Any) -> Answer:  # noqa: ANN401 - any
        wanted = {"Content": PORT, "DocumentType": "Session", **given}
        return await self.ask("CreateDocument", Name=name, **wanted)


async def new_desk(door: Door) -> Desk:
    account_id = await door.world.account()
    return Desk(door, await door.keys(await door.world.administrator(account_id)), account_id)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with make_world(tmp_path) as world:
        yield await new_desk(Door(world))


async def test_a_new_document_is_described_as_aws_describes_it(desk: Desk) -> None:
    answer = await desk.create(
        VersionName="one", DisplayName="the base", Tags=[{"Key": "a", "Value": "b"}]
    )

    assert answer.status == 200, answer.message
    described = answer.output["DocumentDescription"]
    created = described.pop("CreatedDate")
    assert created == desk.world.clock.now()
    assert described == {
        "Hash": hashlib.sha256(PORT.encode()).hexdigest(),
        "HashType": "Sha256",
        "Name": "Mine",
        "DisplayName": "the base",
        "VersionName": "one",
        "Owner": desk.account_id,
        "Status": "Active",
        "DocumentVersion": "1",
        "Description": "the database",
        "Parameters": [{"Name": "portNumber", "Type": "String", "DefaultValue": "5432"}],
        "PlatformTypes": ["Linux", "Windows", "MacOS"],
        "DocumentType": "Session",
        "SchemaVersion": "1.0",
        "LatestVersion": "1",
        "DefaultVersion": "1",
        "DocumentFormat": "JSON",
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    assert (await desk.ask("DescribeDocument", Name="Mine")).output["Document"] == {
        **described,
        "CreatedDate": created,
    }


async def test_versions_and_defaults_go_as_terraform_goes(desk: Desk) -> None:
    await desk.create()

    updated = await desk.ask(
        "UpdateDocument", Name="Mine", Content=log_file("/a"), DocumentVersion="$LATEST"
    )
    version = updated.output["DocumentDescription"]["LatestVersion"]
    default = await desk.ask("UpdateDocumentDefaultVersion", Name="Mine", DocumentVersion=version)

    assert version == "2"
    assert updated.output["DocumentDescription"]["DefaultVersion"] == "1"
    assert default.output["Description"] == {"Name": "Mine", "DefaultVersion": "2"}
    listed = (await desk.ask("ListDocumentVersions", Name="Mine")).output["DocumentVersions"]
    assert [(row["DocumentVersion"], row["IsDefaultVersion"]) for row in listed] == [
        ("2", True),
        ("1", False),
    ]
    assert (await desk.ask("DeleteDocument", Name="Mine")).status == 200
    assert (await desk.ask("DescribeDocument", Name="Mine")).code == "InvalidDocument"


async def test_a_text_comes_back_in_the_format_that_is_asked_for(desk: Desk) -> None:
    await desk.create("SSM-SessionManagerRunShell", Content=YAML, DocumentFormat="YAML")

    as_yaml = await desk.ask(
        "GetDocument", Name="SSM-SessionManagerRunShell", DocumentFormat="YAML"
    )
    as_json = await desk.ask("GetDocument", Name="SSM-SessionManagerRunShell")

    assert as_yaml.output["Content"] == YAML
    assert as_json.output["DocumentFormat"] == "JSON"
    assert json.loads(as_json.output["Content"]) == {
        "schemaVersion": "1.0",
        "sessionType": "Standard_Stream",
        "inputs": {"idleSessionTimeout": "20"},
    }


@pytest.mark.parametrize(
    ("operation", "given", "code"),
    [
        ("CreateDocument", {"Content": PORT, "DocumentType": "Session"}, "DocumentAlreadyExists"),
        ("CreateDocument", {"Content": PORT}, "ValidationException"),
        (
            "CreateDocument",
            {"Content": PORT, "DocumentType": "Session", "DocumentFormat": "TEXT"},
            "ValidationException",
        ),
        ("CreateDocument", {"Content": "{", "DocumentType": "Session"}, "InvalidDocumentContent"),
        (
            "CreateDocument",
            {"Content": '{"schemaVersion": "2.2"}', "DocumentType": "Session"},
            "InvalidDocumentSchemaVersion",
        ),
        (
            "CreateDocument",
            {"Content": " " * 70_000, "DocumentType": "Session"},
            "MaxDocumentSizeExceeded",
        ),
        ("UpdateDocument", {"Content": PORT}, "DuplicateDocumentContent"),
        (
            "UpdateDocument",
            {"Content": log_file("/a"), "VersionName": "one"},
            "DuplicateDocumentVersionName",
        ),
        (
            "UpdateDocument",
            {"Content": log_file("/a"), "DocumentVersion": "7"},
            "InvalidDocumentVersion",
        ),
        ("UpdateDocumentDefaultVersion", {"DocumentVersion": "7"}, "InvalidDocumentVersion"),
        ("GetDocument", {"DocumentVersion": "7"}, "InvalidDocumentVersion"),
        ("GetDocument", {"VersionName": "seven"}, "InvalidDocumentVersion"),
        ("DeleteDocument", {"DocumentVersion": "1"}, "InvalidDocumentOperation"),
        ("ListDocumentVersions", {"NextToken": "x"}, "InvalidNextToken"),
    ],
)
async def test_refusals_have_awss_codes(
    desk: Desk, operation: str, given: dict[str, Any], code: str
) -> None:
    await desk.create(VersionName="one")

    answer = await desk.ask(operation, Name="Mine", **given)

    assert (answer.status, answer.code) == (400, code), answer.message


async def test_the_list_shows_the_services_documents_with_their_owner(desk: Desk) -> None:
    await desk.create()

    first = await desk.ask("ListDocuments", MaxResults=5)
    rest = await desk.ask("ListDocuments", NextToken=first.output["NextToken"])
    own = await desk.ask(
        "ListDocuments",
        Filters=[
            {"Key": "Owner", "Values": ["Self"]},
            {"Key": "DocumentType", "Values": ["Session"]},
        ],
    )
    legacy = await desk.ask(
        "ListDocuments", DocumentFilterList=[{"key": "Owner", "value": "Amazon"}]
    )

    every = first.output["DocumentIdentifiers"] + rest.output["DocumentIdentifiers"]
    assert {row["Name"]: row["Owner"] for row in every} == {
        **dict.fromkeys(SHIPPED, "Amazon"),
        "Mine": desk.account_id,
    }
    (row,) = own.output["DocumentIdentifiers"]
    assert (row["Name"], row["DocumentVersion"], row["DocumentFormat"]) == ("Mine", "1", "JSON")
    assert len(legacy.output["DocumentIdentifiers"]) == len(SHIPPED)
    assert (
        await desk.ask("ListDocuments", Filters=[{"Key": "Colour", "Values": ["x"]}])
    ).code == "InvalidFilterKey"


@pytest.mark.parametrize("name", SHIPPED)
async def test_the_services_documents_are_shown_and_stay(desk: Desk, name: str) -> None:
    shown = await desk.ask("GetDocument", Name=name)
    described = await desk.ask("DescribeDocument", Name=name)

    body = json.loads(shown.output["Content"])
    assert body["sessionType"] == SHIPPED[name].session_type
    assert described.output["Document"]["Owner"] == "Amazon"
    assert (await desk.ask("DeleteDocument", Name=name)).code == "InvalidDocument"
    assert (await desk.create(name)).code == "ValidationException"


async def test_sharing_opens_a_document_to_another_account_and_closes_it(desk: Desk) -> None:
    other = await new_desk(desk.door)
    await desk.create()
    arn = f"arn:aws:ssm:{REGION}:{desk.account_id}:document/Mine"
    share = {"Name": "Mine", "PermissionType": "Share"}
    before = await other.ask("GetDocument", Name=arn)

    await desk.ask("ModifyDocumentPermission", **share, AccountIdsToAdd=[other.account_id])
    during = await other.ask("GetDocument", Name=arn)
    shared = await desk.ask("DescribeDocumentPermission", **share)
    changed = await other.ask("UpdateDocument", Name="Mine", Content=log_file("/a"))
    await desk.ask("ModifyDocumentPermission", **share, AccountIdsToRemove=[other.account_id])
    after = await other.ask("GetDocument", Name=arn)

    assert (before.code, during.code, after.code) == ("InvalidDocument", "", "InvalidDocument")
    assert during.output["Content"] == PORT
    assert shared.output["AccountIds"] == [other.account_id]
    assert shared.output["AccountSharingInfoList"] == [
        {"AccountId": other.account_id, "SharedDocumentVersion": "$DEFAULT"}
    ]
    assert changed.code == "InvalidDocument"
