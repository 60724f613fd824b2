"""boto3 makes, lists and switches keys over HTTP, and learns when one was used."""

from pathlib import Path

from tests.api.served import refused, serve


async def test_the_life_of_a_key(tmp_path: Path) -> None:
    async with serve(tmp_path) as served:
        iam = served.iam
        await iam.call("create_user", UserName="Ann")
        await iam.call(
            "attach_user_policy",
            UserName="Ann",
            PolicyArn="arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
        )
        key = (await iam.call("create_access_key", UserName="Ann"))["AccessKey"]
        key_id = key["AccessKeyId"]
        second = (await iam.call("create_access_key", UserName="Ann"))["AccessKey"]
        never = await iam.call("get_access_key_last_used", AccessKeyId=key_id)

        ssm = served.client("ssm", key_id, key["SecretAccessKey"])
        await ssm.call("describe_sessions", State="Active")
        used = await iam.call("get_access_key_last_used", AccessKeyId=key_id)
        keys = await iam.pages("list_access_keys", "AccessKeyMetadata", UserName="Ann")
        await iam.call("update_access_key", UserName="Ann", AccessKeyId=key_id, Status="Inactive")
        denied = await refused(ssm.call("describe_sessions", State="Active"))
        await iam.call("delete_access_key", UserName="Ann", AccessKeyId=key_id)

        assert never["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
        assert used["UserName"] == "Ann"
        assert used["AccessKeyLastUsed"]["ServiceName"] == "ssm"
        assert {row["AccessKeyId"] for row in keys} == {key_id, second["AccessKeyId"]}
        assert denied[1] == "UnrecognizedClientException"
        gone = await refused(iam.call("get_access_key_last_used", AccessKeyId=key_id))
        assert gone[:2] == (404, "NoSuchEntity")
