"""Explanations as a client reads them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.door import Answer, Door, Keys
from tests.fakes.world import FakeWorld, make_world, policy

NODES = "arn:aws:ec2:*:*:instance/*"
HOME = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
SHELL = "SSM-SessionManagerRunShell"


class Desk:
    """An administrator's desk."""

    def __init__(self, door: Door, keys: Keys, account_id: str) -> None:
        self.door, self.keys, self.account_id = door, keys, account_id

    @property
    def world(self) -> FakeWorld:
        return self.door.world

    async def ask(self, operation: str, **given: Any) -> Answer:  # noqa: ANN401 - any
        return await self.door.call(self.keys, "mooring", operation, given)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        yield Desk(door, await door.keys(await world.administrator(account_id)), account_id)


async def test_an_allow_names_its_statement_with_place_and_text(desk: Desk) -> None:
    document = policy("ssm:StartSession", NODES, Sid="Start")
    ann = await desk.world.user(desk.account_id, "ann", document)
    node = await desk.world.node(desk.account_id)

    answer = await desk.ask(
        "ExplainAccess", PrincipalArn=ann.arn, Action="ssm:StartSession", Resource=node.node_id
    )

    (statement,) = answer.output["Statements"]
    assert answer.status == 200, answer.message
    assert answer.output["Answer"] == "yes"
    assert (
        statement.items()
        >= {
            "PolicyName": "inline-0",
            "PolicyKind": "identity",
            "AttachedTo": "user/ann",
            "Number": 1,
            "Sid": "Start",
            "Effect": "Allow",
            "Answer": "yes",
            "EndPosition": {"Line": 1, "Column": len(document) - 1},
        }.items()
    )
    assert statement["Text"] in document


async def test_a_doubt_lists_requirements_and_conditions(desk: Desk) -> None:
    ann = await desk.world.user(desk.account_id, "ann", policy("ssm:StartSession", Condition=HOME))
    node = await desk.world.node(desk.account_id)

    answer = await desk.ask(
        "ExplainAccess", PrincipalArn=ann.arn, Action="ssm:StartSession", Resource=node.node_id
    )
    sure = await desk.ask(
        "ExplainAccess",
        PrincipalArn=ann.arn,
        Action="ssm:StartSession",
        Resource=node.node_id,
        Context=[{"Key": "aws:SourceIp", "Values": ["10.2.3.4"]}],
    )

    assert answer.output["Answer"] == "only-if"
    assert answer.output["Requirements"] == ["aws:sourceip is in `10.0.0.0/8`"]
    assert answer.output["Conditions"] == [
        {
            "Key": "aws:sourceip",
            "Operator": "IpAddress",
            "Values": ["10.0.0.0/8"],
            "PolicyName": "inline-0",
            "Number": 1,
        }
    ]
    assert sure.output["Answer"] == "yes"


async def test_a_denial_comes_with_changes_and_near_misses(desk: Desk) -> None:
    ann = await desk.world.user(
        desk.account_id, "ann", policy("ssm:StartSession", "arn:aws:ec2:*:*:instance/i-1")
    )
    node = await desk.world.node(desk.account_id)

    answer = await desk.ask(
        "ExplainAccess", PrincipalArn=ann.arn, Action="ssm:StartSession", Resource=node.node_id
    )

    output = answer.output
    assert (output["Answer"], output["DeniedBy"], output["Explicit"]) == ("no", "identity", False)
    assert output["Message"].startswith(f"User: {ann.arn} is not authorized to perform: ssm:Start")
    assert output["Lacking"] == ["identity"]
    assert [change["Kind"] for change in output["Changes"]] == ["add"]
    assert [near["PolicyName"] for near in output["NearMisses"]] == ["inline-0"]


async def test_a_deny_is_given_back_with_the_principal_spared(desk: Desk) -> None:
    ann = await desk.world.user(
        desk.account_id, "ann", policy("ssm:*"), policy("ssm:*", Effect="Deny")
    )

    answer = await desk.ask("ExplainAccess", PrincipalArn=ann.arn, Action="ssm:ListCommands")

    (change,) = answer.output["Changes"]
    assert answer.output["Explicit"] is True
    assert (change["Kind"], change["PolicyName"], change["Number"]) == ("replace", "inline-1", 1)
    assert ann.arn in change["Statement"]


async def test_who_reaches_a_node_is_listed(desk: Desk) -> None:
    ann = await desk.world.user(desk.account_id, "ann", policy("sts:AssumeRole"))
    trust = policy("sts:AssumeRole", Principal={"AWS": [desk.account_id, "999999999999"]})
    await desk.world.role(
        desk.account_id,
        "Ops",
        policy("ssm:StartSession", NODES),
        trust=trust.replace('"Resource": "*", ', ""),
    )
    node = await desk.world.node(desk.account_id)

    answer = await desk.ask("ListNodeAccess", NodeId=node.node_id, DocumentNames=[SHELL])

    rows = {row["PrincipalArn"].rpartition("/")[2]: row for row in answer.output["Principals"]}
    assert answer.status == 200, answer.message
    assert {name: row["Sessions"][0]["Answer"] for name, row in rows.items()} == {
        "admin": "yes",
        "ann": "no",
        "NodeRole": "no",
        "Ops": "yes",
    }
    assert rows["ann"]["PrincipalArn"] == ann.arn
    assert rows["ann"]["Sessions"][0]["DeniedBy"] == "identity"
    (path,) = rows["ann"]["Paths"]
    assert [step["RoleArn"].rpartition("/")[2] for step in path["Steps"]] == ["Ops"]
    assert path["Sessions"] == [{"DocumentName": SHELL, "Answer": "yes"}]
    assert answer.output["Outsiders"] == [
        {
            "Name": "999999999999",
            "Kind": "account",
            "RoleArn": f"arn:aws:iam::{desk.account_id}:role/Ops",
            "Sessions": [{"DocumentName": SHELL, "Answer": "only-if"}],
        }
    ]


async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    node = await desk.ask("ListNodeAccess", NodeId="i-0123456789abcdef0")
    user = await desk.ask(
        "ExplainAccess",
        PrincipalArn=f"arn:aws:iam::{desk.account_id}:user/nobody",
        Action="ssm:StartSession",
    )
    page = {"NodeId": "i-0123456789abcdef0", "NextToken": "x"}
    token = await desk.ask("ListNodeAccess", **page)

    assert {node.code, user.code} == {"ResourceNotFoundException"}
    assert token.code == "InvalidNextToken"
