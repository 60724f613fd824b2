"""STS as stock clients use it: keys that end by themselves, and what they are good for."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.api.door import Answer, Door, Keys
from tests.fakes.oidc import FakeProviders, token_of
from tests.fakes.world import FakeWorld, make_world, policy
from tests.operations.sts_steps import trusting

from mooring.iam.evaluate import Decision, Request
from mooring.iam.identity import Role, User
from mooring.iam.oidc_provider import OidcProvider
from mooring.operations.authorization_messages import encoded

ID = ("sts", "GetCallerIdentity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A user with every permission, and a role that trusts it."""

    world: FakeWorld
    door: Door
    ann: User
    keys: Keys
    role: Role


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with make_world(tmp_path) as world:
        account_id = await world.account()
        ann = await world.user(account_id, "ann", policy("*"))
        trust = trusting(ann.arn, "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
        role = await world.role(account_id, "Role", policy("iam:*"), trust=trust)
        door = Door(world)
        yield Site(world=world, door=door, ann=ann, keys=await door.keys(ann), role=role)


def keys_of(answer: Answer) -> Keys:
    made = answer.output["Credentials"]
    return Keys(
        access_key_id=made["AccessKeyId"],
        secret=made["SecretAccessKey"],
        token=made["SessionToken"],
    )


async def assume(site: Site, keys: Keys | None = None, **given: Any) -> Answer:  # noqa: ANN401
    asked = {"RoleArn": site.role.arn, "RoleSessionName": "work", **given}
    return await site.door.call(keys or site.keys, "sts", "AssumeRole", asked)


async def test_a_role_session_is_told_as_aws_tells_it(site: Site) -> None:
    answer = await assume(
        site,
        Policy=policy("iam:GetUser"),
        Tags=[{"Key": "team", "Value": "blue"}],
        TransitiveTagKeys=["team"],
        SourceIdentity="ann",
    )

    assert answer.status == 200, answer.message
    who = await site.door.call(keys_of(answer), *ID, {})
    arn = f"arn:aws:sts::{site.ann.account_id}:assumed-role/Role/work"
    assert answer.output["AssumedRoleUser"] == {
        "AssumedRoleId": f"{site.role.role_id}:work",
        "Arn": arn,
    }
    assert answer.output["SourceIdentity"] == "ann"
    assert 0 < answer.output["PackedPolicySize"] <= 100
    assert who.output["Arn"] == arn
    named = {"UserName": "ann"}
    assert (await site.door.call(keys_of(answer), "iam", "GetUser", named)).status == 200
    listed = await site.door.call(keys_of(answer), "iam", "ListUsers", {})
    assert (listed.status, listed.code) == (403, "AccessDenied")
    assert "because no session policy allows the iam:ListUsers action" in listed.message


async def test_a_session_token_reaches_no_iam_without_a_second_factor(site: Site) -> None:
    answer = await site.door.call(site.keys, "sts", "GetSessionToken", {"DurationSeconds": 900})

    keys = keys_of(answer)
    codes = [
        (await site.door.call(keys, service, operation, given)).code
        for service, operation, given in (
            ("iam", "GetUser", {"UserName": "ann"}),
            ("sts", "GetSessionToken", {}),
            ("sts", "GetFederationToken", {"Name": "guest"}),
            (*ID, {}),
            ("ssm", "DescribeSessions", {"State": "Active"}),
        )
    ]
    assert codes == ["InvalidClientTokenId", "AccessDenied", "AccessDenied", "", ""]
    assert (await assume(site, keys)).status == 200


async def test_a_federated_user_is_told_as_aws_tells_it(site: Site) -> None:
    answer = await site.door.call(
        site.keys,
        "sts",
        "GetFederationToken",
        {"Name": "guest", "Policy": policy("ssm:DescribeSessions")},
    )

    keys = keys_of(answer)
    assert answer.output["FederatedUser"] == {
        "FederatedUserId": f"{site.ann.account_id}:guest",
        "Arn": f"arn:aws:sts::{site.ann.account_id}:federated-user/guest",
    }
    seen = await site.door.call(keys, "ssm", "DescribeSessions", {"State": "Active"})
    assert seen.status == 200
    assert (await site.door.call(keys, "iam", "ListUsers", {})).code == "InvalidClientTokenId"
    assert (await assume(site, keys)).code == "AccessDenied"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Policy": "{"}, "MalformedPolicyDocument"),
        ({"Policy": " " * 2049}, "ValidationError"),
        ({"DurationSeconds": 899}, "ValidationError"),
        ({"DurationSeconds": 43201}, "ValidationError"),
        ({"DurationSeconds": 3601}, "ValidationError"),
        ({"RoleSessionName": "a"}, "ValidationError"),
        ({"RoleSessionName": "a b"}, "ValidationError"),
        ({"RoleSessionName": "a" * 65}, "ValidationError"),
        ({"ExternalId": "a"}, "ValidationError"),
        ({"SerialNumber": "123456789"}, "AccessDenied"),
        ({"SerialNumber": "123456789", "TokenCode": "12345"}, "ValidationError"),
        ({"SerialNumber": "123456789", "TokenCode": "123456"}, "AccessDenied"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/NoSuchPolicy"}]}, "ValidationError"),
        ({"RoleArn": "arn:aws:iam::111122223333:role/Gone"}, "AccessDenied"),
    ],
)
async def test_wrong_input(site: Site, given: dict[str, Any], code: str) -> None:
    answer = await assume(site, **given)

    assert (answer.code, answer.status) == (code, 403 if code == "AccessDenied" else 400)


async def test_tags_that_do_not_fit_are_too_large(site: Site) -> None:
    noise = site.world.entropy.bytes(6400).hex()
    tags = [{"Key": f"k{n}", "Value": noise[n * 256 : (n + 1) * 256]} for n in range(50)]

    answer = await assume(site, Tags=tags)

    assert (answer.status, answer.code) == (400, "PackedPolicyTooLarge")


async def test_a_token_with_one_byte_changed_is_refused(site: Site) -> None:
    answer = await assume(site, Tags=[{"Key": "team", "Value": "blue"}])
    keys = keys_of(answer)
    token = keys.token or ""

    codes = set()
    for place, letter in enumerate(token):
        changed = token[:place] + ("B" if letter == "A" else "A") + token[place + 1 :]
        other = Keys(access_key_id=keys.access_key_id, secret=keys.secret, token=changed)
        codes.add((await site.door.call(other, *ID, {})).code)

    assert codes == {"InvalidClientTokenId"}


async def test_the_secret_and_the_key_id_are_refused_with_one_byte_changed(site: Site) -> None:
    keys = keys_of(await assume(site))

    codes = set()
    for place, letter in enumerate(keys.secret):
        changed = keys.secret[:place] + ("B" if letter == "A" else "A") + keys.secret[place + 1 :]
        other = Keys(access_key_id=keys.access_key_id, secret=changed, token=keys.token)
        codes.add((await site.door.call(other, *ID, {})).code)
    for place, letter in enumerate(keys.access_key_id):
        name = keys.access_key_id
        changed = name[:place] + ("B" if letter == "A" else "A") + name[place + 1 :]
        other = Keys(access_key_id=changed, secret=keys.secret, token=keys.token)
        codes.add((await site.door.call(other, *ID, {})).code)

    assert codes == {"SignatureDoesNotMatch", "InvalidClientTokenId"}


async def test_events_hold_no_secret(site: Site) -> None:
    answer = await assume(site, SerialNumber="123456789", TokenCode="987654")
    keys = keys_of(await assume(site))

    events = await site.world.events(site.ann.account_id)

    assert answer.code == "AccessDenied"
    told = json.dumps([event.request + event.response for event in events])
    for secret in ("987654", keys.secret, keys.token or "", site.keys.secret):
        assert secret not in told


async def test_a_denial_of_ec2_is_decoded_by_who_may(site: Site) -> None:
    code = encoded(
        site.world.world,
        site.ann.account_id,
        Request(
            action="ec2:GetPasswordData",
            resources=("arn:aws:ec2:::instance/i-0abc",),
            principal=site.world.principal(site.ann),
            context={},
        ),
        Decision(allowed=False),
    )

    answer = await site.door.call(
        site.keys, "sts", "DecodeAuthorizationMessage", {"EncodedMessage": code}
    )
    wrong = await site.door.call(
        site.keys, "sts", "DecodeAuthorizationMessage", {"EncodedMessage": "x"}
    )

    assert json.loads(answer.output["DecodedMessage"])["allowed"] is False
    assert (wrong.status, wrong.code) == (400, "InvalidAuthorizationMessageException")


async def test_a_key_names_its_account(site: Site) -> None:
    given = {"AccessKeyId": site.keys.access_key_id}

    answer = await site.door.call(site.keys, "sts", "GetAccessKeyInfo", given)

    assert answer.output["Account"] == site.ann.account_id


async def test_an_id_token_is_all_that_is_needed(site: Site) -> None:
    site.world.world = replace(site.world.world, oidc=FakeProviders())
    site = replace(site, door=Door(site.world))
    provider = OidcProvider(
        account_id=site.ann.account_id,
        url="id.example.com",
        client_ids=("mooring",),
        created_at=site.world.clock.now(),
    )
    await site.world.store.write(site.ann.account_id, lambda tx: tx.oidc_providers.put(provider))
    trust = trusting({"Federated": provider.arn}, "sts:AssumeRoleWithWebIdentity")
    role = await site.world.role(site.ann.account_id, "Web", policy("iam:*"), trust=trust)
    now = int(site.world.clock.now().timestamp())
    token = token_of(
        "https://id.example.com", sub="subject-42", aud="mooring", iat=now, exp=now + 60
    )
    given = {"RoleArn": role.arn, "RoleSessionName": "work", "WebIdentityToken": token}

    answer = await site.door.call(None, "sts", "AssumeRoleWithWebIdentity", given)
    forged = await site.door.call(
        None, "sts", "AssumeRoleWithWebIdentity", {**given, "WebIdentityToken": token + "x"}
    )

    assert answer.status == 200, answer.message
    assert answer.output["SubjectFromWebIdentityToken"] == "subject-42"
    assert answer.output["Audience"] == "mooring"
    assert answer.output["Provider"] == provider.arn
    who = await site.door.call(keys_of(answer), *ID, {})
    assert who.output["Arn"] == f"arn:aws:sts::{site.ann.account_id}:assumed-role/Web/work"
    assert (forged.status, forged.code) == (400, "InvalidIdentityToken")
    assert token not in json.dumps(
        [event.request for event in await site.world.events(site.ann.account_id)]
    )
