"""A token says again what it was given, is opened by nobody else, and has a bounded size."""

from datetime import timedelta

import pytest
from tests.fakes.world import FakeWorld

from mooring.iam.session_facts import SessionFacts, SessionKind
from mooring.operations.credentials import NewSession, issue
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_tokens import (
    facts_of,
    micros,
    moment,
    open_token,
    packed,
    packed_percent,
)

FULL = SessionFacts(
    kind=SessionKind.ROLE,
    policy='{"Version":"2012-10-17","Statement":[]}',
    policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
    tags=(("team", "blue"), ("cost", "7")),
    transitive=("team",),
    source_identity="ann",
    provider="arn:aws:iam::111122223333:oidc-provider/id.example.com",
    identity_keys=(("id.example.com:sub", "42"),),
)


async def test_a_token_says_again_what_was_given(world: FakeWorld) -> None:
    role = await world.role(await world.account(), "Role")
    issued = issue(
        world.world, NewSession(of=role, facts=FULL, lifetime=timedelta(hours=1), bearer="ann")
    )

    token = open_token(world.world, issued.session_token.reveal())

    assert token is not None
    assert facts_of(token) == FULL
    assert (token.of, token.bearer, token.secret) == ("Role", "ann", issued.secret.reveal())


async def test_a_federated_user_is_issued_by_its_user(world: FakeWorld) -> None:
    user = await world.user(await world.account(), "ann")
    facts = SessionFacts(kind=SessionKind.FEDERATED, mfa_at=world.clock.now(), issuer="ann")
    issued = issue(world.world, NewSession(of=user, facts=facts, lifetime=timedelta(hours=1)))

    token = open_token(world.world, issued.session_token.reveal())

    assert token is not None
    assert facts_of(token) == facts


async def test_no_other_text_is_a_token(world: FakeWorld) -> None:
    role = await world.role(await world.account(), "Role")
    issued = issue(world.world, NewSession(of=role, facts=FULL, lifetime=timedelta(hours=1)))
    token = issued.session_token.reveal()

    others = (token + "\n", token.rstrip("=") + "====", token[:-4], token.lower(), "", "é")

    assert [open_token(world.world, other) for other in others] == [None] * len(others)


def test_nothing_given_takes_no_room() -> None:
    assert packed(SessionFacts(kind=SessionKind.ROLE)) == b""


def test_the_percentage_is_rounded_up() -> None:
    assert packed_percent(b"") == 0
    assert packed_percent(b"a") == 1
    assert packed_percent(bytes(4096)) == 100
    assert packed_percent(bytes(4097)) == 101


async def test_what_does_not_fit_is_refused(world: FakeWorld) -> None:
    noise = world.entropy.bytes(16_000).hex()
    tags = tuple((f"key-{n}", noise[n * 256 : (n + 1) * 256]) for n in range(50))

    with pytest.raises(OperationRefused) as refused:
        packed(SessionFacts(kind=SessionKind.ROLE, tags=tags))

    assert refused.value.problem is Problem.PACKED_POLICY_TOO_LARGE
    assert refused.value.message.startswith("Packed size of session tags consumes 1")


async def test_times_are_exact(world: FakeWorld) -> None:
    now = world.clock.now() + timedelta(microseconds=1)

    assert moment(micros(now)) == now
