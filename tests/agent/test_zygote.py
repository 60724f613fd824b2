"""A real zygote, and children that outlive it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from mooring.agent.processes import is_running, read_process
from mooring.agent.zygote import Zygote, ZygoteGone, start_zygote

# A zygote is forked by a process with one thread, and pytest may have more; so a program is it.
PROGRAM = """
import json, os, signal, sys, time
import anyio
from mooring.agent.zygote import start_zygote

def session(order):
    with open(sys.argv[1], "a") as file:
        file.write(json.dumps([order.decode(), os.getpid(), os.getsid(0), os.getppid()]) + "\\n")
    if order != b"short":
        time.sleep(1000)

zygote = start_zygote(session)

async def main():
    for _ in range(int(sys.argv[2])):
        began = time.perf_counter()
        pid = await zygote.start(b"long")
        print(json.dumps([zygote.pid, pid, time.perf_counter() - began]), flush=True)
    await anyio.sleep_forever()

anyio.run(main)
"""


@contextmanager
def agent(folder: Path, count: int) -> Iterator[tuple[subprocess.Popen[str], list[list[float]]]]:
    """Run the program until it has started ``count`` sessions; its sessions are killed after."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder / "seen"), str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    started = [json.loads(process.stdout.readline()) for _ in range(count)]
    try:
        yield process, started
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        for _, pid, _ in started:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue


def wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while (found := read_process(pid)) is not None and found.state not in "ZX":
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.01)


def seen(folder: Path, count: int) -> list[tuple[str, int, int, int]]:
    deadline = time.monotonic() + 10
    while True:
        text = (folder / "seen").read_text() if (folder / "seen").exists() else ""
        if text.count("\n") >= count:
            return [tuple(json.loads(line)) for line in text.splitlines()]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_session_leads_a_process_session_of_its_own(tmp_path: Path) -> None:
    with agent(tmp_path, 1) as (_, started):
        order, pid, session, parent = seen(tmp_path, 1)[0]

        assert order == "long"
        assert pid == started[0][1] == session
        assert parent == started[0][0]


def test_a_fork_takes_a_few_milliseconds(tmp_path: Path) -> None:
    with agent(tmp_path, 9) as (_, started):
        # The middle one: other jobs share the machine.
        assert sorted(seconds for _, _, seconds in started)[4] < 0.1


def test_sessions_outlive_the_agent_and_the_zygote_does_not(tmp_path: Path) -> None:
    with agent(tmp_path, 1) as (process, started):
        zygote, pid = int(started[0][0]), int(started[0][1])
        session = read_process(pid)
        assert session is not None

        process.kill()
        process.wait()
        wait_gone(zygote)

        assert is_running(pid, session.start_time)


def test_sessions_outlive_the_zygote(tmp_path: Path) -> None:
    with agent(tmp_path, 1) as (_, started):
        zygote, pid = int(started[0][0]), int(started[0][1])
        session = read_process(pid)
        assert session is not None

        os.kill(zygote, signal.SIGKILL)
        wait_gone(zygote)

        assert is_running(pid, session.start_time)


async def test_says_when_it_is_gone() -> None:
    zygote: Zygote = start_zygote(lambda _: None)
    os.kill(zygote.pid, signal.SIGKILL)
    with anyio.fail_after(10):
        await zygote.wait_gone()

    with pytest.raises(ZygoteGone):
        await zygote.start(b"order")

    zygote.close()


async def test_buries_the_children_that_ended() -> None:
    zygote = start_zygote(lambda _: None)

    pid = await zygote.start(b"short")
    handle_gone = anyio.current_time() + 10
    while read_process(pid) is not None:
        assert anyio.current_time() < handle_gone
        await anyio.lowlevel.checkpoint()

    zygote.close()
