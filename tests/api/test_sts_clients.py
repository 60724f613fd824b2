"""Stock clients and temporary credentials: boto3, and the AWS CLI that assumes a role by itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import anyio
from tests.api.served import Client, Served, refused, serve
from tests.fakes.world import REGION, policy
from tests.operations.sts_steps import trusting

from mooring.iam.identity import EntityKind, Role

AWS = Path(sys.executable).with_name("aws")


def of(served: Served, service: str, answer: dict[str, Any]) -> Client:
    """Return a client that signs with credentials that were issued."""
    made = answer["Credentials"]
    return served.client(
        service, made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
    )


async def role_of(served: Served, *documents: str) -> Role:
    trust = trusting(served.admin.arn, "sts:AssumeRole", "sts:TagSession")
    return await served.world.role(served.admin.account_id, "Ops", *documents, trust=trust)


async def test_boto3_becomes_a_role_and_is_limited_by_what_it_gave(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        role = await role_of(served, policy("iam:*"))
        sts = served.client("sts", *await served.world.access_key(served.admin))

        answer = await sts.call(
            "assume_role",
            RoleArn=role.arn,
            RoleSessionName="work",
            Policy=policy("iam:GetUser"),
            Tags=[{"Key": "team", "Value": "blue é"}],
            TransitiveTagKeys=["team"],
            DurationSeconds=900,
        )

        who = await of(served, "sts", answer).call("get_caller_identity")
        iam = of(served, "iam", answer)
        assert who["Arn"] == answer["AssumedRoleUser"]["Arn"]
        assert (await iam.call("get_user", UserName="admin"))["User"]["UserName"] == "admin"
        status, code, text = await refused(iam.call("list_users"))
        assert (status, code) == (403, "AccessDenied")
        assert "because no session policy allows the iam:ListUsers action" in text


async def test_a_key_that_is_deactivated_ends_its_session_tokens_at_once(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        key_id, secret = await served.world.access_key(served.admin)
        answer = await served.client("sts", key_id, secret).call("get_session_token")
        sts = of(served, "sts", answer)

        before = await sts.call("get_caller_identity")
        await served.iam.call(
            "update_access_key", UserName="admin", AccessKeyId=key_id, Status="Inactive"
        )

        assert before["Arn"] == served.admin.arn
        assert (await refused(sts.call("get_caller_identity")))[:2] == (403, "InvalidClientTokenId")


async def test_a_federated_user_may_what_boto3_gave_it(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        sts = served.client("sts", *await served.world.access_key(served.admin))

        answer = await sts.call(
            "get_federation_token", Name="guest", Policy=policy("ssm:DescribeSessions")
        )

        ssm = of(served, "ssm", answer)
        assert (await ssm.call("describe_sessions", State="Active"))["Sessions"] == []
        denied = await refused(ssm.call("describe_activations"))
        assert denied[:2] == (400, "AccessDeniedException")
        assert f"federated-user/{answer['FederatedUser']['Arn'].rpartition('/')[2]}" in denied[2]


async def aws(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the AWS CLI with the files of a folder and nothing else."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = await anyio.run_process([str(AWS), *arguments], env=environment, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def test_the_aws_cli_assumes_a_role_by_its_profile(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        role = await role_of(served)
        url = served.iam.endpoint_url
        key_id, secret = await served.world.access_key(served.admin)
        (tmp_path / "credentials").write_text(
            f"[admin]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"
        )
        (tmp_path / "config").write_text(
            f"[profile admin]\nregion = {REGION}\nendpoint_url = {url}\n"
            f"[profile ops]\nregion = {REGION}\nendpoint_url = {url}\n"
            f"role_arn = {role.arn}\nsource_profile = admin\nrole_session_name = work\n"
        )

        who = await aws(tmp_path, "--profile", "ops", "sts", "get-caller-identity")
        denied = await aws(tmp_path, "--profile", "ops", "iam", "list-users")
        await served.world.store.write(
            role.account_id,
            lambda tx: tx.identities.put_inline(
                EntityKind.ROLE, "Ops", "list", policy("iam:ListUsers")
            ),
        )
        allowed = await aws(tmp_path, "--profile", "ops", "iam", "list-users")

        assert who[0] == 0, who[2]
        assert json.loads(who[1])["Arn"].endswith(":assumed-role/Ops/work")
        assert denied[0] != 0
        assert "no identity-based policy allows the iam:ListUsers action" in denied[2]
        assert json.loads(allowed[1])["Users"][0]["UserName"] == "admin"
