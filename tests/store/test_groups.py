"""Groups: names without case, pages by path, and who is in them."""

import sqlite3

from tests.contracts.rows import ACCOUNT, NOW, a_user

from mooring.iam.identity import Group
from mooring.store.transaction import AccountTransaction


def group(name: str, path: str = "/") -> Group:
    return Group(account_id=ACCOUNT, name=name, path=path, group_id="AGPA", created_at=NOW)


def tables(connection: sqlite3.Connection) -> AccountTransaction:
    return AccountTransaction(connection, ACCOUNT, "test")


def test_a_group_comes_back_whatever_the_case_and_goes_once(
    connection: sqlite3.Connection,
) -> None:
    groups = tables(connection).groups
    groups.put(group("Ops", "/a/"))

    assert groups.get("oPS") == group("Ops", "/a/")
    assert groups.delete("OPS")
    assert not groups.delete("OPS")
    assert groups.get("Ops") is None


def test_pages_are_by_name_below_a_path(connection: sqlite3.Connection) -> None:
    groups = tables(connection).groups
    for name, path in (("b", "/x/"), ("A", "/x/"), ("c", "/x/"), ("d", "/")):
        groups.put(group(name, path))

    first = groups.page(path_prefix="/x/", after="", limit=2)
    rest = groups.page(path_prefix="/x/", after=first[-1].name, limit=2)

    assert [found.name for found in (*first, *rest)] == ["A", "b", "c"]


def test_members_come_by_name_in_pages_and_once(connection: sqlite3.Connection) -> None:
    tx = tables(connection)
    tx.groups.put(group("Ops"))
    for name in ("bea", "Ann", "cleo"):
        tx.identities.put_user(a_user(name))
        tx.groups.add_member("OPS", name.upper())
        tx.groups.add_member("ops", name)

    first = tx.groups.members("Ops", after="", limit=2)
    rest = tx.groups.members("Ops", after=first[-1].name, limit=2)

    assert [user.name for user in (*first, *rest)] == ["Ann", "bea", "cleo"]
    assert tx.groups.remove_member("ops", "BEA")
    assert not tx.groups.remove_member("ops", "BEA")
    assert [user.name for user in tx.groups.members("ops", after="", limit=9)] == ["Ann", "cleo"]


def test_the_groups_of_a_user_are_those_it_is_in(connection: sqlite3.Connection) -> None:
    tx = tables(connection)
    for name in ("Web", "Db", "Ops"):
        tx.groups.put(group(name))
    tx.groups.add_member("Web", "ann")
    tx.groups.add_member("Db", "ann")
    tx.groups.add_member("Ops", "bea")

    assert [found.name for found in tx.groups.of_user("ANN")] == ["Db", "Web"]
