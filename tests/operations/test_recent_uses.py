"""What was used a moment ago: the last use of each, bounded, and none lost while it is kept."""

from dataclasses import replace
from datetime import UTC, datetime

from mooring.iam.identity import LastUse
from mooring.operations import recent_uses
from mooring.operations.recent_uses import RecentUses

USE = LastUse(subject="AKIA0", used_at=datetime(2026, 1, 2, tzinfo=UTC), service="ssm", region="r")


def test_the_last_use_of_each_subject_waits_by_account() -> None:
    uses = RecentUses()
    uses.note("1", USE)
    uses.note("1", replace(USE, service="iam"))
    uses.note("2", USE)

    assert uses.waiting() == {"1": (replace(USE, service="iam"),), "2": (USE,)}
    assert uses.get("2", "AKIA0") == USE
    assert uses.get("2", "other") is None


def test_a_use_that_came_while_others_were_kept_still_waits() -> None:
    uses = RecentUses()
    uses.note("1", USE)
    waiting = uses.waiting()["1"]
    uses.note("1", replace(USE, service="iam"))

    uses.kept("1", waiting)
    still = uses.waiting()
    uses.kept("1", still["1"])

    assert still == {"1": (replace(USE, service="iam"),)}
    assert uses.waiting() == {}


def test_there_is_room_for_so_many_and_for_those_that_are_there() -> None:
    uses = RecentUses()
    for number in range(recent_uses._MOST):
        uses.note("1", replace(USE, subject=str(number)))

    uses.note("1", USE)
    uses.note("1", replace(USE, subject="7", service="iam"))

    assert uses.get("1", "AKIA0") is None
    assert uses.get("1", "7") == replace(USE, subject="7", service="iam")
