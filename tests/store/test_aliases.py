"""The alias of an account: one, replaced and forgotten."""

import sqlite3

from tests.contracts.rows import ACCOUNT

from mooring.store.aliases import AliasTable


def test_an_account_has_one_alias(connection: sqlite3.Connection) -> None:
    aliases = AliasTable(connection, ACCOUNT)
    aliases.put("first")
    aliases.put("second")

    assert aliases.get() == "second"
    assert aliases.delete()
    assert not aliases.delete()
    assert aliases.get() is None
