"""Policy versions: newest first, each kept by its number."""

import sqlite3

from tests.contracts.rows import ACCOUNT, NOW

from mooring.iam.identity import PolicyVersion
from mooring.store.policy_versions import PolicyVersionTable


def version(number: int, arn: str = "arn:p", document: str = "{}") -> PolicyVersion:
    return PolicyVersion(policy_arn=arn, number=number, document=document, created_at=NOW)


def test_versions_come_newest_first_and_go_one_by_one_or_all(
    connection: sqlite3.Connection,
) -> None:
    versions = PolicyVersionTable(connection, ACCOUNT)
    for number in (1, 10, 2):
        versions.put(version(number))
    versions.put(version(1, "arn:other"))
    versions.put(version(2, document="new"))

    assert [found.number for found in versions.of_policy("arn:p")] == [10, 2, 1]
    assert versions.get("arn:p", 2) == version(2, document="new")
    assert versions.get("arn:p", 3) is None
    assert versions.delete("arn:p", 2)
    assert not versions.delete("arn:p", 2)
    assert versions.delete_all("arn:p") == 2
    assert versions.of_policy("arn:other") == [version(1, "arn:other")]
