"""boto3 asks over HTTP what there is in an account."""

import csv
from pathlib import Path

from tests.api.served import refused, serve
from tests.fakes.world import ADMINISTRATOR, policy


async def test_an_account_has_one_alias(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_account_alias", AccountAlias="first")
        await iam.call("create_account_alias", AccountAlias="second")

        listed = await iam.pages("list_account_aliases", "AccountAliases")
        wrong = await refused(iam.call("delete_account_alias", AccountAlias="first"))
        await iam.call("delete_account_alias", AccountAlias="second")

        assert listed == ["second"]
        assert wrong[:2] == (404, "NoSuchEntity")
        assert await iam.pages("list_account_aliases", "AccountAliases") == []


async def test_the_summary_counts(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        await served.iam.call("create_group", GroupName="Ops")

        summary = (await served.iam.call("get_account_summary"))["SummaryMap"]

    assert (summary["Users"], summary["Groups"], summary["Roles"]) == (1, 1, 1)
    assert (summary["VersionsPerPolicyQuota"], summary["GroupsPerUserQuota"]) == (5, 10)


async def test_a_report_is_asked_for_and_read(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam

        absent = await refused(iam.call("get_credential_report"))
        state = (await iam.call("generate_credential_report"))["State"]
        report = await iam.call("get_credential_report")

    rows = list(csv.DictReader(report["Content"].decode().splitlines()))
    assert absent[:2] == (410, "ReportNotPresent")
    assert (state, report["ReportFormat"]) == ("COMPLETE", "text/csv")
    assert [row["user"] for row in rows] == ["<root_account>", "admin"]
    assert rows[1]["access_key_1_active"] == "true"
    assert rows[1]["access_key_1_last_used_service"] == "iam"
    assert rows[1]["access_key_2_active"] == rows[1]["password_enabled"] == "false"


async def test_everything_that_grants_comes_in_pages(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_group", GroupName="Ops")
        await iam.call("add_user_to_group", GroupName="Ops", UserName="admin")
        await iam.call("create_policy", PolicyName="Mine", PolicyDocument=policy("ssm:*"))
        await iam.call(
            "put_user_policy", UserName="admin", PolicyName="p", PolicyDocument=policy("iam:*")
        )
        name = "get_account_authorization_details"

        users = await iam.pages(name, "UserDetailList")
        groups = await iam.pages(name, "GroupDetailList")
        roles = await iam.pages(name, "RoleDetailList")
        policies = await iam.pages(name, "Policies")
        local = await iam.pages(name, "Policies", Filter=["LocalManagedPolicy"])

        assert [row["UserName"] for row in users] == ["admin"]
        assert users[0]["GroupList"] == ["Ops"]
        assert users[0]["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == "iam:*"
        assert users[0]["AttachedManagedPolicies"][0]["PolicyArn"] == ADMINISTRATOR
        assert [row["GroupName"] for row in groups] == ["Ops"]
        assert [row["RoleName"] for row in roles] == ["NodeRole"]
        assert [row["PolicyName"] for row in policies] == [
            "Mine",
            "AdministratorAccess",
            "AmazonSSMManagedInstanceCore",
        ]
        assert [row["PolicyName"] for row in local] == ["Mine"]
        assert local[0]["PolicyVersionList"][0]["IsDefaultVersion"] is True
