"""Who started a session is found again as they are now, or it is said what became of them."""

from dataclasses import replace

import pytest
from tests.fakes.world import FakeWorld

from mooring.iam.identity import AccessKey, KeyStatus, Role, User
from mooring.operations.caller import Caller
from mooring.operations.credentials import issue_role_credentials
from mooring.operations.grants import Gone, StartFacts, caller_now, new_grant, read_grant
from mooring.ports.tables import Transaction

SESSION_ID = "ann-0123456789abcdef0"


async def by_key(world: FakeWorld, user: User) -> Caller:
    key_id, _ = await world.access_key(user)
    return replace(world.call(user, "ssm:StartSession").caller, access_key_id=key_id)


async def by_role(world: FakeWorld, role: Role) -> Caller:
    lifetime = world.world.site.node_credentials_lifetime
    made = issue_role_credentials(
        world.world, role, session_name="ann", node_id="", lifetime=lifetime
    )
    caller = world.call(role, "ssm:StartSession", session_name="ann").caller
    return replace(caller, access_key_id=made.access_key_id, session_token=made.session_token)


def facts(caller: Caller) -> StartFacts:
    return StartFacts(caller=caller, document_name="D")


async def test_the_facts_of_a_start_come_back(world: FakeWorld) -> None:
    account_id = await world.account()
    role = await world.role(account_id, "Admins")
    caller = await by_role(world, role)

    grant = new_grant(SESSION_ID, facts(caller))

    assert read_grant(grant) == facts(caller)
    assert grant.session_id == SESSION_ID
    assert caller.session_token.reveal() not in grant.facts


async def test_a_user_is_found_by_the_key_with_the_tags_of_now(world: FakeWorld) -> None:
    account_id = await world.account()
    ann = await world.user(account_id, "ann", tags={"team": "blue"})
    caller = await by_key(world, ann)
    changed = replace(ann, tags={"team": "red"})
    await world.store.write(account_id, lambda tx: tx.identities.put_user(changed))

    now = await caller_now(world.world, caller)

    assert dict(now.principal.tags) == {"team": "red"}
    assert (now.origin, now.access_key_id) == (caller.origin, caller.access_key_id)


def _put_key(tx: Transaction, key: AccessKey) -> None:
    tx.identities.put_access_key(key)


async def test_a_key_that_is_no_longer_good_is_told_apart(world: FakeWorld) -> None:
    account_id = await world.account()
    ann = await world.user(account_id, "ann")
    caller = await by_key(world, ann)
    key_id = caller.access_key_id
    key = await world.store.read(account_id, lambda tx: tx.identities.access_key(key_id))
    assert key is not None
    inactive = replace(key, status=KeyStatus.INACTIVE)

    await world.store.write(account_id, lambda tx: _put_key(tx, inactive))
    with pytest.raises(Gone, match=f"^access key {key_id} was deactivated$"):
        await caller_now(world.world, caller)
    await world.store.write(account_id, lambda tx: _put_key(tx, key))
    assert (await caller_now(world.world, caller)).principal == caller.principal
    await world.store.write(account_id, lambda tx: tx.identities.delete_access_key(key_id))
    with pytest.raises(Gone, match=f"^access key {key_id} was deleted$"):
        await caller_now(world.world, caller)


async def test_a_role_session_lasts_beyond_its_credentials(world: FakeWorld) -> None:
    account_id = await world.account()
    role = await world.role(account_id, "Admins")
    caller = await by_role(world, role)
    world.pass_time(days=1)

    now = await caller_now(world.world, caller)

    assert now.principal == caller.principal
    assert now.issued_at == caller.issued_at


async def test_a_role_that_revoked_its_sessions_or_is_gone_is_told_apart(world: FakeWorld) -> None:
    account_id = await world.account()
    role = await world.role(account_id, "Admins")
    caller = await by_role(world, role)
    world.pass_time(seconds=1)
    revoked = replace(role, revoked_before=world.clock.now())

    await world.store.write(account_id, lambda tx: tx.identities.put_role(revoked))
    with pytest.raises(Gone, match=f"^the sessions of {role.arn} were revoked$"):
        await caller_now(world.world, caller)
    await world.store.write(account_id, lambda tx: tx.identities.delete_role("Admins"))
    with pytest.raises(Gone, match=f"^{role.arn} was deleted$"):
        await caller_now(world.world, caller)


async def test_a_caller_without_a_key_is_found_by_name_and_id(world: FakeWorld) -> None:
    account_id = await world.account()
    ann = await world.user(account_id, "ann")
    caller = world.call(ann, "ssm:StartSession").caller

    assert (await caller_now(world.world, caller)).principal == caller.principal
    await world.user(account_id, "ann")  # another of the same name
    with pytest.raises(Gone, match=f"^{ann.arn} was deleted$"):
        await caller_now(world.world, caller)


async def test_a_role_session_without_a_key_is_found_too(world: FakeWorld) -> None:
    account_id = await world.account()
    role = await world.role(account_id, "Admins")
    caller = world.call(role, "ssm:StartSession").caller

    assert await caller_now(world.world, caller) == caller
    await world.store.write(account_id, lambda tx: tx.identities.delete_role("Admins"))
    with pytest.raises(Gone, match=f"^{role.arn} was deleted$"):
        await caller_now(world.world, caller)
