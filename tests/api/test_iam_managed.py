"""boto3 makes managed policies and their versions over HTTP."""

from pathlib import Path

from tests.api.served import refused, serve
from tests.fakes.world import policy


async def test_the_life_of_a_policy(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        made = await iam.call(
            "create_policy",
            PolicyName="Mine",
            Path="/ops/",
            PolicyDocument=policy("ssm:StartSession"),
            Description="what it is",
            Tags=[{"Key": "a", "Value": "b"}],
        )
        arn = made["Policy"]["Arn"]
        second = await iam.call(
            "create_policy_version",
            PolicyArn=arn,
            PolicyDocument=policy("ssm:*"),
            SetAsDefault=True,
        )
        await iam.call("attach_user_policy", UserName="admin", PolicyArn=arn)
        await iam.call(
            "put_role_permissions_boundary", RoleName="NodeRole", PermissionsBoundary=arn
        )

        found = (await iam.call("get_policy", PolicyArn=arn))["Policy"]
        version = await iam.call("get_policy_version", PolicyArn=arn, VersionId="v1")
        versions = await iam.pages("list_policy_versions", "Versions", PolicyArn=arn)
        users = await iam.call("list_entities_for_policy", PolicyArn=arn)
        assert second["PolicyVersion"]["VersionId"] == "v2"
        assert (found["DefaultVersionId"], found["Description"]) == ("v2", "what it is")
        assert (found["AttachmentCount"], found["PermissionsBoundaryUsageCount"]) == (1, 1)
        assert found["Tags"] == [{"Key": "a", "Value": "b"}]
        statement = version["PolicyVersion"]["Document"]["Statement"][0]
        assert statement["Action"] == "ssm:StartSession"
        assert [(row["VersionId"], row["IsDefaultVersion"]) for row in versions] == [
            ("v2", True),
            ("v1", False),
        ]
        assert [row["UserName"] for row in users["PolicyUsers"]] == ["admin"]
        assert [row["RoleName"] for row in users["PolicyRoles"]] == ["NodeRole"]
        assert users["PolicyGroups"] == []
        await iam.call("detach_user_policy", UserName="admin", PolicyArn=arn)
        bounding = await refused(iam.call("delete_policy", PolicyArn=arn))
        await iam.call("delete_role_permissions_boundary", RoleName="NodeRole")
        await iam.call("set_default_policy_version", PolicyArn=arn, VersionId="v1")
        await iam.call("delete_policy_version", PolicyArn=arn, VersionId="v2")
        await iam.call("delete_policy", PolicyArn=arn)
        assert bounding[:2] == (409, "DeleteConflict")
        gone = await refused(iam.call("get_policy", PolicyArn=arn))
        assert gone == (404, "NoSuchEntity", f"Policy {arn} was not found.")


async def test_policies_are_listed_by_scope_in_pages(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        for name in ("c", "A", "b"):
            await iam.call("create_policy", PolicyName=name, PolicyDocument=policy("ssm:*"))

        local = await iam.pages("list_policies", "Policies", Scope="Local")
        everything = await iam.pages("list_policies", "Policies")
        attached = await iam.pages("list_policies", "Policies", OnlyAttached=True)

        assert [row["PolicyName"] for row in local] == ["A", "b", "c"]
        assert {
            "AdministratorAccess",
            "ReadOnlyAccess",
            "AmazonSSMManagedInstanceCore",
            "AmazonSSMFullAccess",
            "AmazonSSMReadOnlyAccess",
            "IAMFullAccess",
            "IAMUserChangePassword",
            "AmazonSSMManagedEC2InstanceDefaultPolicy",
        } <= {row["PolicyName"] for row in everything}
        assert [row["PolicyName"] for row in attached] == [
            "AdministratorAccess",
            "AmazonSSMManagedInstanceCore",
        ]


async def test_the_users_of_a_policy_are_filtered_by_what_can_use_one(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        wrong = await refused(
            served.iam.call(
                "list_entities_for_policy",
                PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess",
                EntityFilter="AWSManagedPolicy",
            )
        )

    assert wrong[:2] == (400, "InvalidInput")
