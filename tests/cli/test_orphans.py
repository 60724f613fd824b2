"""Children are found and their ends are taken; what ends them all is in ``test_supervisor``."""

import os
import subprocess
import sys

from tests.cli.started import wait_until

from mooring.cli.orphans import children, reap


def test_a_child_is_found_while_it_runs_and_after_its_end_until_it_is_reaped() -> None:
    child = subprocess.Popen(  # our own program
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE
    )
    during = child.pid in children()

    child.communicate(b"\n")

    assert during
    assert child.pid not in children()


def test_the_end_of_a_child_nobody_waits_for_is_taken_and_that_of_others_is_not() -> None:
    ours, others = (os.posix_spawn("/bin/true", ["true"], {}) for _ in range(2))
    known = set(children()) - {ours}

    def is_gone() -> bool:
        reap(known)
        return ours not in children()

    wait_until(is_gone)

    assert others in children()
    os.waitpid(others, 0)
