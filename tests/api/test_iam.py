"""boto3 makes, changes and deletes users and roles over HTTP."""

from pathlib import Path

from tests.api.served import refused, serve
from tests.fakes.world import ADMINISTRATOR, NODE_TRUST, policy


async def test_the_life_of_a_user(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam, account_id = served.iam, served.admin.account_id
        made = await iam.call(
            "create_user",
            UserName="Ann",
            Path="/ops/",
            Tags=[{"Key": "team", "Value": "a b+c"}],
            PermissionsBoundary=ADMINISTRATOR,
        )
        await iam.call(
            "put_user_policy", UserName="ann", PolicyName="p", PolicyDocument=policy("*")
        )
        key = (await iam.call("create_access_key", UserName="Ann"))["AccessKey"]
        await iam.call("create_group", GroupName="Ops")
        await iam.call("add_user_to_group", GroupName="Ops", UserName="Ann")

        await iam.call("update_user", UserName="ANN", NewUserName="Zoe", NewPath="/dev/")

        found = (await iam.call("get_user", UserName="zoe"))["User"]
        assert made["User"]["Arn"] == f"arn:aws:iam::{account_id}:user/ops/Ann"
        assert found["Arn"] == f"arn:aws:iam::{account_id}:user/dev/Zoe"
        assert found["UserId"] == made["User"]["UserId"]
        assert found["Tags"] == [{"Key": "team", "Value": "a b+c"}]
        assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMINISTRATOR
        zoe = served.client("iam", key["AccessKeyId"], key["SecretAccessKey"])
        assert (await zoe.call("get_user"))["User"]["UserName"] == "Zoe"
        assert (await iam.call("list_user_policies", UserName="Zoe"))["PolicyNames"] == ["p"]
        members = (await iam.call("get_group", GroupName="Ops"))["Users"]
        assert [user["UserName"] for user in members] == ["Zoe"]
        assert await refused(iam.call("get_user", UserName="Ann")) == (
            404,
            "NoSuchEntity",
            "The user with name Ann cannot be found.",
        )


async def test_a_user_goes_when_nothing_hangs_on_it(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_user", UserName="Ann")
        await iam.call("create_group", GroupName="Ops")
        await iam.call("add_user_to_group", GroupName="Ops", UserName="Ann")

        in_group = await refused(iam.call("delete_user", UserName="Ann"))
        await iam.call("remove_user_from_group", GroupName="Ops", UserName="Ann")
        await iam.call("delete_user", UserName="Ann")

        assert in_group[:2] == (409, "DeleteConflict")
        assert in_group[2] == "Cannot delete entity, must remove users from group first."


async def test_taken_names_are_told(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_user", UserName="Ann")
        await iam.call("create_user", UserName="Bea")

        again = await refused(iam.call("create_user", UserName="ANN"))
        renamed = await refused(iam.call("update_user", UserName="Bea", NewUserName="ann"))
        await iam.call("update_user", UserName="Ann", NewUserName="ANN")

        assert again == (409, "EntityAlreadyExists", "User with name ANN already exists.")
        assert renamed == (409, "EntityAlreadyExists", "User with name ann already exists.")
        users = await iam.pages("list_users", "Users")
        assert [user["UserName"] for user in users] == ["admin", "ANN", "Bea"]


async def test_the_life_of_a_role(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_role", RoleName="Web", AssumeRolePolicyDocument=NODE_TRUST)
        await iam.call("update_role", RoleName="Web", Description="old", MaxSessionDuration=7200)
        await iam.call("update_role_description", RoleName="Web", Description="new")
        trust = NODE_TRUST.replace("ssm.amazonaws.com", "ec2.amazonaws.com")
        await iam.call("update_assume_role_policy", RoleName="Web", PolicyDocument=trust)

        role = (await iam.call("get_role", RoleName="Web"))["Role"]
        wrong = await refused(
            iam.call("update_assume_role_policy", RoleName="Web", PolicyDocument=policy("ssm:*"))
        )
        await iam.call("delete_role", RoleName="Web")

        assert (role["Description"], role["MaxSessionDuration"]) == ("new", 7200)
        principal = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        assert principal == {"Service": "ec2.amazonaws.com"}
        assert wrong[:2] == (400, "MalformedPolicyDocument")
        roles = await iam.pages("list_roles", "Roles")
        assert [row["RoleName"] for row in roles] == ["NodeRole"]


async def test_a_role_shows_when_it_was_last_used_and_whom_it_trusts(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam, admin = served.iam, served.admin
        trust = NODE_TRUST.replace('"Service": "ssm.amazonaws.com"', f'"AWS": "{admin.arn}"')
        made = (await iam.call("create_role", RoleName="Web", AssumeRolePolicyDocument=trust))[
            "Role"
        ]
        before = (await iam.call("get_role", RoleName="Web"))["Role"]
        sts = served.client("sts", *await served.world.access_key(admin))
        session = await sts.call("assume_role", RoleArn=made["Arn"], RoleSessionName="me")
        keys = session["Credentials"]

        web = served.client(
            "sts", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
        )
        await web.call("get_caller_identity")
        after = (await iam.call("get_role", RoleName="Web"))["Role"]

        principal = made["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        assert principal == {"AWS": admin.arn}
        assert before["RoleLastUsed"] == {}
        assert after["RoleLastUsed"]["Region"] == "ap-northeast-1"
        assert after["AssumeRolePolicyDocument"] == made["AssumeRolePolicyDocument"]
