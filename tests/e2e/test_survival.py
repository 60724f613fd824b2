"""What a person in a shell notices when parts of the system die: a pause at most."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pexpect
from tests.e2e.dev import BIN, Dev

PROMPT = r"[$#] "
COUNT = "for i in $(seq 1 40); do echo tick-$i-; sleep 0.2; done; echo all-$((1+1))-done\n"


def open_shell(dev: Dev) -> tuple["pexpect.spawn[str]", str]:
    dev.wait_until_online()
    shell = dev.shell("admin", dev.node(0))
    shell.expect("Starting session with SessionId: ([^\r\n]+)")
    found = shell.match
    assert isinstance(found, re.Match)
    session_id = str(found.group(1)).strip()
    shell.expect(PROMPT)
    return shell, session_id


def read_to_the_end(shell: "pexpect.spawn[str]") -> str:
    shell.expect("all-2-done", timeout=60)
    return shell.before or ""


def leave(shell: "pexpect.spawn[str]") -> None:
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 0


def assert_each_once(seen: str, first: int) -> None:
    for number in range(first, 41):
        assert seen.count(f"tick-{number}-") == 1, number


def test_the_server_is_killed_in_the_middle_of_a_shell(dev: Dev) -> None:
    shell, _ = open_shell(dev)
    shell.send(COUNT)
    shell.expect("tick-5-")

    os.kill(dev.server_pid(), signal.SIGKILL)
    seen = read_to_the_end(shell)

    assert_each_once(seen, 6)
    leave(shell)


def test_nodes_are_back_soon_after_the_server_is(dev: Dev) -> None:
    dev.wait_until_online()
    os.kill(dev.server_pid(), signal.SIGKILL)
    began = time.monotonic()

    dev.wait_until_online()

    # The server takes a second to start, and a handful of nodes need no spreading.
    assert time.monotonic() - began < 10


def test_the_agents_main_process_is_killed_in_the_middle_of_a_shell(dev: Dev) -> None:
    shell, _ = open_shell(dev)
    shell.send(COUNT)
    shell.expect("tick-5-")

    os.kill(dev.agent_pid("web-1"), signal.SIGKILL)
    seen = read_to_the_end(shell)

    assert_each_once(seen, 6)
    leave(shell)


def test_the_record_is_whole_and_verifies(dev: Dev) -> None:
    shell, session_id = open_shell(dev)
    shell.sendline("echo evi$((1))dence")
    shell.expect("evi1dence")
    os.kill(dev.server_pid(), signal.SIGKILL)
    shell.sendline("echo after$((2))crash")
    shell.expect("after2crash", timeout=60)
    leave(shell)
    environment = dev.environment()

    def mooring(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / "mooring"), *words, "--profile", dev.facts["profiles"]["admin"]],
            env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    verified = mooring("verify", session_id)
    played = mooring("play", session_id, "--speed", "1000")

    assert verified.returncode == 0, verified.stderr + verified.stdout
    assert "evi1dence" in played.stdout
    assert "after2crash" in played.stdout


def test_a_flood_in_one_shell_does_not_slow_the_other(dev: Dev) -> None:
    flooded, _ = open_shell(dev)
    quiet, _ = open_shell(dev)
    flooded.sendline("yes")
    flooded.expect("y\r*\ny")
    pump = subprocess.Popen(["cat"], stdin=flooded.child_fd, stdout=subprocess.DEVNULL)

    echoes = []
    for letter in "abcdefghij":
        began = time.monotonic()
        quiet.send(letter)
        quiet.expect(letter)
        echoes.append(time.monotonic() - began)
    pump.kill()
    pump.wait()

    began = time.monotonic()
    flooded.send("\x03")
    flooded.expect(PROMPT + "$", timeout=10)
    stopped = time.monotonic() - began

    # Five times what is promised: other jobs share the machine.
    assert sorted(echoes)[len(echoes) // 2] < 0.25
    assert stopped < 1.5
    quiet.sendcontrol("u")
    leave(quiet)
    leave(flooded)


def test_stopping_leaves_no_process_behind(tmp_path: Path) -> None:
    dev = Dev(tmp_path / "data", "--nodes", "1")
    shell, _ = open_shell(dev)
    shell.sendline("sleep 4242 &")
    shell.expect(PROMPT)

    took = dev.stop()

    assert took < 5
    left = subprocess.run(
        ["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False
    ).stdout
    assert left == ""
    assert subprocess.run(["pgrep", "-f", "sleep 4242"], check=False).returncode == 1
    shell.close(force=True)
    assert not (tmp_path / "data" / "dev.json").exists()
