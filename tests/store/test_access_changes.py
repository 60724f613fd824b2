"""What a write means for access is noted with it, also for tables that nobody thought of."""

import sqlite3
from dataclasses import replace
from itertools import pairwise

import pytest
from tests.contracts.rows import ACCOUNT, OTHER, a_key, a_node, a_role, a_session, a_user

from mooring.iam.identity import EntityKind
from mooring.ports.revocation import AccessChange
from mooring.store.access_changes import OWN_TABLES, QUIET_TABLES, all_changes, scope_of
from mooring.store.every_table import METADATA
from mooring.store.identities import IdentityTable
from mooring.store.nodes import NodeTable
from mooring.store.sessions import SessionTable


def revisions(connection: sqlite3.Connection, account_id: str = ACCOUNT) -> int:
    return sum(row.revision for row in all_changes(connection) if row.account_id == account_id)


def test_nothing_has_changed_at_first(connection: sqlite3.Connection) -> None:
    assert all_changes(connection) == []


def test_each_write_about_identities_counts_in_its_account(connection: sqlite3.Connection) -> None:
    table = IdentityTable(connection, ACCOUNT)
    seen = [0]

    for write in (
        lambda: table.put_user(a_user()),
        lambda: table.put_role(a_role()),
        lambda: table.put_access_key(a_key()),
        lambda: table.put_inline(EntityKind.USER, "ann", "p", "{}"),
        lambda: table.attach(EntityKind.USER, "ann", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        lambda: table.detach(EntityKind.USER, "ann", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        lambda: table.delete_user("ann"),
    ):
        write()
        seen.append(revisions(connection))

    assert all(before < after for before, after in pairwise(seen))
    assert revisions(connection, OTHER) == 0
    assert {row.everywhere for row in all_changes(connection)} == {False}


def test_reading_changes_nothing(connection: sqlite3.Connection) -> None:
    table = IdentityTable(connection, ACCOUNT)

    table.user("ann")
    table.attached(EntityKind.USER, "ann")

    assert all_changes(connection) == []


def test_a_node_counts_when_its_tags_change_and_not_when_it_is_seen(
    connection: sqlite3.Connection,
) -> None:
    nodes = NodeTable(connection, ACCOUNT)
    node = replace(a_node(), tags={"team": "blue"})
    nodes.put(node)
    nodes.put(replace(node, gateway="gateway-2"))
    assert all_changes(connection) == []

    nodes.put(replace(node, tags={"team": "red"}))

    assert all_changes(connection) == [
        AccessChange(account_id=ACCOUNT, everywhere=False, revision=1)
    ]


def test_sessions_count_for_nothing(connection: sqlite3.Connection) -> None:
    SessionTable(connection, ACCOUNT).put(a_session())

    assert all_changes(connection) == []


def test_a_table_that_nobody_thought_of_counts_everywhere() -> None:
    assert scope_of("a_new_table") == "everywhere"
    assert scope_of("users") == "account"
    assert scope_of("tickets") is None
    assert scope_of("") is None


@pytest.mark.parametrize("name", sorted(QUIET_TABLES | OWN_TABLES))
def test_tables_are_called_by_names_that_exist(name: str) -> None:
    assert name in METADATA.tables
