"""What a key stands for, when it stops, and that no altered token is good."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.world import FakeWorld

from mooring.iam.identity import KeyStatus, Role
from mooring.operations.credentials import (
    TemporaryCredentials,
    check_expiry,
    issue_role_credentials,
    resolve,
    told_of,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction


def issue(world: FakeWorld, role: Role, *, node_id: str = "") -> TemporaryCredentials:
    return issue_role_credentials(
        world.world, role, session_name="ann", node_id=node_id, lifetime=timedelta(hours=1)
    )


async def problem_of(world: FakeWorld, key_id: str, token: str) -> Problem:
    with pytest.raises(OperationRefused) as refused:
        await resolve(world.world, key_id, token)
    return refused.value.problem


async def test_a_users_key_stands_for_the_user(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.user(account_id, "ann", tags={"team": "blue"})
    key_id, secret = await world.access_key(user)

    key = await resolve(world.world, key_id, "")

    assert key.account_id == account_id
    assert key.secret.reveal() == secret
    assert key.principal == world.principal(user)
    assert key.expires_at is None
    check_expiry(key, world.clock.now() + timedelta(days=10_000))


async def test_a_long_term_key_takes_no_token(world: FakeWorld) -> None:
    account_id = await world.account()
    key_id, _ = await world.access_key(await world.user(account_id, "ann"))
    issued = issue(world, await world.role(account_id, "Role"))

    problem = await problem_of(world, key_id, issued.session_token.reveal())

    assert problem is Problem.UNKNOWN_KEY


async def test_an_inactive_key_and_the_key_of_a_gone_user_are_unknown(world: FakeWorld) -> None:
    account_id = await world.account()
    inactive, _ = await world.access_key(await world.user(account_id, "ann"))
    orphan, _ = await world.access_key(await world.user(account_id, "bea"))

    def work(tx: Transaction) -> None:
        key = tx.identities.access_key(inactive)
        assert key is not None
        tx.identities.put_access_key(replace(key, status=KeyStatus.INACTIVE))
        tx.identities.delete_user("bea")

    await world.store.write(account_id, work)

    for key_id in (inactive, orphan, "AKIAIOSFODNN7EXAMPLE", ""):
        assert await problem_of(world, key_id, "") is Problem.UNKNOWN_KEY


async def test_temporary_keys_stand_for_their_role_session(world: FakeWorld) -> None:
    account_id = await world.account()
    role = await world.role(account_id, "Role")
    issued = issue(world, role)

    key = await resolve(world.world, issued.access_key_id, issued.session_token.reveal())

    assert issued.access_key_id.startswith("ASIA")
    assert key.secret == issued.secret
    assert key.principal == world.principal(role, "ann")
    assert key.issued_at == world.clock.now()


async def test_the_log_is_told_no_secret(world: FakeWorld) -> None:
    issued = issue(world, await world.role(await world.account(), "Role"))

    told = told_of(issued, assumedRoleUser={"arn": "an arn"})

    assert json.loads(told) == {
        "credentials": {
            "accessKeyId": issued.access_key_id,
            "expiration": issued.expires_at.isoformat(),
        },
        "assumedRoleUser": {"arn": "an arn"},
    }


async def test_any_character_changed_makes_the_token_unknown(world: FakeWorld) -> None:
    account_id = await world.account()
    issued = issue(world, await world.role(account_id, "Role"))
    token = issued.session_token.reveal()

    for place in range(len(token)):
        other = "B" if token[place] == "A" else "A"
        changed = token[:place] + other + token[place + 1 :]
        problem = await problem_of(world, issued.access_key_id, changed)
        assert problem is Problem.UNKNOWN_KEY, place


@pytest.mark.parametrize(
    "spell",
    [
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token.rstrip("=") + "====",
        lambda token: token[:-4],
        lambda token: token + token,
    ],
)
async def test_a_token_has_one_spelling(world: FakeWorld, spell: Callable[[str], str]) -> None:
    issued = issue(world, await world.role(await world.account(), "Role"))
    token = spell(issued.session_token.reveal())

    assert await problem_of(world, issued.access_key_id, token) is Problem.UNKNOWN_KEY


async def test_a_token_belongs_to_its_own_key_id(world: FakeWorld) -> None:
    role = await world.role(await world.account(), "Role")
    first, second = issue(world, role), issue(world, role)

    problem = await problem_of(world, first.access_key_id, second.session_token.reveal())

    assert problem is Problem.UNKNOWN_KEY


async def test_temporary_keys_end_on_the_second(world: FakeWorld) -> None:
    issued = issue(world, await world.role(await world.account(), "Role"))
    key = await resolve(world.world, issued.access_key_id, issued.session_token.reveal())

    check_expiry(key, issued.expires_at - timedelta(seconds=1))
    with pytest.raises(OperationRefused) as refused:
        check_expiry(key, issued.expires_at)

    assert refused.value.problem is Problem.EXPIRED_TOKEN


async def test_a_role_that_is_gone_made_again_or_revoked_ends_its_sessions(
    world: FakeWorld,
) -> None:
    account_id = await world.account()
    again = await world.role(account_id, "Again")
    gone = await world.role(account_id, "Gone")
    revoked = await world.role(account_id, "Revoked")
    issued = [issue(world, role) for role in (again, gone, revoked)]
    world.pass_time(seconds=1)
    await world.role(account_id, "Again")
    now = world.clock.now()

    def work(tx: Transaction) -> None:
        tx.identities.delete_role("Gone")
        tx.identities.put_role(replace(revoked, revoked_before=now))

    await world.store.write(account_id, work)

    for old in issued:
        problem = await problem_of(world, old.access_key_id, old.session_token.reveal())
        assert problem is Problem.UNKNOWN_KEY
    renewed = issue(world, revoked)
    key = await resolve(world.world, renewed.access_key_id, renewed.session_token.reveal())
    assert key.secret == renewed.secret
