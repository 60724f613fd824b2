"""AWS's own plugin under the stock AWS CLI, on a node that runs our agent."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from tests.e2e.dev import Dev
from tests.e2e.forwarding import echo_server, forwarded

PROMPT = r"[$#] "


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """Run ``mooring dev``."""
    running = Dev(tmp_path_factory.mktemp("dev") / "data")
    yield running
    running.stop()


def test_opens_a_shell_as_the_limited_user_and_leaves_it(dev: Dev, binaries: Path) -> None:
    shell = dev.shell("limited", dev.node(0), plugin_folder=binaries)
    shell.expect("Starting session with SessionId: ([^\r\n]+)")
    shell.expect(PROMPT)
    shell.sendline("echo $((6*7)); stty size")
    shell.expect("42")
    shell.expect("30 100")

    shell.sendline("exit")
    shell.expect("Exiting session with sessionId")
    shell.expect(pexpect.EOF)
    shell.close()

    assert shell.exitstatus == 0


def test_is_refused_the_second_node(dev: Dev) -> None:
    done = dev.aws("limited", "ssm", "start-session", "--target", dev.node(1))

    assert "(AccessDeniedException)" in done.stderr


def test_a_shell_survives_a_crash_of_the_server(dev: Dev, binaries: Path) -> None:
    shell = dev.shell("limited", dev.node(0), plugin_folder=binaries)
    shell.expect(PROMPT)
    shell.sendline(
        "for i in $(seq 1 40); do echo tick-$i-; sleep 0.2; done; echo all-$((1+1))-done"
    )
    shell.expect("tick-5-")

    os.kill(dev.server_pid(), signal.SIGKILL)
    shell.expect("all-2-done", timeout=90)
    seen = shell.before or ""

    for number in range(6, 41):
        assert len(re.findall(f"tick-{number}-", seen)) == 1, number
    shell.sendline("exit")
    shell.expect(pexpect.EOF, timeout=60)
    shell.close()


@pytest.mark.parametrize("attempt", range(4))
def test_forwards_many_connections_at_once_every_time(
    dev: Dev, binaries: Path, attempt: int
) -> None:
    bodies = [bytes([attempt, number]) * 200_000 for number in range(6)]

    with echo_server() as port, forwarded(dev, port, plugin_folder=binaries) as through:
        assert through.ask_at_once(bodies) == bodies
        assert "Terminate signal received" in through.leave()
