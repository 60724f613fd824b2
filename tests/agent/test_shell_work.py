"""Which clients get large payloads; the rest of a shell is tested in whole sessions."""

import pytest

from mooring.agent.shell_work import takes_large_payloads


@pytest.mark.parametrize(
    ("version", "large"),
    [
        ("1.2.0.0", True),
        ("1.2.707.0", True),
        ("2.0.0.0", True),
        ("1.1.70.0", False),
        ("", False),
        ("1.2.0", False),
        ("1.2.0.0.0", False),
        ("new", False),
    ],
)
def test_knows_who_takes_large_payloads(version: str, *, large: bool) -> None:
    assert takes_large_payloads(version) is large
