"""A grant comes back as it was put, to its account only."""

import sqlite3

from tests.contracts.rows import ACCOUNT, OTHER

from mooring.ports.revocation import SessionGrant
from mooring.store.session_grants import SessionGrantTable

SEALED = "sealed"
GRANT = SessionGrant(session_id="ann-0123456789abcdef0", facts='{"a":"ü"}', session_token=SEALED)


def test_a_grant_comes_back_and_goes(connection: sqlite3.Connection) -> None:
    table = SessionGrantTable(connection, ACCOUNT)
    table.put(GRANT)

    found = table.get(GRANT.session_id)

    assert found == GRANT
    assert table.delete(GRANT.session_id)
    assert table.get(GRANT.session_id) is None
    assert not table.delete(GRANT.session_id)


def test_another_account_has_none_of_it(connection: sqlite3.Connection) -> None:
    SessionGrantTable(connection, ACCOUNT).put(GRANT)

    assert SessionGrantTable(connection, OTHER).get(GRANT.session_id) is None
    assert not SessionGrantTable(connection, OTHER).delete(GRANT.session_id)


def test_a_token_does_not_print() -> None:
    assert SEALED not in repr(GRANT)
