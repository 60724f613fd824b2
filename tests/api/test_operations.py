"""What people read: nodes, sessions, activations, policies, as botocore hands them on."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.api.door import Answer, Door, Keys
from tests.fakes.world import NODE_ROLE, REGION, FakeWorld, make_world, policy

from mooring.fleet.node import Node, Platform
from mooring.wire.ids import NodeKind


class Desk:
    """An administrator's desk: one call a line."""

    def __init__(self, door: Door, keys: Keys, account_id: str) -> None:
        self.door, self.keys, self.account_id = door, keys, account_id

    @property
    def world(self) -> FakeWorld:
        return self.door.world

    async def ask(self, service: str, operation: str, **given: Any) -> Answer:  # noqa: ANN401 - any
        return await self.door.call(self.keys, service, operation, given)

    async def node(self, **more: Any) -> Node:  # noqa: ANN401 - as the world takes them
        return await self.world.node(self.account_id, **more)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        yield Desk(door, await door.keys(await world.administrator(account_id)), account_id)


def rows(answer: Answer, name: str, key: str) -> list[Any]:
    assert answer.status == 200, answer.message
    return [row[key] for row in answer.output.get(name, [])]


async def test_nodes_are_listed_as_systems_manager_lists_them(desk: Desk) -> None:
    platform = Platform(
        agent_version="3.3.1",
        platform_type="Windows",
        platform_name="Windows Server",
        ip_address="192.0.2.5",
        computer_name="win-1",
    )
    node = await desk.node(kind=NodeKind.MANAGED_INSTANCE, name="win", platform=platform)

    answer = await desk.ask("ssm", "DescribeInstanceInformation")

    (row,) = answer.output["InstanceInformationList"]
    assert (
        row.items()
        >= {
            "InstanceId": node.node_id,
            "PingStatus": "Online",
            "AgentVersion": "3.3.1",
            "PlatformType": "Windows",
            "PlatformName": "Windows Server",
            "ResourceType": "ManagedInstance",
            "IPAddress": "192.0.2.5",
            "ComputerName": "win-1",
            "Name": "win",
            "IamRole": NODE_ROLE,
        }.items()
    )
    assert "SourceId" not in row


@pytest.mark.parametrize(
    "given",
    [
        {"Filters": [{"Key": "PlatformTypes", "Values": ["Windows"]}]},
        {"InstanceInformationFilterList": [{"key": "PlatformTypes", "valueSet": ["Windows"]}]},
        {"Filters": [{"Key": "tag:team", "Values": ["blue"]}]},
    ],
)
async def test_both_filter_lists_work(desk: Desk, given: Mapping[str, Any]) -> None:
    await desk.node()
    wanted = await desk.node(platform=Platform(platform_type="Windows"), tags={"team": "blue"})

    answer = await desk.ask("ssm", "DescribeInstanceInformation", **given)

    assert rows(answer, "InstanceInformationList", "InstanceId") == [wanted.node_id]


async def test_properties_take_operators(desk: Desk) -> None:
    await desk.node(platform=Platform(agent_version="3.9"))
    newer = await desk.node(platform=Platform(agent_version="3.10"))

    answer = await desk.ask(
        "ssm",
        "DescribeInstanceProperties",
        FiltersWithOperator=[{"Key": "AgentVersion", "Values": ["3.9"], "Operator": "GreaterThan"}],
    )

    assert rows(answer, "InstanceProperties", "InstanceId") == [newer.node_id]


async def test_pages_go_on_by_their_token(desk: Desk) -> None:
    ids = sorted([(await desk.node()).node_id for _ in range(7)])

    first = await desk.ask("ssm", "DescribeInstanceInformation", MaxResults=5)
    second = await desk.ask(
        "ssm", "DescribeInstanceInformation", MaxResults=5, NextToken=first.output["NextToken"]
    )

    both = [
        row
        for page in (first, second)
        for row in rows(page, "InstanceInformationList", "InstanceId")
    ]
    assert both == ids
    assert "NextToken" not in second.output


@pytest.mark.parametrize(
    ("operation", "given", "code"),
    [
        (
            "DescribeInstanceInformation",
            {"Filters": [{"Key": "Colour", "Values": ["a"]}]},
            "InvalidFilterKey",
        ),
        ("DescribeInstanceInformation", {"NextToken": "nonsense"}, "InvalidNextToken"),
        ("DescribeInstanceInformation", {"MaxResults": 4}, "ValidationException"),
        ("DescribeSessions", {"State": "Over"}, "ValidationException"),
        (
            "DescribeSessions",
            {"State": "Active", "Filters": [{"key": "InvokedAfter", "value": "yesterday"}]},
            "InvalidFilter",
        ),
        ("ResumeSession", {"SessionId": "ann-00000000000000000"}, "DoesNotExistException"),
        ("StartSession", {"Target": "i-00000000000000000"}, "TargetNotConnected"),
        (
            "StartSession",
            {"Target": "i-00000000000000000", "DocumentName": "Mine"},
            "InvalidDocument",
        ),
        ("DeregisterManagedInstance", {"InstanceId": "mi-00000000000000000"}, "InvalidInstanceId"),
        (
            "DeleteActivation",
            {"ActivationId": "00000000-0000-4000-8000-000000000000"},
            "InvalidActivationId",
        ),
        ("CreateActivation", {"IamRole": "Missing"}, "ValidationException"),
    ],
)
async def test_refusals_have_the_codes_of_the_api(
    desk: Desk, operation: str, given: Mapping[str, Any], code: str
) -> None:
    answer = await desk.ask("ssm", operation, **given)

    assert (answer.status, answer.code) == (400, code), answer.message


async def test_a_session_from_start_to_history(desk: Desk) -> None:
    node = await desk.node()

    started = await desk.ask("ssm", "StartSession", Target=node.node_id, Reason="why")
    session_id = started.output["SessionId"]
    resumed = await desk.ask("ssm", "ResumeSession", SessionId=session_id)
    ended = await desk.ask("ssm", "TerminateSession", SessionId=session_id)
    over = await desk.ask("ssm", "ResumeSession", SessionId=session_id)
    history = await desk.ask("ssm", "DescribeSessions", State="History")

    host = f"ssmmessages.{REGION}.mooring.example:8443"
    assert started.output["StreamUrl"].startswith(f"wss://{host}/v1/data-channel/{session_id}")
    assert resumed.output["TokenValue"] != started.output["TokenValue"]
    assert ended.output["SessionId"] == session_id
    assert "TokenValue" not in over.output
    (row,) = history.output["Sessions"]
    assert row["Owner"] == f"arn:aws:iam::{desk.account_id}:user/admin"
    assert (row["Status"], row["Reason"], row["Target"]) == ("Terminated", "why", node.node_id)
    assert row["EndDate"] >= row["StartDate"]


async def test_an_activation_shows_its_code_once(desk: Desk) -> None:
    made = await desk.ask(
        "ssm", "CreateActivation", IamRole=NODE_ROLE, Tags=[{"Key": "a", "Value": "b"}]
    )

    listed = await desk.ask("ssm", "DescribeActivations")

    (row,) = listed.output["ActivationList"]
    assert row["ActivationId"] == made.output["ActivationId"]
    assert (row["RegistrationLimit"], row["RegistrationsCount"], row["Expired"]) == (1, 0, False)
    assert row["Tags"] == [{"Key": "a", "Value": "b"}]
    assert made.output["ActivationCode"].encode() not in listed.response.body


def instances(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.message
    return [
        row["InstanceId"]
        for reservation in answer.output.get("Reservations", [])
        for row in reservation["Instances"]
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("instance-state-name", ["running"]),
        ("instance-state-name", ["run*", "other"]),
        ("private-ip-address", ["192.0.2.?"]),
        ("private-dns-name", ["web-1"]),
        ("tag:Name", ["web"]),
        ("tag:team", ["b[l]ue"]),
        ("tag-key", ["team"]),
    ],
)
async def test_ec2_lists_instances_by_its_own_filters(
    desk: Desk, name: str, values: list[str]
) -> None:
    platform = Platform(ip_address="192.0.2.5", computer_name="web-1")
    node = await desk.node(name="web", platform=platform, tags={"team": "b[l]ue"})
    await desk.node(online=False)
    await desk.node(kind=NodeKind.MANAGED_INSTANCE)

    answer = await desk.ask("ec2", "DescribeInstances", Filters=[{"Name": name, "Values": values}])

    assert instances(answer) == [node.node_id]


async def test_ec2_tells_which_ids_it_does_not_know(desk: Desk) -> None:
    node = await desk.node()
    managed = await desk.node(kind=NodeKind.MANAGED_INSTANCE)
    missing = "i-00000000000000000"

    found = await desk.ask("ec2", "DescribeInstances", InstanceIds=[node.node_id])
    unknown = await desk.ask("ec2", "DescribeInstances", InstanceIds=[node.node_id, missing])
    other_kind = await desk.ask("ec2", "DescribeInstances", InstanceIds=[managed.node_id])

    assert instances(found) == [node.node_id]
    assert (unknown.status, unknown.code) == (400, "InvalidInstanceID.NotFound")
    assert unknown.message == f"The instance IDs '{missing}' do not exist"
    assert other_kind.code == "InvalidInstanceID.NotFound"


@pytest.mark.parametrize(
    "given",
    [
        {"Filters": [{"Name": "colour", "Values": ["red"]}]},
        {"Filters": [{"Values": ["red"]}]},
        {"MaxResults": 0},
        {"MaxResults": 4},
        {"MaxResults": 1001},
    ],
)
async def test_ec2_refuses_what_it_cannot_read(desk: Desk, given: Mapping[str, Any]) -> None:
    answer = await desk.ask("ec2", "DescribeInstances", **given)

    assert (answer.status, answer.code) == (400, "InvalidParameterValue")


async def test_a_filter_without_values_matches_nothing(desk: Desk) -> None:
    await desk.node()

    answer = await desk.ask("ec2", "DescribeInstances", Filters=[{"Name": "instance-id"}])

    assert instances(answer) == []


async def test_ec2_pages_and_asks_for_ids_over_pages(desk: Desk) -> None:
    ids = sorted([(await desk.node()).node_id for _ in range(6)])

    first = await desk.ask("ec2", "DescribeInstances", MaxResults=5, InstanceIds=ids)
    second = await desk.ask(
        "ec2",
        "DescribeInstances",
        MaxResults=5,
        InstanceIds=ids,
        NextToken=first.output["NextToken"],
    )

    assert instances(first) + instances(second) == ids


async def test_a_user_from_making_to_deleting(desk: Desk) -> None:
    document = policy("ssm:StartSession")
    tags = [{"Key": "team", "Value": "blue"}]
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"

    made = await desk.ask("iam", "CreateUser", UserName="ann", Path="/ops/", Tags=tags)
    await desk.ask("iam", "PutUserPolicy", UserName="ann", PolicyName="p", PolicyDocument=document)
    await desk.ask("iam", "AttachUserPolicy", UserName="ann", PolicyArn=arn)
    got = await desk.ask("iam", "GetUserPolicy", UserName="ann", PolicyName="p")
    attached = await desk.ask("iam", "ListAttachedUserPolicies", UserName="ann")
    busy = await desk.ask("iam", "DeleteUser", UserName="ann")
    await desk.ask("iam", "DetachUserPolicy", UserName="ann", PolicyArn=arn)
    await desk.ask("iam", "DeleteUserPolicy", UserName="ann", PolicyName="p")
    gone = await desk.ask("iam", "DeleteUser", UserName="ann")
    missing = await desk.ask("iam", "GetUser", UserName="ann")

    assert made.output["User"]["Arn"] == f"arn:aws:iam::{desk.account_id}:user/ops/ann"
    assert made.output["User"]["Tags"] == tags
    assert attached.output["AttachedPolicies"] == [
        {"PolicyName": "AdministratorAccess", "PolicyArn": arn}
    ]
    assert got.output["PolicyDocument"].startswith("%7B")  # botocore's client decodes it
    assert (busy.status, busy.code) == (409, "DeleteConflict")
    assert gone.status == 200
    assert (missing.status, missing.code) == (404, "NoSuchEntity")
    assert missing.message == "The user with name ann cannot be found."


async def test_iam_pages_by_marker(desk: Desk) -> None:
    for name in ("u1", "u2", "u3"):
        await desk.ask("iam", "CreateUser", UserName=name)

    first = await desk.ask("iam", "ListUsers", MaxItems=2)
    second = await desk.ask("iam", "ListUsers", MaxItems=2, Marker=first.output["Marker"])

    assert [first.output["IsTruncated"], second.output["IsTruncated"]] == [True, False]
    names = rows(first, "Users", "UserName") + rows(second, "Users", "UserName")
    assert names == ["admin", "u1", "u2", "u3"]


async def test_a_recording_is_read_as_it_was_kept(desk: Desk) -> None:
    node = await desk.node()
    started = await desk.ask("ssm", "StartSession", Target=node.node_id)
    session_id = started.output["SessionId"]
    key = f"recordings/{desk.account_id}/{session_id}/000000.seg"
    await desk.world.world.blobs.put(key, b"\x00bytes\xff")

    recording = await desk.ask("mooring", "GetRecording", SessionId=session_id)
    segment = await desk.ask("mooring", "GetRecordingSegment", SessionId=session_id, Index=0)
    missing = await desk.ask("mooring", "GetRecordingSegment", SessionId=session_id, Index=1)

    assert recording.output["State"] == "Recording"
    assert rows(recording, "Segments", "SizeBytes") == [7]
    assert segment.output["Content"] == b"\x00bytes\xff"
    assert (missing.status, missing.code) == (400, "ResourceNotFoundException")
