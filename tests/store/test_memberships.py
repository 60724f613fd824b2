"""An account sees the way up from itself and what is attached along it, and nothing else."""

import sqlite3
from dataclasses import replace

import pytest
from tests.contracts.rows import ACCOUNT, OTHER
from tests.ports.test_organizations import MEMBER, control, member, organization, unit

from mooring.iam.organization import FULL_ACCESS, FULL_ACCESS_ID, Membership
from mooring.store.memberships import MembershipTable
from mooring.store.organizations import ControlPolicyTable, OrganizationTable


@pytest.fixture
def tables(connection: sqlite3.Connection) -> tuple[OrganizationTable, ControlPolicyTable]:
    """Root, ou-1, ou-2 in it, the member in ou-2; the management account at the root."""
    organizations = OrganizationTable(connection, ACCOUNT)
    policies = ControlPolicyTable(connection, ACCOUNT)
    organizations.put(organization())
    organizations.put_unit(unit())
    organizations.put_unit(replace(unit(), unit_id="ou-2", parent_id="ou-1"))
    organizations.put_member(replace(member(), parent_id="ou-2"))
    organizations.put_member(replace(member(), member_id=ACCOUNT, parent_id="r-mine"))
    policies.put(control())
    for target in ("r-mine", "ou-1", "ou-2", MEMBER, ACCOUNT):
        policies.attach(FULL_ACCESS_ID, target)
    policies.attach("p-1", "ou-1")
    return organizations, policies


Tables = tuple[OrganizationTable, ControlPolicyTable]


def test_a_member_sees_its_place(connection: sqlite3.Connection, tables: Tables) -> None:
    assert tables
    assert MembershipTable(connection, MEMBER).get() == Membership(
        management_id=ACCOUNT,
        organization_id="o-mine",
        member_id=MEMBER,
        path=("r-mine", "ou-1", "ou-2"),
        controls=True,
    )


def test_a_member_sees_each_level_from_the_root_down(
    connection: sqlite3.Connection, tables: Tables
) -> None:
    assert tables
    full = (FULL_ACCESS_ID, FULL_ACCESS.document)

    levels = MembershipTable(connection, MEMBER).levels()

    assert levels == ((full,), (("p-1", "{}"), full), (full,), (full,))


def test_a_level_without_a_policy_is_there_and_empty(
    connection: sqlite3.Connection, tables: Tables
) -> None:
    tables[1].detach(FULL_ACCESS_ID, "ou-2")

    assert MembershipTable(connection, MEMBER).levels()[2] == ()


def test_nothing_binds_the_management_account_or_a_stranger(
    connection: sqlite3.Connection, tables: Tables
) -> None:
    assert tables
    management = MembershipTable(connection, ACCOUNT)

    place = management.get()
    assert place is not None
    assert place.is_management
    assert management.levels() == ()
    assert MembershipTable(connection, OTHER).get() is None
    assert MembershipTable(connection, OTHER).levels() == ()


def test_nothing_binds_while_the_policies_are_switched_off(
    connection: sqlite3.Connection, tables: Tables
) -> None:
    tables[0].put(replace(organization(), controls=False))

    assert MembershipTable(connection, MEMBER).levels() == ()


def test_the_root_binds_even_when_a_unit_on_the_way_is_lost(
    connection: sqlite3.Connection, tables: Tables
) -> None:
    tables[0].delete_unit("ou-1")

    place = MembershipTable(connection, MEMBER).get()

    assert place is not None
    assert place.path == ("r-mine", "ou-1", "ou-2")


def test_five_units_deep_every_level_is_asked(
    connection: sqlite3.Connection, tables: Tables
) -> None:
    units, policies = tables
    for depth in range(3, 6):
        units.put_unit(replace(unit(), unit_id=f"ou-{depth}", parent_id=f"ou-{depth - 1}"))
        policies.attach("p-1", f"ou-{depth}")
    units.put_member(replace(member(), parent_id="ou-5"))

    levels = MembershipTable(connection, MEMBER).levels()

    assert [[name for name, _ in level] for level in levels] == [
        [FULL_ACCESS_ID],
        ["p-1", FULL_ACCESS_ID],
        [FULL_ACCESS_ID],
        ["p-1"],
        ["p-1"],
        ["p-1"],
        [FULL_ACCESS_ID],
    ]
