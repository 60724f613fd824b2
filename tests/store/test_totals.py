"""How many there are of each thing."""

import sqlite3

from tests.contracts.rows import ACCOUNT, a_key, a_policy, a_role, a_user

from mooring.iam.identity import Total
from mooring.store.transaction import AccountTransaction


def test_things_are_counted_by_kind(connection: sqlite3.Connection) -> None:
    tx = AccountTransaction(connection, ACCOUNT, "test")
    for name in ("a", "b", "c"):
        tx.identities.put_user(a_user(name))
    tx.identities.put_role(a_role())
    tx.identities.put_policy(a_policy())
    tx.identities.put_access_key(a_key())

    found = {what: tx.totals.count(what) for what in Total}

    assert found == {
        Total.USERS: 3,
        Total.GROUPS: 0,
        Total.ROLES: 1,
        Total.POLICIES: 1,
        Total.POLICY_VERSIONS: 0,
        Total.INSTANCE_PROFILES: 0,
        Total.ACCESS_KEYS: 1,
    }
