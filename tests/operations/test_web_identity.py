"""Whom a role lets in by an ID token, and as what."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.oidc import FakeProviders, token_of
from tests.fakes.world import FakeWorld, policy
from tests.operations.sts_steps import call_with, trusting

from mooring.iam.oidc_provider import OidcProvider
from mooring.operations.assume_role import RoleRequest
from mooring.operations.authorize import Question, ask
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_requests import SessionRequest
from mooring.operations.web_identity import WebIdentitySession, assume_role_with_web_identity
from mooring.secret import Secret

ISSUER = "https://id.example.com"
ACTION = "sts:AssumeRoleWithWebIdentity"
ALL = (ACTION, "sts:TagSession", "sts:SetSourceIdentity")
TAGS = "https://aws.amazon.com/tags"
SOURCE = "https://aws.amazon.com/source_identity"


@pytest.fixture
async def provider(world: FakeWorld) -> OidcProvider:
    world.world = replace(world.world, oidc=FakeProviders())
    return await provider_of(world, await world.account())


async def provider_of(world: FakeWorld, account_id: str) -> OidcProvider:
    made = OidcProvider(
        account_id=account_id,
        url="id.example.com",
        client_ids=("mooring",),
        created_at=world.clock.now(),
    )
    await world.store.write(account_id, lambda tx: tx.oidc_providers.put(made))
    return made


def federated(arn: str, *actions: str, **equals: str) -> str:
    condition = {"StringEquals": {f"id.example.com:{key}": value for key, value in equals.items()}}
    return trusting({"Federated": arn}, *(actions or (ACTION,)), condition=condition)


async def enter(
    world: FakeWorld, role_arn: str, *, claims: dict[str, object] | None = None, **rest: object
) -> WebIdentitySession:
    now = int(world.clock.now().timestamp())
    made = {"sub": "42", "aud": "mooring", "iat": now, "exp": now + 60, **(claims or {})}
    asked = replace(RoleRequest(role_arn=role_arn, session_name="work"), **rest)  # type: ignore[arg-type]
    call = world.anonymous_call(ACTION)
    try:
        return await assume_role_with_web_identity(call, asked, Secret(token_of(ISSUER, **made)))
    finally:
        await call.record()


async def refusal(
    world: FakeWorld, role_arn: str, *, claims: dict[str, object] | None = None, **rest: object
) -> OperationRefused:
    with pytest.raises(OperationRefused) as refused:
        await enter(world, role_arn, claims=claims, **rest)
    return refused.value


async def test_the_bearer_of_a_token_becomes_the_role(
    world: FakeWorld, provider: OidcProvider
) -> None:
    known = {
        "StringEquals": {
            "aws:FederatedProvider": provider.arn,
            "id.example.com:sub": "42",
            "id.example.com:aud": "mooring",
        }
    }
    role = await world.role(
        provider.account_id,
        "Role",
        policy("ssm:*", Condition=known),
        trust=federated(provider.arn, sub="42", aud="mooring"),
    )

    entered = await enter(world, role.arn)

    opened = entered.opened
    assert opened.principal.arn.endswith(":assumed-role/Role/work")
    assert opened.credentials.expires_at == world.clock.now() + timedelta(hours=1)
    assert (entered.identity.subject, entered.identity.audience) == ("42", "mooring")
    call = await call_with(world, opened.credentials, "ssm:StartSession")
    assert (await ask(call, Question(action=call.action))).allowed


async def test_the_trust_policy_decides_whom(world: FakeWorld, provider: OidcProvider) -> None:
    account_id = provider.account_id
    for_42 = await world.role(account_id, "For42", trust=federated(provider.arn, sub="42"))
    for_others = await world.role(
        account_id, "Other", trust=federated(provider.arn.replace("id.", "no."), sub="42")
    )
    by_key = await world.role(
        account_id, "ByKey", trust=trusting(f"arn:aws:iam::{account_id}:root", ACTION)
    )
    gone = for_42.arn.replace("For42", "Gone")

    for arn in (for_others.arn, by_key.arn, gone):
        refused = await refusal(world, arn)
        assert refused.problem is Problem.ACCESS_DENIED
        assert refused.message == f"Not authorized to perform {ACTION}"
    stranger = await refusal(world, for_42.arn, claims={"sub": "43"})
    assert stranger.problem is Problem.ACCESS_DENIED


async def test_the_event_is_the_role_accounts_and_names_who_it_was(
    world: FakeWorld, provider: OidcProvider
) -> None:
    role = await world.role(provider.account_id, "Role", trust=federated(provider.arn, sub="42"))

    await enter(world, role.arn)

    event = (await world.events(provider.account_id))[-1]
    assert event.name == "AssumeRoleWithWebIdentity"
    assert event.principal_id == "id.example.com:mooring:42"
    assert event.resources == (role.arn,)


async def test_a_provider_counts_in_its_own_account_only(
    world: FakeWorld, provider: OidcProvider
) -> None:
    other = await world.account()
    role = await world.role(other, "Role", trust=federated(provider.arn, sub="42"))

    refused = await refusal(world, role.arn)

    assert refused.problem is Problem.INVALID_IDENTITY_TOKEN
    assert refused.message == f"No OpenIDConnect provider found in your account for {ISSUER}"
    assert await world.events(other) == []


async def test_no_other_scheme_is_the_same_issuer(world: FakeWorld, provider: OidcProvider) -> None:
    role = await world.role(provider.account_id, "Role", trust=federated(provider.arn, sub="42"))

    refused = await refusal(world, role.arn, claims={"iss": "id.example.com"})

    assert refused.problem is Problem.INVALID_IDENTITY_TOKEN


async def test_the_provider_can_vouch_for_tags_and_a_source_identity(
    world: FakeWorld, provider: OidcProvider
) -> None:
    claims: dict[str, object] = {
        TAGS: {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]},
        SOURCE: "ann",
    }
    trust = federated(provider.arn, *ALL, sub="42")
    role = await world.role(provider.account_id, "Role", trust=trust)
    plain = await world.role(provider.account_id, "Plain", trust=federated(provider.arn, sub="42"))

    entered = await enter(world, role.arn, claims=claims)
    refused = await refusal(world, plain.arn, claims=claims)

    call = await call_with(world, entered.opened.credentials, "ssm:StartSession")
    assert dict(call.caller.principal.tags) == {"team": "blue"}
    assert call.caller.session is not None
    assert call.caller.session.inherited == {"team": "blue"}
    assert call.caller.session.source_identity == "ann"
    assert refused.message == "Not authorized to perform sts:TagSession"


@pytest.mark.parametrize(
    "claims",
    [
        {TAGS: "a"},
        {TAGS: {"principal_tags": ["a"]}},
        {TAGS: {"principal_tags": {"a": ["b", "c"]}}},
        {TAGS: {"principal_tags": {"a": 7}}},
        {TAGS: {"principal_tags": {"a": "x" * 257}}},
        {TAGS: {"principal_tags": {"": "x"}}},
        {TAGS: {"principal_tags": {"a": "<"}}},
        {TAGS: {"transitive_tag_keys": "a"}},
        {SOURCE: "a b"},
        {SOURCE: ["ann"]},
    ],
)
async def test_claims_that_cannot_be_read_let_nobody_in(
    world: FakeWorld, provider: OidcProvider, claims: dict[str, object]
) -> None:
    trust = federated(provider.arn, *ALL, sub="42")
    role = await world.role(provider.account_id, "Role", trust=trust)

    refused = await refusal(world, role.arn, claims=claims)

    assert refused.problem is Problem.INVALID_IDENTITY_TOKEN


async def test_session_policies_and_durations_count(
    world: FakeWorld, provider: OidcProvider
) -> None:
    role = await world.role(
        provider.account_id, "Role", policy("*"), trust=federated(provider.arn, sub="42")
    )

    entered = await enter(world, role.arn, session=SessionRequest(policy=policy("iam:GetUser")))
    too_long = await refusal(world, role.arn, duration=timedelta(hours=2))
    malformed = await refusal(world, role.arn, session=SessionRequest(policy="{"))

    call = await call_with(world, entered.opened.credentials, "ssm:StartSession")
    assert not (await ask(call, Question(action=call.action))).allowed
    assert too_long.problem is Problem.INVALID_VALUE
    assert malformed.problem is Problem.MALFORMED_POLICY
