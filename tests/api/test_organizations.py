"""Organizations as boto3 drives them: from CreateOrganization to an account in a unit."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.door import Answer, Door, Keys
from tests.fakes.world import make_world, policy


class Desk:
    """A management account's administrator."""

    def __init__(self, door: Door, keys: Keys, account_id: str) -> None:
        self.door, self.keys, self.account_id = door, keys, account_id

    async def ask(self, operation: str, **given: Any) -> Answer:  # noqa: ANN401 - any member
        return await self.door.call(self.keys, "organizations", operation, given)

    async def got(self, operation: str, **given: Any) -> Any:  # noqa: ANN401 - any member
        answer = await self.ask(operation, **given)
        assert answer.status == 200, answer.message
        return answer.output

    async def code(self, operation: str, **given: Any) -> str:  # noqa: ANN401 - any member
        answer = await self.ask(operation, **given)
        assert answer.status == 400
        return answer.code


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        yield Desk(door, await door.keys(await world.administrator(account_id)), account_id)


async def test_from_nothing_to_an_account_in_a_unit(desk: Desk) -> None:
    assert await desk.code("DescribeOrganization") == "AWSOrganizationsNotInUseException"
    organization = (await desk.got("CreateOrganization"))["Organization"]
    assert await desk.code("CreateOrganization") == "AlreadyInOrganizationException"
    assert organization["MasterAccountId"] == desk.account_id
    assert (await desk.got("DescribeOrganization"))["Organization"] == organization

    (root,) = (await desk.got("ListRoots"))["Roots"]
    assert root["PolicyTypes"] == [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    unit = (await desk.got("CreateOrganizationalUnit", ParentId=root["Id"], Name="Sandbox"))[
        "OrganizationalUnit"
    ]
    status = (await desk.got("CreateAccount", AccountName="one", Email="one@mooring.example"))[
        "CreateAccountStatus"
    ]
    assert status["State"] == "SUCCEEDED"
    described = await desk.got("DescribeCreateAccountStatus", CreateAccountRequestId=status["Id"])
    assert described["CreateAccountStatus"]["AccountId"] == status["AccountId"]
    await desk.got(
        "MoveAccount",
        AccountId=status["AccountId"],
        SourceParentId=root["Id"],
        DestinationParentId=unit["Id"],
    )

    children = await desk.got("ListChildren", ParentId=unit["Id"], ChildType="ACCOUNT")
    assert children["Children"] == [{"Id": status["AccountId"], "Type": "ACCOUNT"}]
    units = await desk.got("ListChildren", ParentId=root["Id"], ChildType="ORGANIZATIONAL_UNIT")
    assert units["Children"] == [{"Id": unit["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    parents = await desk.got("ListParents", ChildId=status["AccountId"])
    assert parents["Parents"] == [{"Id": unit["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    account = (await desk.got("DescribeAccount", AccountId=status["AccountId"]))["Account"]
    assert (account["Name"], account["Email"], account["Status"]) == (
        "one",
        "one@mooring.example",
        "ACTIVE",
    )
    assert account["Arn"] == (
        f"arn:aws:organizations::{desk.account_id}:account/"
        f"{organization['Id']}/{status['AccountId']}"
    )
    below = await desk.got("ListAccountsForParent", ParentId=unit["Id"])
    assert [row["Id"] for row in below["Accounts"]] == [status["AccountId"]]
    everyone = await desk.got("ListAccounts")
    assert {row["JoinedMethod"] for row in everyone["Accounts"]} == {"INVITED", "CREATED"}


async def test_units_are_renamed_listed_in_pages_and_deleted(desk: Desk) -> None:
    await desk.got("CreateOrganization")
    (root,) = (await desk.got("ListRoots"))["Roots"]
    made = [
        (await desk.got("CreateOrganizationalUnit", ParentId=root["Id"], Name=f"{number}"))[
            "OrganizationalUnit"
        ]["Id"]
        for number in range(3)
    ]

    first = await desk.got("ListOrganizationalUnitsForParent", ParentId=root["Id"], MaxResults=2)
    rest = await desk.got(
        "ListOrganizationalUnitsForParent",
        ParentId=root["Id"],
        MaxResults=2,
        NextToken=first["NextToken"],
    )
    found = [*first["OrganizationalUnits"], *rest["OrganizationalUnits"]]
    assert sorted(row["Id"] for row in found) == sorted(made)
    assert "NextToken" not in rest

    renamed = await desk.got("UpdateOrganizationalUnit", OrganizationalUnitId=made[0], Name="x")
    assert renamed["OrganizationalUnit"]["Name"] == "x"
    await desk.got("DeleteOrganizationalUnit", OrganizationalUnitId=made[0])
    code = await desk.code("DescribeOrganizationalUnit", OrganizationalUnitId=made[0])
    assert code == "OrganizationalUnitNotFoundException"


@pytest.mark.parametrize(
    ("operation", "given", "code"),
    [
        ("CreateOrganization", {"FeatureSet": "CONSOLIDATED_BILLING"}, "InvalidInputException"),
        (
            "CreateAccount",
            {
                "AccountName": "a",
                "Email": "a@b.example",
                "Tags": [{"Key": "k", "Value": "v"}],
            },
            "InvalidInputException",
        ),
        ("ListAccounts", {"NextToken": "no token"}, "InvalidInputException"),
    ],
)
async def test_what_is_not_kept_is_refused(
    desk: Desk, operation: str, given: dict[str, Any], code: str
) -> None:
    assert await desk.code(operation, **given) == code


async def test_names_and_addresses_are_in_no_event(desk: Desk) -> None:
    await desk.got("CreateOrganization")
    await desk.got("CreateAccount", AccountName="hush", Email="hush@mooring.example")

    events = await desk.door.world.events(desk.account_id)

    assert events[-1].name == "CreateAccount"
    assert "hush" not in repr(events[-1])


async def test_a_member_is_bound_through_the_door(desk: Desk) -> None:
    await desk.got("CreateOrganization")
    status = (await desk.got("CreateAccount", AccountName="one", Email="one@mooring.example"))[
        "CreateAccountStatus"
    ]
    world = desk.door.world
    keys = await desk.door.keys(await world.administrator(status["AccountId"]))
    deny = policy("iam:ListUsers", Effect="Deny")
    made = await desk.got(
        "CreatePolicy",
        Name="NoUsers",
        Description="",
        Type="SERVICE_CONTROL_POLICY",
        Content=deny,
    )
    before = await desk.door.call(keys, "iam", "ListUsers", {})

    await desk.got(
        "AttachPolicy",
        PolicyId=made["Policy"]["PolicySummary"]["Id"],
        TargetId=status["AccountId"],
    )

    after = await desk.door.call(keys, "iam", "ListUsers", {})
    refused = await desk.door.call(keys, "organizations", "ListAccounts", {})
    assert (before.status, after.status) == (200, 403)
    assert "explicit deny in a service control policy" in after.message
    assert (refused.code, refused.status) == ("AccessDeniedException", 400)
    assert json.loads(made["Policy"]["Content"]) == json.loads(deny)


async def test_requests_are_listed_by_their_state(desk: Desk) -> None:
    await desk.got("CreateOrganization")
    for _ in range(2):
        await desk.got("CreateAccount", AccountName="one", Email="one@mooring.example")

    everything = await desk.got("ListCreateAccountStatus")
    failed = await desk.got("ListCreateAccountStatus", States=["FAILED"])
    first = await desk.got("ListCreateAccountStatus", MaxResults=1)

    assert len(everything["CreateAccountStatuses"]) == 2
    (row,) = failed["CreateAccountStatuses"]
    assert row["FailureReason"] == "EMAIL_ALREADY_EXISTS"
    assert "NextToken" in first


async def test_an_account_leaves_and_the_organization_goes(desk: Desk) -> None:
    await desk.got("CreateOrganization")
    status = (await desk.got("CreateAccount", AccountName="one", Email="one@mooring.example"))[
        "CreateAccountStatus"
    ]
    assert await desk.code("DeleteOrganization") == "OrganizationNotEmptyException"

    await desk.got("RemoveAccountFromOrganization", AccountId=status["AccountId"])
    await desk.got("DeleteOrganization")

    assert await desk.code("DescribeOrganization") == "AWSOrganizationsNotInUseException"
