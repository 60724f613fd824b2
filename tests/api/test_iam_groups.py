"""boto3 makes groups over HTTP, and what they hold counts for who is in them."""

from pathlib import Path

from tests.api.served import refused, serve
from tests.fakes.world import ADMINISTRATOR, policy


async def test_the_life_of_a_group(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam, account_id = served.iam, served.admin.account_id
        made = (await iam.call("create_group", GroupName="Ops", Path="/a/"))["Group"]
        for name in ("ann", "bea", "cleo"):
            await iam.call("create_user", UserName=name)
            await iam.call("add_user_to_group", GroupName="ops", UserName=name)
        await iam.call(
            "put_group_policy", GroupName="Ops", PolicyName="p", PolicyDocument=policy("iam:Get*")
        )
        await iam.call("attach_group_policy", GroupName="Ops", PolicyArn=ADMINISTRATOR)

        await iam.call("update_group", GroupName="Ops", NewGroupName="Web", NewPath="/b/")

        users = await iam.pages("get_group", "Users", GroupName="Web")
        inline = await iam.call("get_group_policy", GroupName="web", PolicyName="P")
        attached = await iam.pages(
            "list_attached_group_policies", "AttachedPolicies", GroupName="Web"
        )
        groups = await iam.pages("list_groups_for_user", "Groups", UserName="ann")
        assert made["Arn"] == f"arn:aws:iam::{account_id}:group/a/Ops"
        assert made["GroupId"].startswith("AGPA")
        assert [user["UserName"] for user in users] == ["ann", "bea", "cleo"]
        assert inline["PolicyDocument"]["Statement"][0]["Action"] == "iam:Get*"
        assert inline["PolicyName"] == "p"
        assert [row["PolicyArn"] for row in attached] == [ADMINISTRATOR]
        assert [group["Arn"] for group in groups] == [f"arn:aws:iam::{account_id}:group/b/Web"]
        assert (await iam.pages("list_groups", "Groups", PathPrefix="/b/")) == groups


async def test_a_member_may_what_the_group_may_and_no_longer_than_it_is_one(
    tmp_path: Path,
) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_user", UserName="ann")
        key = (await iam.call("create_access_key", UserName="ann"))["AccessKey"]
        ann = served.client("iam", key["AccessKeyId"], key["SecretAccessKey"])
        await iam.call("create_group", GroupName="Ops")
        await iam.call("attach_group_policy", GroupName="Ops", PolicyArn=ADMINISTRATOR)

        before = await refused(ann.call("list_users"))
        await iam.call("add_user_to_group", GroupName="Ops", UserName="ann")
        await ann.call("list_users")
        await iam.call("remove_user_from_group", GroupName="Ops", UserName="ann")
        after = await refused(ann.call("list_users"))

        assert before == after
        assert before[:2] == (403, "AccessDenied")


async def test_a_group_goes_when_nothing_hangs_on_it(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_group", GroupName="Ops")
        await iam.call("add_user_to_group", GroupName="Ops", UserName="admin")
        await iam.call("attach_group_policy", GroupName="Ops", PolicyArn=ADMINISTRATOR)

        members = await refused(iam.call("delete_group", GroupName="Ops"))
        await iam.call("remove_user_from_group", GroupName="Ops", UserName="admin")
        policies = await refused(iam.call("delete_group", GroupName="Ops"))
        await iam.call("detach_group_policy", GroupName="Ops", PolicyArn=ADMINISTRATOR)
        await iam.call("delete_group", GroupName="Ops")

        assert members[1:] == (
            "DeleteConflict",
            "Cannot delete entity, must remove users from group first.",
        )
        assert policies[2] == "Cannot delete entity, must detach all policies first."
        gone = await refused(iam.call("get_group", GroupName="Ops"))
        assert gone == (404, "NoSuchEntity", "The group with name Ops cannot be found.")
