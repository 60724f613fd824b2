"""Keys that a user makes for itself and for those it vouches for."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.world import FakeWorld, policy
from tests.operations.login_steps import code_of, device_of
from tests.operations.sts_steps import Signer, call_with, signer

from mooring.iam.identity import EntityKind, KeyStatus, User
from mooring.operations.assume_role import SecondFactor
from mooring.operations.authorize import Question, ask
from mooring.operations.credentials import TemporaryCredentials
from mooring.operations.federation import (
    FederatedUser,
    get_federation_token,
    get_session_token,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_requests import SessionRequest
from mooring.ports.tables import Transaction


async def token(
    world: FakeWorld, keys: Signer, factor: SecondFactor | None = None
) -> TemporaryCredentials:
    call = await call_with(world, keys, "sts:GetSessionToken")
    return await get_session_token(call, duration=None, second_factor=factor)


async def federate(
    world: FakeWorld, keys: Signer | TemporaryCredentials, given: SessionRequest
) -> FederatedUser:
    call = await call_with(world, keys, "sts:GetFederationToken")
    return await get_federation_token(call, name="guest", duration=None, given=given)


async def may(world: FakeWorld, keys: TemporaryCredentials, action: str) -> bool:
    call = await call_with(world, keys, action)
    return (await ask(call, Question(action=action))).allowed


@pytest.fixture
async def ann(world: FakeWorld) -> User:
    documents = policy("ssm:*"), policy(["sts:GetFederationToken", "sts:TagSession"])
    return await world.user(await world.account(), "ann", *documents, tags={"team": "blue"})


async def test_a_session_token_is_the_user(world: FakeWorld, ann: User) -> None:
    issued = await token(world, await signer(world, ann))

    call = await call_with(world, issued, "sts:GetCallerIdentity")
    assert call.caller.principal == world.principal(ann)
    assert call.caller.issued_at == world.clock.now()
    assert issued.expires_at == world.clock.now() + timedelta(hours=12)
    assert await may(world, issued, "ssm:StartSession")


async def test_a_session_token_needs_no_permission_but_can_be_denied(world: FakeWorld) -> None:
    account_id = await world.account()
    powerless = await world.user(account_id, "powerless")
    denied = await world.user(account_id, "denied", policy("sts:*", Effect="Deny"))

    await token(world, await signer(world, powerless))
    with pytest.raises(OperationRefused, match="explicit deny"):
        await token(world, await signer(world, denied))


@pytest.mark.parametrize("how", ["inactive", "deleted", "of another", "user deleted"])
async def test_the_users_key_takes_its_session_tokens_along(
    world: FakeWorld, ann: User, how: str
) -> None:
    keys = await signer(world, ann)
    issued = await token(world, keys)
    guest = await federate(world, keys, SessionRequest(policy=policy("ssm:*")))

    def work(tx: Transaction) -> None:
        key = tx.identities.access_key(keys.access_key_id)
        assert key is not None
        if how == "inactive":
            tx.identities.put_access_key(replace(key, status=KeyStatus.INACTIVE))
        elif how == "deleted":
            tx.identities.delete_access_key(key.access_key_id)
        elif how == "of another":
            tx.identities.put_access_key(replace(key, user_name="bea"))
        else:
            tx.identities.delete_user("ann")

    await world.store.write(ann.account_id, work)

    for keys_of in (issued, guest.credentials):
        with pytest.raises(OperationRefused) as refused:
            await call_with(world, keys_of, "ssm:StartSession")
        assert refused.value.problem is Problem.UNKNOWN_KEY


async def test_the_second_factor_is_a_fact_of_the_session(world: FakeWorld, ann: User) -> None:
    phone = await device_of(world, await world.administrator(ann.account_id), ann)
    keys = await signer(world, ann)
    factor = SecondFactor(serial=phone.serial, code=code_of(world, phone))

    plain, proven = await token(world, keys), await token(world, keys, factor)

    wants = policy("iam:GetUser", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    lacks = policy("iam:GetRole", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})

    def work(tx: Transaction) -> None:
        tx.identities.put_inline(EntityKind.USER, "ann", "wants", wants)
        tx.identities.put_inline(EntityKind.USER, "ann", "lacks", lacks)

    await world.store.write(ann.account_id, work)

    assert await may(world, proven, "iam:GetUser")
    assert not await may(world, plain, "iam:GetUser")
    assert await may(world, plain, "iam:GetRole")
    long_term = await call_with(world, keys, "iam:GetRole")
    assert not (await ask(long_term, Question(action="iam:GetRole"))).allowed


async def test_a_session_makes_no_session(world: FakeWorld, ann: User) -> None:
    issued = await token(world, await signer(world, ann))

    with pytest.raises(OperationRefused, match="Cannot call GetSessionToken"):
        await get_session_token(
            await call_with(world, issued, "sts:GetSessionToken"),
            duration=None,
            second_factor=None,
        )
    with pytest.raises(OperationRefused, match="Cannot call GetFederationToken"):
        await federate(world, issued, SessionRequest())


async def test_a_federated_user_may_what_both_allow(world: FakeWorld, ann: User) -> None:
    given = SessionRequest(policy=policy(["ssm:StartSession", "iam:*"]))

    guest = await federate(world, await signer(world, ann), given)

    call = await call_with(world, guest.credentials, "ssm:StartSession")
    assert call.caller.principal == guest.principal
    assert guest.principal.arn == f"arn:aws:sts::{ann.account_id}:federated-user/guest"
    assert guest.principal.user_id == f"{ann.account_id}:guest"
    assert await may(world, guest.credentials, "ssm:StartSession")
    assert not await may(world, guest.credentials, "ssm:TerminateSession")
    assert not await may(world, guest.credentials, "iam:GetUser")


async def test_a_federated_user_without_policies_may_nothing(world: FakeWorld, ann: User) -> None:
    guest = await federate(world, await signer(world, ann), SessionRequest())

    assert guest.packed_percent is None
    assert not await may(world, guest.credentials, "ssm:StartSession")


async def test_a_federated_users_tags_are_over_the_users(world: FakeWorld, ann: User) -> None:
    given = SessionRequest(policy=policy("ssm:*"), tags=(("Team", "red"), ("cost", "7")))

    guest = await federate(world, await signer(world, ann), given)

    call = await call_with(world, guest.credentials, "ssm:StartSession")
    assert dict(call.caller.principal.tags) == {"Team": "red", "cost": "7"}


async def test_federation_and_its_tags_are_permissions(world: FakeWorld, ann: User) -> None:
    powerless = await world.user(ann.account_id, "powerless")
    plain = await world.user(ann.account_id, "plain", policy("sts:GetFederationToken"))
    tagged = SessionRequest(tags=(("cost", "7"),))

    with pytest.raises(OperationRefused, match="perform: sts:GetFederationToken on resource: arn"):
        await federate(world, await signer(world, powerless), SessionRequest())
    with pytest.raises(OperationRefused, match="perform: sts:TagSession on resource: arn"):
        await federate(world, await signer(world, plain), tagged)
