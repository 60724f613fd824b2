"""Which calls temporary credentials are no good for."""

from datetime import timedelta

import pytest
from tests.fakes.world import FakeWorld
from tests.operations.sts_steps import call_with

from mooring.iam.session_facts import SessionFacts, SessionKind
from mooring.operations.credentials import NewSession, issue
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_use import check_use

IAM = "iam:GetUser"


async def answer(
    world: FakeWorld, kind: SessionKind, action: str, *, with_mfa: bool = False
) -> Problem | None:
    account_id = await world.account()
    of = await world.user(account_id, "ann")
    facts = SessionFacts(kind=kind, mfa_at=world.clock.now() if with_mfa else None)
    new = NewSession(of=of, facts=facts, lifetime=timedelta(hours=1), bearer="bea")
    if kind is SessionKind.ROLE:
        role = await world.role(account_id, "Role")
        new = NewSession(of=role, facts=facts, lifetime=timedelta(hours=1), bearer="bea")
    call = await call_with(world, issue(world.world, new), action)
    try:
        check_use(call)
    except OperationRefused as refused:
        return refused.problem
    return None


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (SessionKind.USER, "sts:GetCallerIdentity"),
        (SessionKind.USER, "sts:AssumeRole"),
        (SessionKind.USER, "ssm:StartSession"),
        (SessionKind.LOGIN, IAM),
        (SessionKind.LOGIN, "sts:DecodeAuthorizationMessage"),
        (SessionKind.ROLE, IAM),
        (SessionKind.ROLE, "sts:AssumeRole"),
        (SessionKind.ROLE, "sts:GetAccessKeyInfo"),
        (SessionKind.FEDERATED, "sts:GetCallerIdentity"),
        (SessionKind.FEDERATED, "ssm:StartSession"),
    ],
)
async def test_good_for(world: FakeWorld, kind: SessionKind, action: str) -> None:
    assert await answer(world, kind, action) is None


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (SessionKind.USER, "sts:GetAccessKeyInfo"),
        (SessionKind.USER, "sts:DecodeAuthorizationMessage"),
        (SessionKind.FEDERATED, "sts:AssumeRole"),
        *((kind, "sts:GetSessionToken") for kind in SessionKind),
        *((kind, "sts:GetFederationToken") for kind in SessionKind),
    ],
)
async def test_denied(world: FakeWorld, kind: SessionKind, action: str) -> None:
    assert await answer(world, kind, action) is Problem.ACCESS_DENIED


async def test_iam_is_reached_by_get_session_token_only_with_a_second_factor(
    world: FakeWorld,
) -> None:
    assert await answer(world, SessionKind.USER, IAM) is Problem.UNKNOWN_KEY
    assert await answer(world, SessionKind.USER, IAM, with_mfa=True) is None


async def test_iam_is_never_reached_by_a_federated_user(world: FakeWorld) -> None:
    problem = await answer(world, SessionKind.FEDERATED, IAM, with_mfa=True)

    assert problem is Problem.UNKNOWN_KEY
