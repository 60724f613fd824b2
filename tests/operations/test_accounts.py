"""A new account has an administrator that works, a role for nodes, and no default password."""

import pytest
from tests.fakes.world import FakeWorld

from mooring.iam.identity import EntityKind
from mooring.operations.accounts import (
    NODE_ROLE,
    account_to_sign_in,
    create_first_account,
)
from mooring.operations.credentials import resolve
from mooring.operations.organizations import create_organization
from mooring.operations.problems import OperationRefused
from mooring.operations.sign_in import sign_in
from mooring.operations.web_sessions import Visitor, read_session


async def test_the_first_account_can_be_used_at_once(world: FakeWorld) -> None:
    first = await create_first_account(world.world, name="main")

    key = await resolve(world.world, first.access_key_id, "")
    visitor = Visitor(address="192.0.2.1", user_agent="")
    progress = await sign_in(world.world, first.sign_in_token.reveal(), visitor)
    session = await read_session(world.world, progress.cookie.reveal())
    assert key.secret == first.secret
    assert key.principal.arn == f"arn:aws:iam::{first.account_id}:user/{first.user_name}"
    assert session is not None
    assert session.principal == key.principal
    role = await world.store.read(first.account_id, lambda tx: tx.identities.role(NODE_ROLE))
    attached = await world.store.read(
        first.account_id, lambda tx: tx.identities.attached(EntityKind.ROLE, NODE_ROLE)
    )
    assert role is not None
    assert role.arn.endswith(":role/service-role/AmazonEC2RunCommandRoleForManagedInstances")
    assert attached.managed == ("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",)


async def test_every_account_has_its_own_secrets(world: FakeWorld) -> None:
    first = await create_first_account(world.world, name="a")
    second = await create_first_account(world.world, name="b")

    assert first.account_id != second.account_id
    assert first.secret != second.secret
    assert first.secret.reveal() not in repr(first)


async def test_the_only_account_is_meant_when_none_is_named(world: FakeWorld) -> None:
    account_id = await world.account()

    assert await account_to_sign_in(world.world, "") == account_id
    assert await account_to_sign_in(world.world, account_id) == account_id


async def test_of_several_accounts_one_is_named_or_manages_the_others(world: FakeWorld) -> None:
    alone, other = sorted([await world.account(), await world.account()])
    with pytest.raises(OperationRefused, match=f"expected one of the accounts {alone}, {other}"):
        await account_to_sign_in(world.world, "")
    with pytest.raises(OperationRefused, match="got `999999999999`"):
        await account_to_sign_in(world.world, "9" * 12)
    assert await account_to_sign_in(world.world, other) == other

    admin = await world.administrator(other)
    await create_organization(world.call(admin, "organizations:CreateOrganization"))

    assert await account_to_sign_in(world.world, "") == other


async def test_what_is_done_at_the_server_itself_leaves_an_event(world: FakeWorld) -> None:
    first = await create_first_account(world.world, name="main")

    events = await world.events(first.account_id)

    assert [event.name for event in events] == ["CreateAdministrator", "CreateSignInLink"]
    assert {event.resources for event in events} == {
        (f"arn:aws:iam::{first.account_id}:user/{first.user_name}",)
    }
    assert first.sign_in_token.reveal() not in repr(events)
    assert first.secret.reveal() not in repr(events)
