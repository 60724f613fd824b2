"""boto3 makes instance profiles over HTTP and puts roles into them."""

from pathlib import Path

from tests.api.served import refused, serve


async def test_the_life_of_a_profile(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam, account_id = served.iam, served.admin.account_id
        whom = {"InstanceProfileName": "Web"}
        made = (await iam.call("create_instance_profile", **whom, Path="/a/"))["InstanceProfile"]
        await iam.call("add_role_to_instance_profile", **whom, RoleName="NodeRole")

        second = await refused(
            iam.call("add_role_to_instance_profile", **whom, RoleName="NodeRole")
        )
        found = (await iam.call("get_instance_profile", **whom))["InstanceProfile"]
        of_role = await iam.pages(
            "list_instance_profiles_for_role", "InstanceProfiles", RoleName="NodeRole"
        )
        every = await iam.pages("list_instance_profiles", "InstanceProfiles", PathPrefix="/a/")
        held = await refused(iam.call("delete_instance_profile", **whom))
        await iam.call("remove_role_from_instance_profile", **whom, RoleName="NodeRole")
        await iam.call("delete_instance_profile", **whom)

        assert made["Arn"] == f"arn:aws:iam::{account_id}:instance-profile/a/Web"
        assert made["InstanceProfileId"].startswith("AIPA")
        assert made["Roles"] == []
        assert [role["RoleName"] for role in found["Roles"]] == ["NodeRole"]
        assert of_role == every == [found]
        assert second[:2] == (409, "LimitExceeded")
        assert held[1:] == (
            "DeleteConflict",
            "Cannot delete entity, must remove roles from instance profile first.",
        )
        gone = await refused(iam.call("get_instance_profile", **whom))
        assert gone == (404, "NoSuchEntity", "Instance Profile Web cannot be found.")
