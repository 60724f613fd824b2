"""Providers are made, changed and forgotten by who may, under the names and limits of IAM."""

import pytest
from tests.fakes.world import FakeWorld, policy

from mooring.iam.identity import User
from mooring.iam.oidc_provider import OidcProvider
from mooring.operations.oidc_providers import (
    add_client_id,
    create_provider,
    delete_provider,
    get_provider,
    list_providers,
    new_provider,
    read_url,
    remove_client_id,
    tag_provider,
    untag_provider,
    update_thumbprints,
)
from mooring.operations.problems import OperationRefused, Problem

URL = "https://id.example.com/realms/b"


@pytest.fixture
async def ann(world: FakeWorld) -> User:
    return await world.user(await world.account(), "ann", policy("iam:*"))


async def make(world: FakeWorld, user: User, url: str = URL) -> OidcProvider:
    call = world.call(user, "iam:CreateOpenIDConnectProvider")
    provider = new_provider(
        call, url, client_ids=["one"], thumbprints=["A" * 40], tags=[("a", "b")]
    )
    await create_provider(call, provider)
    return provider


async def read(world: FakeWorld, user: User, arn: str) -> OidcProvider:
    return await get_provider(world.call(user, "iam:GetOpenIDConnectProvider"), arn)


async def test_a_provider_is_kept_as_it_was_asked_for(world: FakeWorld, ann: User) -> None:
    made = await make(world, ann)

    found = await read(world, ann, made.arn)

    assert found == made
    assert found.arn == f"arn:aws:iam::{ann.account_id}:oidc-provider/id.example.com/realms/b"
    assert (found.client_ids, found.thumbprints) == (("one",), ("a" * 40,))
    listed = await list_providers(world.call(ann, "iam:ListOpenIDConnectProviders"))
    assert listed == (made,)


async def test_a_provider_changes_and_goes(world: FakeWorld, ann: User) -> None:
    arn = (await make(world, ann)).arn
    await add_client_id(world.call(ann, "iam:A"), arn, "two")
    await add_client_id(world.call(ann, "iam:A"), arn, "two")
    await remove_client_id(world.call(ann, "iam:A"), arn, "one")
    await update_thumbprints(world.call(ann, "iam:A"), arn, ["b" * 40])
    await tag_provider(world.call(ann, "iam:A"), arn, [("A", "c"), ("d", "e")])
    await untag_provider(world.call(ann, "iam:A"), arn, ["D", "gone"])

    found = await read(world, ann, arn)
    await delete_provider(world.call(ann, "iam:A"), arn)

    assert (found.client_ids, found.thumbprints) == (("two",), ("b" * 40,))
    assert found.tags == {"A": "c"}
    with pytest.raises(OperationRefused) as refused:
        await delete_provider(world.call(ann, "iam:A"), arn)
    assert refused.value.problem is Problem.NO_SUCH_ENTITY
    assert refused.value.message == f"OpenIDConnect Provider not found for arn {arn}"


async def test_one_url_is_one_provider(world: FakeWorld, ann: User) -> None:
    await make(world, ann)

    with pytest.raises(OperationRefused) as refused:
        await make(world, ann)

    assert refused.value.problem is Problem.ENTITY_EXISTS
    assert refused.value.message == f"Provider with url {URL} already exists."


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.com",
        "https://",
        "https://id.example.com?a=b",
        "https://id.example.com/#a",
        "https://ann@id.example.com",
        "https://id.example.com/a b",
        "https://-id.example.com",
        "id.example.com",
    ],
)
def test_what_is_no_issuer_is_refused(url: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        read_url(url)

    assert refused.value.problem is Problem.INVALID_INPUT


def test_an_issuer_keeps_its_port_and_path() -> None:
    assert read_url("https://id.example.com:8443/a/b/") == "id.example.com:8443/a/b/"


async def test_limits(world: FakeWorld, ann: User) -> None:
    call = world.call(ann, "iam:CreateOpenIDConnectProvider")
    many = [str(n) for n in range(101)]

    for client_ids, thumbprints, tags, problem in (
        (many, [], [], Problem.LIMIT_EXCEEDED),
        ([], ["a" * 40] * 6, [], Problem.INVALID_INPUT),
        ([], ["z" * 40], [], Problem.INVALID_INPUT),
        ([], [], [(text, "") for text in many[:51]], Problem.LIMIT_EXCEEDED),
        ([], [], [("a", ""), ("A", "")], Problem.INVALID_INPUT),
        ([], [], [("aws:a", "")], Problem.INVALID_INPUT),
    ):
        with pytest.raises(OperationRefused) as refused:
            new_provider(call, URL, client_ids=client_ids, thumbprints=thumbprints, tags=tags)
        assert refused.value.problem is problem


async def test_another_accounts_provider_is_not_there(world: FakeWorld, ann: User) -> None:
    arn = (await make(world, ann)).arn
    bea = await world.user(await world.account(), "bea", policy("iam:*"))

    with pytest.raises(OperationRefused) as refused:
        await read(world, bea, arn)

    assert refused.value.problem is Problem.NO_SUCH_ENTITY


async def test_every_call_is_a_permission(world: FakeWorld, ann: User) -> None:
    arn = (await make(world, ann)).arn
    bea = await world.user(ann.account_id, "bea")

    for wanted in (
        get_provider(world.call(bea, "iam:GetOpenIDConnectProvider"), arn),
        list_providers(world.call(bea, "iam:ListOpenIDConnectProviders")),
        delete_provider(world.call(bea, "iam:DeleteOpenIDConnectProvider"), arn),
        add_client_id(world.call(bea, "iam:AddClientIDToOpenIDConnectProvider"), arn, "x"),
    ):
        with pytest.raises(OperationRefused) as refused:
            await wanted
        assert refused.value.problem is Problem.ACCESS_DENIED
