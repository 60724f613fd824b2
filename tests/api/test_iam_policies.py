"""boto3 writes policies into users, groups and roles over HTTP, and attaches others."""

from pathlib import Path

import pytest
from tests.api.served import refused, serve
from tests.fakes.world import ADMINISTRATOR, policy

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.mark.parametrize("word", ["User", "Group", "Role"])
async def test_the_calls_are_the_same_for_each_kind(tmp_path: Path, word: str) -> None:
    kind = word.lower()
    async with serve(tmp_path) as served:
        iam = served.iam
        whom = {f"{word}Name": {"User": "admin", "Group": "Ops", "Role": "NodeRole"}[word]}
        await iam.call("create_group", GroupName="Ops")
        document = policy("ssm:*", Condition={"StringLike": {"aws:username": "a%+b*"}})

        await iam.call(f"put_{kind}_policy", **whom, PolicyName="P", PolicyDocument=document)
        await iam.call(f"attach_{kind}_policy", **whom, PolicyArn=READ_ONLY)

        inline = await iam.call(f"get_{kind}_policy", **whom, PolicyName="p")
        names = await iam.pages(f"list_{kind}_policies", "PolicyNames", **whom)
        attached = await iam.pages(f"list_attached_{kind}_policies", "AttachedPolicies", **whom)
        condition = inline["PolicyDocument"]["Statement"][0]["Condition"]
        assert condition == {"StringLike": {"aws:username": "a%+b*"}}
        assert names == ["P"]
        assert {"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY} in attached
        await iam.call(f"delete_{kind}_policy", **whom, PolicyName="P")
        await iam.call(f"detach_{kind}_policy", **whom, PolicyArn=READ_ONLY)
        gone = await refused(iam.call(f"get_{kind}_policy", **whom, PolicyName="P"))
        assert gone == (404, "NoSuchEntity", f"The {kind} policy with name P cannot be found.")


async def test_a_malformed_policy_is_refused_in_awss_words_and_with_its_place(
    tmp_path: Path,
) -> None:
    document = '{"Version": "2012-10-17",\n "Statement": {"Effect": "allow"}}'
    async with serve(tmp_path) as served:
        status, code, text = await refused(
            served.iam.call(
                "put_user_policy", UserName="admin", PolicyName="p", PolicyDocument=document
            )
        )

    assert (status, code) == (400, "MalformedPolicyDocument")
    assert text.startswith("Syntax errors in policy. (line 2, column 26: effect `allow`")


async def test_what_is_not_there_is_not_attached(tmp_path: Path) -> None:
    missing = ADMINISTRATOR + "2"
    async with serve(tmp_path) as served:
        found = await refused(
            served.iam.call("attach_user_policy", UserName="admin", PolicyArn=missing)
        )

    assert found == (
        404,
        "NoSuchEntity",
        f"Policy {missing} does not exist or is not attachable.",
    )
