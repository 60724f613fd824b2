"""Rows of organizations come back as they were put, and lists go on where one left off."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

from tests.contracts.rows import ACCOUNT, NOW
from tests.ports.test_organizations import control, member, organization, request, unit

from mooring.iam.organization import RequestState
from mooring.store.organizations import (
    AccountRequestTable,
    ControlPolicyTable,
    OrganizationTable,
)


def test_what_is_put_comes_back_and_is_replaced(connection: sqlite3.Connection) -> None:
    table = OrganizationTable(connection, ACCOUNT)
    table.put(organization())
    table.put(replace(organization(), controls=False))
    table.put_unit(unit())
    table.put_unit(unit(name="another"))
    table.put_member(member())
    moved = replace(member(), parent_id="r-mine", was_created=False)
    table.put_member(moved)

    assert table.get() == replace(organization(), controls=False)
    assert table.unit("ou-1") == unit(name="another")
    assert table.member("333333333333") == moved
    assert table.members(parent_id="ou-1", after="", limit=9) == []
    assert table.delete_unit("ou-1")
    assert table.unit("ou-1") is None


def test_lists_are_by_id_and_go_on(connection: sqlite3.Connection) -> None:
    table = OrganizationTable(connection, ACCOUNT)
    units = [replace(unit(), unit_id=f"ou-{number}") for number in range(3)]
    members = [replace(member(), member_id=f"{number}" * 12) for number in range(3)]
    for one in units:
        table.put_unit(one)
    for other in members:
        table.put_member(other)

    assert table.units(parent_id="r-mine", after="ou-0", limit=1) == units[1:2]
    assert table.members(parent_id="", after="0" * 12, limit=9) == members[1:]
    assert table.members(parent_id="ou-1", after="1" * 12, limit=9) == members[2:]


def test_policies_are_attached_once_and_detached(connection: sqlite3.Connection) -> None:
    table = ControlPolicyTable(connection, ACCOUNT)
    table.put(control())
    for target in ("ou-1", "ou-1", "r-1"):
        table.attach("p-1", target)
    table.attach("p-2", "ou-1")

    assert table.get("p-1") == control()
    assert table.page(after="p-0", limit=9) == [control()]
    assert table.of_target("ou-1") == ["p-1", "p-2"]
    assert table.targets_of("p-1") == ["ou-1", "r-1"]
    assert table.detach("p-1", "r-1")
    assert not table.detach("p-1", "r-1")
    assert table.detach_all() == 2
    assert table.delete("p-1")


def test_requests_are_open_until_they_are_not(connection: sqlite3.Connection) -> None:
    table = AccountRequestTable(connection, ACCOUNT)
    table.put(request())
    assert table.open_requests() == [request()]

    done = replace(request(), state=RequestState.SUCCEEDED, completed_at=NOW + timedelta(seconds=1))
    table.put(done)

    assert table.open_requests() == []
    assert table.get("car-1") == done
