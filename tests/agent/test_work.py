"""Whatever a session does, the session can rely on the same of it."""

import pytest

from mooring.agent.port_work import PortWork
from mooring.agent.shell_work import ShellWork
from mooring.agent.work import Work

KINDS: list[type[Work]] = [PortWork, ShellWork]
"""The annotation is the test of the signatures."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_work_does_what_sessions_ask(kind: type[Work]) -> None:
    asked = {name for name in vars(Work) if not name.startswith("_")}

    assert asked <= set(vars(kind))
