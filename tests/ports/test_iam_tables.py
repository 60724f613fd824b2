"""No method of these tables shows or changes another account's rows, whatever the store.

Each method of each port is called as ``OTHER`` with the keys of rows of ``ACCOUNT``; a method
that has no call here fails the test.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.contracts.rows import ACCOUNT, NOW, OTHER, a_user

from mooring.iam.identity import (
    CredentialReport,
    Group,
    InstanceProfile,
    LastUse,
    PolicyVersion,
    Total,
)
from mooring.ports import iam_tables
from mooring.ports.store import AlreadyExists, Store
from mooring.ports.tables import Transaction
from mooring.store.database import open_store

ARN = f"arn:aws:iam::{ACCOUNT}:policy/P"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "mooring.db") as opened:
        await opened.create_account(ACCOUNT, "one")
        await opened.create_account(OTHER, "two")
        yield opened


def group(account_id: str = ACCOUNT, path: str = "/") -> Group:
    return Group(account_id=account_id, name="Ops", path=path, group_id="AGPA", created_at=NOW)


def profile(account_id: str = ACCOUNT, path: str = "/") -> InstanceProfile:
    return InstanceProfile(
        account_id=account_id,
        name="Web",
        path=path,
        profile_id="AIPA",
        created_at=NOW,
        role_name="Admin",
    )


def version(document: str = "{}") -> PolicyVersion:
    return PolicyVersion(policy_arn=ARN, number=1, document=document, created_at=NOW)


def use(service: str = "ssm") -> LastUse:
    return LastUse(subject="AKIA0", used_at=NOW, service=service, region="r")


def report(content: bytes = b"mine") -> CredentialReport:
    return CredentialReport(generated_at=NOW, content=content)


# What each method answers to an account that has nothing.
NOTHING: dict[str, tuple[Callable[[Transaction], object], object]] = {
    "Groups.get": (lambda tx: tx.groups.get("Ops"), None),
    "Groups.delete": (lambda tx: tx.groups.delete("Ops"), False),
    "Groups.page": (lambda tx: tx.groups.page(path_prefix="/", after="", limit=9), []),
    "Groups.remove_member": (lambda tx: tx.groups.remove_member("Ops", "Alice"), False),
    "Groups.of_user": (lambda tx: tx.groups.of_user("Alice"), []),
    "Groups.members": (lambda tx: tx.groups.members("Ops", after="", limit=9), []),
    "PolicyVersions.get": (lambda tx: tx.policy_versions.get(ARN, 1), None),
    "PolicyVersions.delete": (lambda tx: tx.policy_versions.delete(ARN, 1), False),
    "PolicyVersions.delete_all": (lambda tx: tx.policy_versions.delete_all(ARN), 0),
    "PolicyVersions.of_policy": (lambda tx: tx.policy_versions.of_policy(ARN), []),
    "InstanceProfiles.get": (lambda tx: tx.instance_profiles.get("Web"), None),
    "InstanceProfiles.delete": (lambda tx: tx.instance_profiles.delete("Web"), False),
    "InstanceProfiles.page": (
        lambda tx: tx.instance_profiles.page(path_prefix="/", after="", limit=9),
        [],
    ),
    "InstanceProfiles.of_role": (lambda tx: tx.instance_profiles.of_role("Admin"), []),
    "LastUses.get": (lambda tx: tx.last_uses.get("AKIA0"), None),
    "LastUses.delete": (lambda tx: tx.last_uses.delete("AKIA0"), False),
    "Totals.count": (lambda tx: [tx.totals.count(what) for what in Total], [0] * len(Total)),
    "Aliases.get": (lambda tx: tx.aliases.get(), None),
    "Aliases.delete": (lambda tx: tx.aliases.delete(), False),
    "CredentialReports.get": (lambda tx: tx.credential_reports.get(), None),
}

# Rows whose key is a name: both accounts may have the same, and each has its own.
OWN: dict[str, Callable[[Transaction], object]] = {
    "Groups.put": lambda tx: tx.groups.put(group(OTHER, "/other/")),
    "Groups.add_member": lambda tx: tx.groups.add_member("Ops", "Bob"),
    "PolicyVersions.put": lambda tx: tx.policy_versions.put(version("other")),
    "InstanceProfiles.put": lambda tx: tx.instance_profiles.put(profile(OTHER, "/other/")),
    "LastUses.put": lambda tx: tx.last_uses.put(use("iam")),
    "Aliases.put": lambda tx: tx.aliases.put("other"),
    "CredentialReports.put": lambda tx: tx.credential_reports.put(report(b"theirs")),
}


def fill(tx: Transaction) -> None:
    tx.identities.put_user(a_user())
    tx.groups.put(group())
    tx.groups.add_member("Ops", "Alice")
    tx.policy_versions.put(version())
    tx.instance_profiles.put(profile())
    tx.last_uses.put(use())
    tx.aliases.put("mine")
    tx.credential_reports.put(report())


def everything(tx: Transaction) -> list[object]:
    changes = ("delete", "delete_all", "remove_member")
    return [
        look(tx) for name, (look, _) in NOTHING.items() if name.partition(".")[2] not in changes
    ]


def test_every_method_of_every_table_is_tried() -> None:
    names = {
        f"{name}.{method}"
        for name in iam_tables.__all__
        for method, _ in inspect.getmembers(getattr(iam_tables, name), inspect.isfunction)
        if not method.startswith("_")
    }

    assert names == {*NOTHING, *OWN}


@pytest.mark.parametrize("name", NOTHING)
async def test_the_other_tenant_sees_and_changes_nothing(store: Store, name: str) -> None:
    call, nothing = NOTHING[name]
    await store.write(ACCOUNT, fill)
    before = await store.read(ACCOUNT, everything)

    answer = await store.write(OTHER, call)

    assert answer == nothing
    assert await store.read(ACCOUNT, everything) == before


@pytest.mark.parametrize("name", OWN)
async def test_the_other_tenant_has_its_own_of_a_name(store: Store, name: str) -> None:
    await store.write(ACCOUNT, fill)
    before = await store.read(ACCOUNT, everything)

    await store.write(OTHER, OWN[name])

    assert await store.read(ACCOUNT, everything) == before


async def test_the_other_tenant_cannot_take_an_alias(store: Store) -> None:
    await store.write(ACCOUNT, fill)

    with pytest.raises(AlreadyExists):
        await store.write(OTHER, lambda tx: tx.aliases.put("mine"))


@pytest.mark.parametrize(
    "put", [lambda tx: tx.groups.put(group()), lambda tx: tx.instance_profiles.put(profile())]
)
async def test_a_row_of_another_account_is_refused(
    store: Store, put: Callable[[Transaction], None]
) -> None:
    with pytest.raises(ValueError, match="expected a row of account"):
        await store.write(OTHER, put)
