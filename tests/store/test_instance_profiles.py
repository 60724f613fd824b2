"""Instance profiles: names without case, pages by path, found by the role they hold."""

import sqlite3

from tests.contracts.rows import ACCOUNT, NOW

from mooring.iam.identity import InstanceProfile
from mooring.store.instance_profiles import InstanceProfileTable


def profile(name: str, *, path: str = "/", role: str = "") -> InstanceProfile:
    return InstanceProfile(
        account_id=ACCOUNT,
        name=name,
        path=path,
        profile_id="AIPA",
        created_at=NOW,
        role_name=role,
        tags={"a": "b"},
    )


def test_a_profile_comes_back_whatever_the_case_and_goes_once(
    connection: sqlite3.Connection,
) -> None:
    profiles = InstanceProfileTable(connection, ACCOUNT)
    profiles.put(profile("Web", role="Admin"))

    assert profiles.get("wEB") == profile("Web", role="Admin")
    assert profiles.of_role("ADMIN") == [profile("Web", role="Admin")]
    assert profiles.delete("WEB")
    assert not profiles.delete("WEB")


def test_pages_are_by_name_below_a_path(connection: sqlite3.Connection) -> None:
    profiles = InstanceProfileTable(connection, ACCOUNT)
    for name, path in (("b", "/x/"), ("A", "/x/"), ("c", "/")):
        profiles.put(profile(name, path=path))

    found = profiles.page(path_prefix="/x/", after="", limit=9)

    assert [row.name for row in found] == ["A", "b"]
    assert profiles.page(path_prefix="/", after="b", limit=9) == [profile("c")]
