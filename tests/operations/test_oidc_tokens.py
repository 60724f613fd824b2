"""Which claims an ID token must make, and what they are worth."""

import base64
from dataclasses import replace

import pytest
from tests.fakes.oidc import FakeProviders, token_of
from tests.fakes.world import FakeWorld

from mooring.iam.oidc_provider import OidcProvider
from mooring.operations.oidc_tokens import identify, issuer_of
from mooring.operations.problems import OperationRefused, Problem

ISSUER = "https://id.example.com"


@pytest.fixture
def provider(world: FakeWorld) -> OidcProvider:
    world.world = replace(world.world, oidc=FakeProviders())
    return OidcProvider(
        account_id="111122223333",
        url="id.example.com",
        client_ids=("mooring", "other"),
        created_at=world.clock.now(),
    )


def claims(world: FakeWorld, **rest: object) -> dict[str, object]:
    now = int(world.clock.now().timestamp())
    made = {"sub": "42", "aud": "mooring", "iat": now, "exp": now + 60, **rest}
    return {key: value for key, value in made.items() if value is not None}


async def test_a_token_says_who_and_for_whom(world: FakeWorld, provider: OidcProvider) -> None:
    token = token_of(ISSUER, **claims(world, amr=["mfa", "pwd"], aud=["x", "other"]))

    identity = await identify(world.world, provider, token)

    assert (identity.subject, identity.audience) == ("42", "other")
    assert identity.context() == {
        "id.example.com:aud": ("other",),
        "id.example.com:sub": ("42",),
        "id.example.com:amr": ("mfa", "pwd"),
        "aws:FederatedProvider": (provider.arn,),
    }


async def test_the_authorized_party_is_the_audience(
    world: FakeWorld, provider: OidcProvider
) -> None:
    token = token_of(ISSUER, **claims(world, azp="other", aud=["x", "y"]))

    identity = await identify(world.world, provider, token)

    assert identity.audience == "other"
    assert identity.context()["id.example.com:oaud"] == ("x", "y")


@pytest.mark.parametrize(
    ("change", "problem", "says"),
    [
        ({"sub": None}, Problem.INVALID_IDENTITY_TOKEN, "sub"),
        ({"sub": ""}, Problem.INVALID_IDENTITY_TOKEN, "sub"),
        ({"sub": 42}, Problem.INVALID_IDENTITY_TOKEN, "sub"),
        ({"sub": "x" * 256}, Problem.INVALID_IDENTITY_TOKEN, "sub"),
        ({"aud": None}, Problem.INVALID_IDENTITY_TOKEN, "audience"),
        ({"aud": None, "azp": "mooring"}, Problem.INVALID_IDENTITY_TOKEN, "audience"),
        ({"aud": "stranger"}, Problem.INVALID_IDENTITY_TOKEN, "audience"),
        ({"azp": "stranger"}, Problem.INVALID_IDENTITY_TOKEN, "audience"),
        ({"aud": 7}, Problem.INVALID_IDENTITY_TOKEN, "audience"),
        ({"exp": None}, Problem.INVALID_IDENTITY_TOKEN, "exp"),
        ({"exp": True}, Problem.INVALID_IDENTITY_TOKEN, "exp"),
        ({"exp": 1}, Problem.EXPIRED_IDENTITY_TOKEN, "expired"),
        ({"iat": None}, Problem.INVALID_IDENTITY_TOKEN, "iat"),
        ({"iat": 1 << 40}, Problem.INVALID_IDENTITY_TOKEN, "not valid yet"),
        ({"nbf": 1 << 40}, Problem.INVALID_IDENTITY_TOKEN, "not valid yet"),
        ({"nbf": "soon"}, Problem.INVALID_IDENTITY_TOKEN, "nbf"),
    ],
)
async def test_refused(
    world: FakeWorld,
    provider: OidcProvider,
    change: dict[str, object],
    problem: Problem,
    says: str,
) -> None:
    token = token_of(ISSUER, **claims(world, **change))

    with pytest.raises(OperationRefused) as refused:
        await identify(world.world, provider, token)

    assert refused.value.problem is problem
    assert says in refused.value.message


async def test_a_token_ends_on_its_second(world: FakeWorld, provider: OidcProvider) -> None:
    token = token_of(ISSUER, **claims(world))

    world.pass_time(seconds=59)
    await identify(world.world, provider, token)
    world.pass_time(seconds=1)

    with pytest.raises(OperationRefused) as refused:
        await identify(world.world, provider, token)
    assert refused.value.problem is Problem.EXPIRED_IDENTITY_TOKEN


async def test_another_issuers_token_and_a_forged_one_are_refused(
    world: FakeWorld, provider: OidcProvider
) -> None:
    theirs = token_of("https://evil.example.com", **claims(world))
    claimed = token_of(ISSUER, **claims(world, iss="https://evil.example.com"))
    forged = token_of(ISSUER, **claims(world))[:-1] + "x"

    for token in (theirs, claimed, forged):
        with pytest.raises(OperationRefused) as refused:
            await identify(world.world, provider, token)
        assert refused.value.problem is Problem.INVALID_IDENTITY_TOKEN


async def test_a_provider_that_is_down_is_said_to_be(
    world: FakeWorld, provider: OidcProvider
) -> None:
    down = FakeProviders()
    down.down.add(ISSUER)
    world.world = replace(world.world, oidc=down)

    with pytest.raises(OperationRefused) as refused:
        await identify(world.world, provider, token_of(ISSUER, **claims(world)))

    assert refused.value.problem is Problem.PROVIDER_UNREACHABLE


def test_the_issuer_is_read_before_anything_is_proven() -> None:
    assert issuer_of(token_of(ISSUER)) == ISSUER


DEEP = base64.urlsafe_b64encode(b'{"iss":' + b"[" * 15_000).decode().rstrip("=")


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "a.é.c", "a.W10.c", f"a.{DEEP}.c"])
def test_what_is_no_token_has_no_issuer(token: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        issuer_of(token)

    assert refused.value.problem is Problem.INVALID_IDENTITY_TOKEN


def test_a_list_is_no_issuer() -> None:
    body = base64.urlsafe_b64encode(b'{"iss":["a"]}').decode()

    with pytest.raises(OperationRefused, match="iss"):
        issuer_of(f"a.{body}.c")
