"""LookupEvents as boto3 asks it: every key, times, pages, refusals, and no secret in it."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.api.door import Answer, Door, Keys
from tests.fakes.world import FakeWorld, make_world, policy

from mooring.api.audit_text import HIDDEN


class Desk:
    """An administrator who asks."""

    def __init__(self, door: Door, keys: Keys, account_id: str) -> None:
        self.door, self.keys, self.account_id = door, keys, account_id

    @property
    def world(self) -> FakeWorld:
        return self.door.world

    async def ask(self, service: str, operation: str, **given: Any) -> Answer:  # noqa: ANN401 - any
        return await self.door.call(self.keys, service, operation, given)

    async def look(self, key: str = "", value: str = "", **given: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any
        if key:
            given["LookupAttributes"] = [{"AttributeKey": key, "AttributeValue": value}]
        answer = await self.ask("cloudtrail", "LookupEvents", **given)
        assert answer.status == 200, answer.message
        return list(answer.output["Events"])


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        yield Desk(door, await door.keys(await world.administrator(account_id)), account_id)


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["EventName"] for event in events]


async def test_a_read_a_change_and_a_refusal_are_there_newest_first(desk: Desk) -> None:
    await desk.ask("iam", "CreateUser", UserName="bea")
    await desk.ask("iam", "GetUser", UserName="bea")
    await desk.ask("iam", "GetUser", UserName="nobody")

    events = await desk.look()

    assert sorted(names(events)) == ["CreateUser", "GetUser", "GetUser"]
    record = json.loads(
        next(event for event in events if event["EventName"] == "CreateUser")["CloudTrailEvent"]
    )
    assert record["requestParameters"] == {"userName": "bea"}
    assert record["recipientAccountId"] == desk.account_id
    assert record["userIdentity"]["type"] == "IAMUser"
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["requestID"]
    codes = {json.loads(event["CloudTrailEvent"]).get("errorCode") for event in events}
    assert codes == {None, "NoSuchEntity"}


async def test_every_attribute_key_finds_its_events(desk: Desk) -> None:
    node = await desk.world.node(desk.account_id)
    await desk.ask("ssm", "StartSession", Target=node.node_id)
    await desk.ask("iam", "GetUser", UserName="admin")
    (started,) = await desk.look("EventName", "StartSession")

    assert names(await desk.look("EventId", started["EventId"])) == ["StartSession"]
    assert names(await desk.look("EventSource", "ssm.amazonaws.com")) == ["StartSession"]
    assert names(await desk.look("ResourceType", "AWS::EC2::Instance")) == ["StartSession"]
    assert names(await desk.look("ResourceName", node.node_id)) == ["StartSession"]
    assert "StartSession" in names(await desk.look("ReadOnly", "false"))
    assert "GetUser" in names(await desk.look("ReadOnly", "true"))
    assert "StartSession" not in names(await desk.look("ReadOnly", "true"))
    assert "GetUser" in names(await desk.look("Username", "admin"))
    assert "GetUser" in names(await desk.look("AccessKeyId", desk.keys.access_key_id))
    assert await desk.look("AccessKeyId", "AKIAOTHER") == []
    assert started["Username"] == "admin"
    assert {"ResourceType": "AWS::EC2::Instance", "ResourceName": node.node_id} in started[
        "Resources"
    ]


async def test_pages_join_and_a_token_goes_with_its_question(desk: Desk) -> None:
    for _ in range(5):
        await desk.ask("iam", "GetUser", UserName="admin")
    attributes = [{"AttributeKey": "EventName", "AttributeValue": "GetUser"}]

    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = await desk.ask(
            "cloudtrail", "LookupEvents", LookupAttributes=attributes, MaxResults=2, **token
        )
        found += [event["EventId"] for event in answer.output["Events"]]
        if "NextToken" not in answer.output:
            break
        token = {"NextToken": answer.output["NextToken"]}
        other = await desk.ask("cloudtrail", "LookupEvents", **token)
        assert (other.status, other.code) == (400, "InvalidNextTokenException")

    assert len(found) == len(set(found)) == 5


async def test_times_bound_the_events(desk: Desk) -> None:
    before = desk.world.clock.now()
    await desk.ask("iam", "GetUser", UserName="admin")
    desk.world.pass_time(hours=1)
    await desk.ask("iam", "GetUser", UserName="nobody")

    early = await desk.look(EndTime=before + timedelta(minutes=1))
    late = await desk.look("EventName", "GetUser", StartTime=before + timedelta(minutes=1))

    assert len(early) == len(late) == 1
    assert "errorCode" not in early[0]["CloudTrailEvent"]
    assert "NoSuchEntity" in late[0]["CloudTrailEvent"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (
            {
                "LookupAttributes": [
                    {"AttributeKey": "EventName", "AttributeValue": "A"},
                    {"AttributeKey": "Username", "AttributeValue": "B"},
                ]
            },
            "InvalidLookupAttributesException",
        ),
        ({"StartTime": 2_000_000_000, "EndTime": 1_000_000_000}, "InvalidTimeRangeException"),
        ({"NextToken": "nonsense"}, "InvalidNextTokenException"),
        ({"NextToken": "LTE6YWJj"}, "InvalidNextTokenException"),
    ],
)
async def test_a_wrong_question_gets_cloudtrails_code(
    desk: Desk, given: dict[str, Any], code: str
) -> None:
    answer = await desk.ask("cloudtrail", "LookupEvents", **given)

    assert (answer.status, answer.code) == (400, code)


async def test_who_may_not_is_told_so(desk: Desk) -> None:
    user = await desk.world.user(desk.account_id, "bea", policy("ssm:*"))

    answer = await desk.door.call(await desk.door.keys(user), "cloudtrail", "LookupEvents", {})

    assert (answer.status, answer.code) == (400, "AccessDeniedException")
    assert "cloudtrail:LookupEvents" in answer.message


async def test_a_failed_registration_is_in_the_activations_account_without_its_code(
    desk: Desk,
) -> None:
    await desk.world.role(desk.account_id, "Nodes", policy("ssm:*"))
    made = await desk.ask("ssm", "CreateActivation", IamRole="Nodes")
    given = {
        "ActivationId": made.output["ActivationId"],
        "ActivationCode": "notTheCodeAtAll12345",
        "PublicKey": "QUFB" * 98,
        "PublicKeyType": "Rsa",
        "Fingerprint": "11111111-2222-4333-8444-555555555555",
    }
    refused = await desk.door.call(None, "ssm", "RegisterManagedInstance", given)
    assert refused.code == "InvalidActivation"

    (event,) = await desk.look("EventName", "RegisterManagedInstance")

    record = json.loads(event["CloudTrailEvent"])
    assert record["errorCode"] == "InvalidActivation"
    assert record["userIdentity"]["accountId"] == "ANONYMOUS_PRINCIPAL"
    assert record["requestParameters"]["activationCode"] == HIDDEN
    assert "notTheCode" not in event["CloudTrailEvent"]
