"""Service control policies as boto3 writes, attaches and lists them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.api.door import Door
from tests.api.test_organizations import Desk
from tests.fakes.world import make_world, policy

TYPE = "SERVICE_CONTROL_POLICY"
FULL = "p-FullAWSAccess"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        desk = Desk(door, await door.keys(await world.administrator(account_id)), account_id)
        await desk.got("CreateOrganization")
        yield desk


async def make(desk: Desk, name: str) -> str:
    made = await desk.got(
        "CreatePolicy", Name=name, Description="why", Type=TYPE, Content=policy("ssm:*")
    )
    policy_id: str = made["Policy"]["PolicySummary"]["Id"]
    return policy_id


async def test_a_policy_from_its_making_to_its_end(desk: Desk) -> None:
    policy_id = await make(desk, "One")
    (root,) = (await desk.got("ListRoots"))["Roots"]

    found = (await desk.got("DescribePolicy", PolicyId=policy_id))["Policy"]
    assert found["PolicySummary"]["Name"] == "One"
    assert found["PolicySummary"]["AwsManaged"] is False
    assert found["PolicySummary"]["Arn"].endswith(f"/service_control_policy/{policy_id}")
    changed = await desk.got("UpdatePolicy", PolicyId=policy_id, Name="Two")
    assert changed["Policy"]["PolicySummary"]["Description"] == "why"
    await desk.got("AttachPolicy", PolicyId=policy_id, TargetId=root["Id"])
    again = await desk.code("AttachPolicy", PolicyId=policy_id, TargetId=root["Id"])
    assert again == "DuplicatePolicyAttachmentException"
    targets = await desk.got("ListTargetsForPolicy", PolicyId=policy_id)
    assert [(row["TargetId"], row["Type"], row["Name"]) for row in targets["Targets"]] == [
        (root["Id"], "ROOT", "Root")
    ]
    assert await desk.code("DeletePolicy", PolicyId=policy_id) == "PolicyInUseException"
    await desk.got("DetachPolicy", PolicyId=policy_id, TargetId=root["Id"])
    await desk.got("DeletePolicy", PolicyId=policy_id)
    assert await desk.code("DescribePolicy", PolicyId=policy_id) == "PolicyNotFoundException"


async def test_full_access_is_listed_first_and_attached_everywhere(desk: Desk) -> None:
    made = sorted([await make(desk, "One"), await make(desk, "Two")])

    first = await desk.got("ListPolicies", Filter=TYPE, MaxResults=1)
    rest = await desk.got("ListPolicies", Filter=TYPE, MaxResults=1, NextToken=first["NextToken"])
    of_account = await desk.got("ListPoliciesForTarget", TargetId=desk.account_id, Filter=TYPE)

    assert [row["Id"] for row in first["Policies"]] == [FULL, made[0]]
    assert [row["Id"] for row in rest["Policies"]] == [made[1]]
    assert [row["Id"] for row in of_account["Policies"]] == [FULL]
    assert of_account["Policies"][0]["Arn"] == (
        "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    )


async def test_the_kind_is_switched_off_and_on(desk: Desk) -> None:
    (root,) = (await desk.got("ListRoots"))["Roots"]

    off = await desk.got("DisablePolicyType", RootId=root["Id"], PolicyType=TYPE)
    on = await desk.got("EnablePolicyType", RootId=root["Id"], PolicyType=TYPE)

    assert off["Root"].get("PolicyTypes", []) == []
    assert on["Root"] == root
    again = await desk.code("EnablePolicyType", RootId=root["Id"], PolicyType=TYPE)
    assert again == "PolicyTypeAlreadyEnabledException"


async def test_the_last_policy_stays(desk: Desk) -> None:
    answer = await desk.ask("DetachPolicy", PolicyId=FULL, TargetId=desk.account_id)

    assert answer.code == "ConstraintViolationException"
