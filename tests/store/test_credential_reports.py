"""The credential report of an account: the newest one."""

import sqlite3

from tests.contracts.rows import ACCOUNT, NOW

from mooring.iam.identity import CredentialReport
from mooring.store.credential_reports import CredentialReportTable


def test_the_newest_report_is_kept(connection: sqlite3.Connection) -> None:
    reports = CredentialReportTable(connection, ACCOUNT)
    assert reports.get() is None
    reports.put(CredentialReport(generated_at=NOW, content=b"old"))
    reports.put(CredentialReport(generated_at=NOW, content=b"new"))

    assert reports.get() == CredentialReport(generated_at=NOW, content=b"new")
