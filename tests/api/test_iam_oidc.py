"""Providers over HTTP, as a stock client asks for them."""

from pathlib import Path

from tests.api.door import Door
from tests.fakes.world import make_world


async def test_the_life_of_a_provider(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        keys = await door.keys(await world.administrator(account_id))
        arn = f"arn:aws:iam::{account_id}:oidc-provider/id.example.com"
        named = {"OpenIDConnectProviderArn": arn}

        made = await door.call(
            keys,
            "iam",
            "CreateOpenIDConnectProvider",
            {
                "Url": "https://id.example.com",
                "ClientIDList": ["one"],
                "Tags": [{"Key": "a", "Value": "b"}],
            },
        )
        for operation, given in (
            ("AddClientIDToOpenIDConnectProvider", {"ClientID": "two"}),
            ("RemoveClientIDFromOpenIDConnectProvider", {"ClientID": "one"}),
            ("UpdateOpenIDConnectProviderThumbprint", {"ThumbprintList": ["c" * 40]}),
            ("TagOpenIDConnectProvider", {"Tags": [{"Key": "c", "Value": "d"}]}),
            ("UntagOpenIDConnectProvider", {"TagKeys": ["a"]}),
        ):
            answer = await door.call(keys, "iam", operation, {**named, **given})
            assert answer.status == 200, answer.message
        found = await door.call(keys, "iam", "GetOpenIDConnectProvider", named)
        tags = await door.call(keys, "iam", "ListOpenIDConnectProviderTags", named)
        listed = await door.call(keys, "iam", "ListOpenIDConnectProviders", {})
        gone = await door.call(keys, "iam", "DeleteOpenIDConnectProvider", named)
        missing = await door.call(keys, "iam", "GetOpenIDConnectProvider", named)

        assert made.output["OpenIDConnectProviderArn"] == arn
        assert found.output["Url"] == "id.example.com"
        assert found.output["ClientIDList"] == ["two"]
        assert found.output["ThumbprintList"] == ["c" * 40]
        assert tags.output["Tags"] == found.output["Tags"] == [{"Key": "c", "Value": "d"}]
        assert listed.output["OpenIDConnectProviderList"] == [{"Arn": arn}]
        assert gone.status == 200
        assert (missing.status, missing.code) == (404, "NoSuchEntity")


async def test_what_is_not_supported_is_said(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        door = Door(world)
        keys = await door.keys(await world.administrator(await world.account()))
        given = {
            "Url": "https://id.example.com",
            "IdentityCenterInstanceArn": "arn:aws:sso:::instance/a",
        }

        answer = await door.call(keys, "iam", "CreateOpenIDConnectProvider", given)

        assert (answer.status, answer.code) == (400, "InvalidInput")
