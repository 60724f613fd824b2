"""Last uses: the latest stays, whoever reports last."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

from tests.contracts.rows import ACCOUNT, NOW

from mooring.iam.identity import LastUse
from mooring.store.last_uses import LastUseTable

USE = LastUse(subject="AKIA0", used_at=NOW, service="ssm", region="r")


def test_the_latest_use_stays(connection: sqlite3.Connection) -> None:
    uses = LastUseTable(connection, ACCOUNT)
    later = replace(USE, used_at=NOW + timedelta(seconds=1), service="iam")

    uses.put(later)
    uses.put(USE)

    assert uses.get("AKIA0") == later
    assert uses.delete("AKIA0")
    assert not uses.delete("AKIA0")
    assert uses.get("AKIA0") is None
