"""Simulations as botocore hands them on."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.door import Answer, Door, Keys
from tests.api.served import refused, serve
from tests.fakes.world import ADMINISTRATOR, REGION, FakeWorld, make_world, policy

TEXT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
SHELL = (Path(__file__).parent.parent / "vectors/iam/policy-shell-one-instance.json").read_text()
SECOND = len('{"Version":"2012-10-17","Statement":[')


class Desk:
    """An administrator's desk."""

    def __init__(self, door: Door, keys: Keys, account_id: str) -> None:
        self.door, self.keys, self.account_id = door, keys, account_id

    @property
    def world(self) -> FakeWorld:
        return self.door.world

    async def ask(self, operation: str, **given: Any) -> Answer:  # noqa: ANN401 - any
        return await self.door.call(self.keys, "iam", operation, given)

    async def simulate(self, **given: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any
        answer = await self.ask("SimulateCustomPolicy", **given)
        assert answer.status == 200, answer.message
        results: list[dict[str, Any]] = answer.output["EvaluationResults"]
        return results


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        yield Desk(door, await door.keys(await world.administrator(account_id)), account_id)


async def test_the_reply_has_the_shape_of_published_ones(desk: Desk) -> None:
    (result,) = await desk.simulate(PolicyInputList=[TEXT], ActionNames=["s3:GetObject"])

    assert result == {
        "EvalActionName": "s3:GetObject",
        "EvalResourceName": "*",
        "EvalDecision": "allowed",
        "MatchedStatements": [
            {
                "SourcePolicyId": "PolicyInputList.1",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 1, "Column": SECOND + 1},
                "EndPosition": {"Line": 1, "Column": len(TEXT) - 1},
            }
        ],
        "MissingContextValues": [],
    }


async def test_a_named_resource_has_its_own_result(desk: Desk) -> None:
    condition = {"StringEquals": {"s3:prefix": "x"}}
    (result,) = await desk.simulate(
        PolicyInputList=[policy("s3:*", Condition=condition)],
        PermissionsBoundaryPolicyInputList=[TEXT],
        ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::box"],
    )

    (specific,) = result["ResourceSpecificResults"]
    assert result["EvalDecision"] == specific["EvalResourceDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == specific["MissingContextValues"] == ["s3:prefix"]
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}


@pytest.mark.parametrize(
    ("kind", "values", "operator", "wanted", "decision"),
    [
        ("string", ["a"], "StringEquals", "a", "allowed"),
        ("stringList", ["a", "b"], "ForAnyValue:StringEquals", "b", "allowed"),
        ("numeric", ["7"], "NumericLessThan", "8", "allowed"),
        ("boolean", ["true"], "Bool", "true", "allowed"),
        ("ip", ["10.1.1.1"], "IpAddress", "10.0.0.0/8", "allowed"),
        (
            "date",
            ["2026-01-01T00:00:00Z"],
            "DateGreaterThan",
            "2027-01-01T00:00:00Z",
            "implicitDeny",
        ),
        ("binary", ["YQ=="], "BinaryEquals", "YQ==", "allowed"),
    ],
)
async def test_context_entries_are_the_context(
    desk: Desk, kind: str, values: list[str], operator: str, wanted: str, decision: str
) -> None:
    (result,) = await desk.simulate(
        PolicyInputList=[policy("s3:*", Condition={operator: {"my:Key": wanted}})],
        ActionNames=["s3:GetObject"],
        ContextEntries=[
            {"ContextKeyName": "my:key", "ContextKeyType": kind, "ContextKeyValues": values}
        ],
    )

    assert result["EvalDecision"] == decision


async def test_several_actions_and_resources_make_pages(desk: Desk) -> None:
    given = {
        "PolicyInputList": [TEXT],
        "ActionNames": ["s3:Get", "sqs:Get"],
        "ResourceArns": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
        "MaxItems": 3,
    }

    first = await desk.ask("SimulateCustomPolicy", **given)
    second = await desk.ask("SimulateCustomPolicy", **given, Marker=first.output["Marker"])

    rows = [*first.output["EvaluationResults"], *second.output["EvaluationResults"]]
    assert (first.output["IsTruncated"], second.output["IsTruncated"]) == (True, False)
    assert [row["EvalDecision"] for row in rows] == ["allowed"] * 2 + ["implicitDeny"] * 2


async def test_an_organizations_policies_are_simulated(desk: Desk) -> None:
    (result,) = await desk.simulate(
        PolicyInputList=[TEXT],
        OrderedOrganizationPolicyInputList=[
            {"ServiceControlPolicyInputList": [TEXT]},
            {"ServiceControlPolicyInputList": [policy("ec2:*")]},
        ],
        ActionNames=["s3:GetObject"],
    )

    assert result["EvalDecision"] == "implicitDeny"
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


async def test_a_resource_policy_of_another_account_is_told_apart(desk: Desk) -> None:
    caller = "arn:aws:iam::111122223333:user/ann"
    (result,) = await desk.simulate(
        PolicyInputList=[TEXT],
        ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::box"],
        ResourceOwner="arn:aws:iam::444455556666:root",
        ResourcePolicy=policy("s3:*", Principal={"AWS": caller}),
        CallerArn=caller,
    )

    assert result["EvalDecision"] == "allowed"
    assert result["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "allowed"}
    assert [row["SourcePolicyType"] for row in result["MatchedStatements"]] == [
        "Resource Policy",
        "IAM Policy",
    ]


async def test_a_principals_policies_are_named(desk: Desk) -> None:
    role = await desk.world.role(
        desk.account_id, "Ops", policy("s3:*", Effect="Deny"), managed=(ADMINISTRATOR,)
    )

    denied = await desk.ask(
        "SimulatePrincipalPolicy", PolicySourceArn=role.arn, ActionNames=["s3:GetObject"]
    )
    allowed = await desk.ask(
        "SimulatePrincipalPolicy",
        PolicySourceArn=role.arn,
        ActionNames=["s3:GetObject"],
        PolicyExclusionList=[
            {
                "InlinePolicyIdentifier": {
                    "AttachmentType": "role",
                    "AttachmentName": "Ops",
                    "PolicyName": "inline-0",
                }
            }
        ],
    )

    ids = [
        [
            row["SourcePolicyId"]
            for row in answer.output["EvaluationResults"][0]["MatchedStatements"]
        ]
        for answer in (denied, allowed)
    ]
    assert ids == [["role_Ops_inline-0"], ["AdministratorAccess"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"PolicyInputList": ["{"]},
        {"ActionNames": ["Get"]},
        {"Marker": "x"},
        {"ContextEntries": [{"ContextKeyName": "aws:x"}]},
    ],
)
async def test_what_cannot_be_simulated_is_invalid_input(desk: Desk, wrong: dict[str, Any]) -> None:
    given = {"PolicyInputList": [TEXT], "ActionNames": ["s3:Get"]} | wrong

    answer = await desk.ask("SimulateCustomPolicy", **given)

    assert (answer.status, answer.code) == (400, "InvalidInput")


async def test_an_unknown_principal_is_no_such_entity(desk: Desk) -> None:
    answer = await desk.ask(
        "SimulatePrincipalPolicy",
        PolicySourceArn=f"arn:aws:iam::{desk.account_id}:user/nobody",
        ActionNames=["s3:Get"],
    )

    assert (answer.status, answer.code) == (404, "NoSuchEntity")


async def test_context_keys_are_listed(desk: Desk) -> None:
    text = policy("*", "arn:aws:s3:::${aws:username}")
    user = await desk.world.user(desk.account_id, "ann", text)

    custom = await desk.ask("GetContextKeysForCustomPolicy", PolicyInputList=[text])
    own = await desk.ask("GetContextKeysForPrincipalPolicy", PolicySourceArn=user.arn)

    assert custom.output["ContextKeyNames"] == own.output["ContextKeyNames"] == ["aws:username"]


async def test_boto3_simulates_a_users_policy_of_the_scenario(tmp_path: Path) -> None:
    own = f"arn:aws:ec2:{REGION}:{{}}:instance/i-0123456789abcdef0"
    async with serve(tmp_path) as served:
        iam, account_id = served.iam, served.admin.account_id
        text = SHELL.replace("111122223333", account_id)
        made = await iam.call("create_user", UserName="ann")
        await iam.call("put_user_policy", UserName="ann", PolicyName="shell", PolicyDocument=text)
        nodes = [own.format(account_id), own.format(account_id).replace("0123", "9999")]

        results = await iam.pages(
            "simulate_principal_policy",
            "EvaluationResults",
            PolicySourceArn=made["User"]["Arn"],
            ActionNames=["ssm:StartSession", "ssm:DescribeSessions"],
            ResourceArns=nodes,
        )
        keys = await iam.call(
            "get_context_keys_for_principal_policy", PolicySourceArn=made["User"]["Arn"]
        )
        wrong = await refused(
            iam.call("simulate_custom_policy", PolicyInputList=["{"], ActionNames=["s3:GetObject"])
        )

    assert [(row["EvalActionName"], row["EvalDecision"]) for row in results] == [
        ("ssm:StartSession", "allowed"),
        ("ssm:StartSession", "implicitDeny"),
        ("ssm:DescribeSessions", "allowed"),
        ("ssm:DescribeSessions", "allowed"),
    ]
    assert results[0]["MatchedStatements"][0]["SourcePolicyId"] == "user_ann_shell"
    assert keys["ContextKeyNames"] == ["aws:userid"]
    assert wrong[:2] == (400, "InvalidInput")
