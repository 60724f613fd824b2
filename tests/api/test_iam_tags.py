"""boto3 tags what IAM keeps, and bounds users and roles, over HTTP."""

from pathlib import Path

import pytest
from tests.api.served import refused, serve
from tests.fakes.world import ADMINISTRATOR, policy


@pytest.mark.parametrize("word", ["User", "Role", "InstanceProfile", "Policy"])
async def test_tags_are_put_replaced_listed_and_taken_off(tmp_path: Path, word: str) -> None:
    call = {"InstanceProfile": "instance_profile"}.get(word, word.lower())
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_instance_profile", InstanceProfileName="Web")
        made = await iam.call("create_policy", PolicyName="P", PolicyDocument=policy("ssm:*"))
        whom = {
            "User": {"UserName": "admin"},
            "Role": {"RoleName": "NodeRole"},
            "InstanceProfile": {"InstanceProfileName": "Web"},
            "Policy": {"PolicyArn": made["Policy"]["Arn"]},
        }[word]
        tags = [{"Key": key, "Value": "1"} for key in ("a", "B", "c")]
        await iam.call(f"tag_{call}", **whom, Tags=tags)
        await iam.call(f"tag_{call}", **whom, Tags=[{"Key": "b", "Value": "2"}])
        await iam.call(f"untag_{call}", **whom, TagKeys=["C", "missing"])

        first = await iam.call(f"list_{call}_tags", **whom, MaxItems=1)
        rest = await iam.call(f"list_{call}_tags", **whom, Marker=first["Marker"])
        twice = await refused(
            iam.call(f"tag_{call}", **whom, Tags=[{"Key": key, "Value": ""} for key in ("x", "X")])
        )

        assert [*first["Tags"], *rest["Tags"]] == [
            {"Key": "a", "Value": "1"},
            {"Key": "b", "Value": "2"},
        ]
        assert (first["IsTruncated"], rest["IsTruncated"]) == (True, False)
        assert twice == (
            400,
            "InvalidInput",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )


@pytest.mark.parametrize(("kind", "name"), [("user", "ann"), ("role", "NodeRole")])
async def test_a_boundary_is_put_and_taken_off(tmp_path: Path, kind: str, name: str) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_user", UserName="ann")
        whom = {f"{kind.capitalize()}Name": name}

        none = await refused(iam.call(f"delete_{kind}_permissions_boundary", **whom))
        missing = await refused(
            iam.call(
                f"put_{kind}_permissions_boundary",
                **whom,
                PermissionsBoundary=ADMINISTRATOR + "2",
            )
        )
        await iam.call(
            f"put_{kind}_permissions_boundary", **whom, PermissionsBoundary=ADMINISTRATOR
        )
        found = (await iam.call(f"get_{kind}", **whom))[kind.capitalize()]
        await iam.call(f"delete_{kind}_permissions_boundary", **whom)
        after = (await iam.call(f"get_{kind}", **whom))[kind.capitalize()]

        assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMINISTRATOR
        assert "PermissionsBoundary" not in after
        assert none[:2] == (404, "NoSuchEntity")
        assert missing[2].endswith("does not exist or is not attachable.")
