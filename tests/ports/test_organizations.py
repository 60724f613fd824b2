"""No method of these tables shows or changes another account's organization, whatever the store.

Each method of each port is called as ``OTHER`` with the keys of rows of ``ACCOUNT``; a method
that has no call here fails the test.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.contracts.rows import ACCOUNT, NOW, OTHER

from mooring.iam.organization import (
    AccountRequest,
    ControlPolicy,
    MemberAccount,
    Organization,
    OrganizationalUnit,
)
from mooring.ports import organizations
from mooring.ports.store import AlreadyExists, Store
from mooring.ports.tables import Transaction
from mooring.store.database import open_store

MEMBER = "333333333333"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "mooring.db") as opened:
        await opened.create_account(ACCOUNT, "one")
        await opened.create_account(OTHER, "two")
        yield opened


def organization(account_id: str = ACCOUNT, root_id: str = "r-mine") -> Organization:
    return Organization(
        account_id=account_id, organization_id="o-mine", root_id=root_id, created_at=NOW
    )


def unit(account_id: str = ACCOUNT, name: str = "mine") -> OrganizationalUnit:
    return OrganizationalUnit(account_id=account_id, unit_id="ou-1", parent_id="r-mine", name=name)


def member(account_id: str = ACCOUNT, name: str = "mine") -> MemberAccount:
    return MemberAccount(
        account_id=account_id,
        member_id=MEMBER,
        parent_id="ou-1",
        name=name,
        email="a@b.example",
        joined_at=NOW,
    )


def control(account_id: str = ACCOUNT, name: str = "mine") -> ControlPolicy:
    return ControlPolicy(
        account_id=account_id, policy_id="p-1", name=name, description="", document="{}"
    )


def request(account_id: str = ACCOUNT, name: str = "mine") -> AccountRequest:
    return AccountRequest(
        account_id=account_id,
        request_id="car-1",
        member_id=MEMBER,
        name=name,
        role_name="Role",
        requested_at=NOW,
    )


# What each method answers to an account that has nothing.
NOTHING: dict[str, tuple[Callable[[Transaction], object], object]] = {
    "Organizations.get": (lambda tx: tx.organizations.get(), None),
    "Organizations.delete": (lambda tx: tx.organizations.delete(), False),
    "Organizations.delete_member": (lambda tx: tx.organizations.delete_member(MEMBER), False),
    "AccountRequests.page": (lambda tx: tx.account_requests.page(after="", limit=9), []),
    "Organizations.unit": (lambda tx: tx.organizations.unit("ou-1"), None),
    "Organizations.delete_unit": (lambda tx: tx.organizations.delete_unit("ou-1"), False),
    "Organizations.units": (
        lambda tx: tx.organizations.units(parent_id="r-mine", after="", limit=9),
        [],
    ),
    "Organizations.member": (lambda tx: tx.organizations.member(MEMBER), None),
    "Organizations.members": (
        lambda tx: [
            *tx.organizations.members(parent_id="", after="", limit=9),
            *tx.organizations.members(parent_id="ou-1", after="", limit=9),
        ],
        [],
    ),
    "ControlPolicies.get": (lambda tx: tx.control_policies.get("p-1"), None),
    "ControlPolicies.delete": (lambda tx: tx.control_policies.delete("p-1"), False),
    "ControlPolicies.page": (lambda tx: tx.control_policies.page(after="", limit=9), []),
    "ControlPolicies.detach": (lambda tx: tx.control_policies.detach("p-1", "ou-1"), False),
    "ControlPolicies.detach_all": (lambda tx: tx.control_policies.detach_all(), 0),
    "ControlPolicies.of_target": (lambda tx: tx.control_policies.of_target("ou-1"), []),
    "ControlPolicies.targets_of": (lambda tx: tx.control_policies.targets_of("p-1"), []),
    "AccountRequests.get": (lambda tx: tx.account_requests.get("car-1"), None),
    "AccountRequests.open_requests": (lambda tx: tx.account_requests.open_requests(), []),
    "Memberships.get": (lambda tx: tx.memberships.get(), None),
    "Memberships.levels": (lambda tx: tx.memberships.levels(), ()),
}

# Rows whose key is within the account: both accounts may have the same, and each has its own.
OWN: dict[str, Callable[[Transaction], object]] = {
    "Organizations.put": lambda tx: tx.organizations.put(organization(OTHER, "r-other")),
    "Organizations.put_unit": lambda tx: tx.organizations.put_unit(unit(OTHER, "other")),
    "ControlPolicies.put": lambda tx: tx.control_policies.put(control(OTHER, "other")),
    "ControlPolicies.attach": lambda tx: tx.control_policies.attach("p-2", "ou-1"),
    "AccountRequests.put": lambda tx: tx.account_requests.put(request(OTHER, "other")),
}

FOREIGN: dict[str, Callable[[Transaction], object]] = {
    "organization": lambda tx: tx.organizations.put(organization()),
    "unit": lambda tx: tx.organizations.put_unit(unit()),
    "member": lambda tx: tx.organizations.put_member(member()),
    "policy": lambda tx: tx.control_policies.put(control()),
    "request": lambda tx: tx.account_requests.put(request()),
}


def fill(tx: Transaction) -> None:
    tx.organizations.put(organization())
    tx.organizations.put_unit(unit())
    tx.organizations.put_member(member())
    tx.control_policies.put(control())
    tx.control_policies.attach("p-1", "ou-1")
    tx.account_requests.put(request())


def everything(tx: Transaction) -> list[object]:
    changes = ("delete", "delete_unit", "delete_member", "detach", "detach_all")
    return [
        look(tx) for name, (look, _) in NOTHING.items() if name.partition(".")[2] not in changes
    ]


def test_every_method_of_every_table_is_tried() -> None:
    names = {
        f"{name}.{method}"
        for name in organizations.__all__
        for method, _ in inspect.getmembers(getattr(organizations, name), inspect.isfunction)
        if not method.startswith("_")
    }

    assert names == {*NOTHING, *OWN, "Organizations.put_member"}


@pytest.mark.parametrize("name", NOTHING)
async def test_the_other_tenant_sees_and_changes_nothing(store: Store, name: str) -> None:
    call, nothing = NOTHING[name]
    await store.write(ACCOUNT, fill)
    before = await store.read(ACCOUNT, everything)

    answer = await store.write(OTHER, call)

    assert answer == nothing
    assert await store.read(ACCOUNT, everything) == before


@pytest.mark.parametrize("name", OWN)
async def test_the_other_tenant_has_its_own(store: Store, name: str) -> None:
    await store.write(ACCOUNT, fill)
    before = await store.read(ACCOUNT, everything)

    await store.write(OTHER, OWN[name])

    assert await store.read(ACCOUNT, everything) == before


async def test_an_account_is_in_one_organization_only(store: Store) -> None:
    await store.write(ACCOUNT, fill)

    with pytest.raises(AlreadyExists):
        await store.write(OTHER, lambda tx: tx.organizations.put_member(member(OTHER)))


@pytest.mark.parametrize("name", FOREIGN)
async def test_a_row_of_another_account_is_refused(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="expected a row of account"):
        await store.write(OTHER, FOREIGN[name])
