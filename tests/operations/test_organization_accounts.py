"""Accounts are made whole or finished later, bound before they are filled, found and moved."""

import json
from collections.abc import Awaitable
from dataclasses import replace

import pytest
from tests.fakes.world import FakeWorld
from tests.operations.organization import House, make_house

from mooring.iam.identity import EntityKind
from mooring.iam.organization import FULL_ACCESS_ID, MemberAccount, RequestState
from mooring.operations import organization_accounts as accounts
from mooring.operations.accounts import NODE_ROLE
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused
from mooring.operations.organizations import Page
from mooring.ports.tables import Transaction


@pytest.fixture
async def house(world: FakeWorld) -> House:
    return await make_house(world)


async def refusal(asked: Awaitable[object]) -> OrganizationProblem:
    with pytest.raises(OrganizationRefused) as refused:
        await asked
    return refused.value.kind


async def test_a_new_account_lets_the_management_account_in(house: House) -> None:
    request = await accounts.create_account(
        house.call("CreateAccount"), name="new", email="new@a.example", role_name="Door"
    )

    assert request.state is RequestState.SUCCEEDED
    role = await house.world.store.read(request.member_id, lambda tx: tx.identities.role("Door"))
    assert role is not None
    (statement,) = json.loads(role.trust_policy)["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{house.admin.account_id}:root"}
    attached = await house.world.store.read(
        request.member_id, lambda tx: tx.identities.attached(EntityKind.ROLE, "Door")
    )
    assert attached.managed == ("arn:aws:iam::aws:policy/AdministratorAccess",)
    node_role = await house.world.store.read(
        request.member_id, lambda tx: tx.identities.role(NODE_ROLE)
    )
    assert node_role is not None


async def test_both_accounts_have_the_event(house: House) -> None:
    request = await accounts.create_account(
        house.call("CreateAccount"), name="new", email="new@a.example", role_name="Door"
    )

    ours = await house.world.events(house.admin.account_id)
    theirs = await house.world.events(request.member_id)

    assert [event.name for event in theirs] == ["CreateAccount"]
    assert theirs[0].event_id == ours[-1].event_id


async def test_an_address_is_used_once(house: House) -> None:
    request = await accounts.create_account(
        house.call("CreateAccount"), name="new", email="MEMBER@mooring.example", role_name="Door"
    )

    assert (request.state, request.failure) == (RequestState.FAILED, "EMAIL_ALREADY_EXISTS")
    found = await accounts.describe_request(
        house.call("DescribeCreateAccountStatus"), request.request_id
    )
    assert found == request


async def test_what_a_crash_cut_short_is_finished_and_once_only(house: House) -> None:
    request = replace(
        await accounts.create_account(
            house.call("CreateAccount"), name="new", email="n@a.example", role_name="Door"
        ),
        request_id="car-00000000",
        member_id="444444444444",
        state=RequestState.IN_PROGRESS,
        completed_at=None,
    )

    def cut_short(tx: Transaction) -> None:
        tx.account_requests.put(request)
        tx.organizations.put_member(
            MemberAccount(
                account_id=request.account_id,
                member_id=request.member_id,
                parent_id=house.organization.root_id,
                name="new",
                email="x@a.example",
                joined_at=request.requested_at,
            )
        )

    await house.world.store.write(request.account_id, cut_short)

    finished = await accounts.finish_requests(house.world.world)
    again = await accounts.finish_requests(house.world.world)

    assert (finished, again) == (1, 0)
    role = await house.world.store.read(request.member_id, lambda tx: tx.identities.role("Door"))
    assert role is not None
    found = await accounts.describe_request(
        house.call("DescribeCreateAccountStatus"), request.request_id
    )
    assert found.state is RequestState.SUCCEEDED


async def test_a_new_account_is_bound_from_the_start(house: House) -> None:
    levels = await house.world.store.read(house.member_id, lambda tx: tx.memberships.levels())

    assert [[name for name, _ in level] for level in levels] == [[FULL_ACCESS_ID]] * 3


async def test_accounts_are_listed_whole_or_by_parent(house: House) -> None:
    everyone, _ = await accounts.list_accounts(house.call("ListAccounts"), Page())
    at_root, _ = await accounts.list_accounts(
        house.call("ListAccountsForParent"), Page(), parent_id=house.organization.root_id
    )
    in_unit, _ = await accounts.list_accounts(
        house.call("ListAccountsForParent"), Page(), parent_id=house.unit.unit_id
    )

    assert {row.member_id for row in everyone} == {house.admin.account_id, house.member_id}
    assert [row.member_id for row in at_root] == [house.admin.account_id]
    assert [row.member_id for row in in_unit] == [house.member_id]
    nowhere = accounts.list_accounts(
        house.call("ListAccountsForParent"), Page(), parent_id="ou-none-00000000"
    )
    assert await refusal(nowhere) is OrganizationProblem.PARENT_UNKNOWN


async def test_a_child_has_one_parent(house: House) -> None:
    call = house.call("ListParents")

    assert await accounts.parent_of(call, house.member_id) == house.unit.unit_id
    assert await accounts.parent_of(call, house.unit.unit_id) == house.organization.root_id
    assert await refusal(accounts.parent_of(call, "9" * 12)) is OrganizationProblem.CHILD_UNKNOWN


async def test_an_account_is_moved_from_where_it_is_to_where_there_is_something(
    house: House,
) -> None:
    root_id, unit_id = house.organization.root_id, house.unit.unit_id

    async def move(account_id: str, source: str, destination: str) -> OrganizationProblem:
        call = house.call("MoveAccount")
        return await refusal(
            accounts.move_account(call, account_id, source_id=source, destination_id=destination)
        )

    assert await move("9" * 12, root_id, unit_id) is OrganizationProblem.ACCOUNT_UNKNOWN
    assert await move(house.member_id, root_id, unit_id) is OrganizationProblem.SOURCE_UNKNOWN
    assert (
        await move(house.member_id, unit_id, "ou-none-00000000")
        is OrganizationProblem.DESTINATION_UNKNOWN
    )
    assert await move(house.member_id, unit_id, unit_id) is OrganizationProblem.DUPLICATE_ACCOUNT

    await accounts.move_account(
        house.call("MoveAccount"), house.member_id, source_id=unit_id, destination_id=root_id
    )
    found = await accounts.describe_account(house.call("DescribeAccount"), house.member_id)
    assert found.parent_id == root_id


async def test_an_unknown_account_or_request_is_told_so(house: House) -> None:
    account = accounts.describe_account(house.call("DescribeAccount"), "9" * 12)
    request = accounts.describe_request(house.call("DescribeCreateAccountStatus"), "car-0")

    assert await refusal(account) is OrganizationProblem.ACCOUNT_UNKNOWN
    assert await refusal(request) is OrganizationProblem.REQUEST_UNKNOWN
