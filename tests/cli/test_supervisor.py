"""Programs that end are started again, and nothing outlives the supervisor."""

import os
import signal
import time
from pathlib import Path

from tests.cli.started import driver, is_alive, wait_until

SLEEPER = "import os, time; open({pids!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
FORKER = """
import os, signal, subprocess, sys, time
code = "import signal, time; signal.signal(signal.SIGHUP, signal.SIG_IGN); time.sleep(600)"
lost = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
open({pids!r}, "a").write(f"{{lost.pid}}\\n")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(600)
"""


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_program_that_is_killed_is_started_again(tmp_path: Path) -> None:
    started = tmp_path / "pids"
    with driver("supervise", str(tmp_path / "log"), SLEEPER.format(pids=str(started))) as run:
        wait_until(lambda: len(pids(started)) == 1)
        os.kill(pids(started)[0], signal.SIGKILL)
        line = run.reads("starting it again")
        wait_until(lambda: len(pids(started)) == 2)
        run.process.terminate()
        told = run.ends()

    assert "child ended with SIGKILL" in line
    assert "nothing is left" in told
    assert not any(is_alive(pid) for pid in pids(started))


def test_of_a_program_that_keeps_ending_the_last_words_are_shown(tmp_path: Path) -> None:
    code = "import sys; print('no such luck', file=sys.stderr); sys.exit(3)"
    with driver("supervise", str(tmp_path / "log"), code) as run:
        first = run.reads("exit code 3")
        words = run.reads("no such luck")
        run.reads("exit code 3")
        run.process.terminate()
        run.ends()

    assert "its last words" in first
    assert words == "    no such luck\n"


def test_it_waits_longer_each_time_before_it_starts_again(tmp_path: Path) -> None:
    with driver("supervise", str(tmp_path / "log"), "raise SystemExit(1)") as run:
        run.reads("exit code 1")
        began = time.monotonic()
        for _ in range(3):
            run.reads("exit code 1")
        took_s = time.monotonic() - began
        run.process.terminate()
        run.ends()

    assert took_s > 0.1 + 0.2 + 0.4


def test_what_hides_from_its_parent_and_ignores_signals_ends_too(tmp_path: Path) -> None:
    started = tmp_path / "pids"
    with driver("supervise", str(tmp_path / "log"), FORKER.format(pids=str(started))) as run:
        wait_until(lambda: len(pids(started)) == 1)
        began = time.monotonic()
        run.process.terminate()
        told = run.ends()
        took_s = time.monotonic() - began

    assert "nothing is left" in told
    assert not is_alive(pids(started)[0])
    assert took_s < 5


def test_a_program_learns_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    started = tmp_path / "pids"
    with driver("supervise", str(tmp_path / "log"), SLEEPER.format(pids=str(started))) as run:
        wait_until(lambda: len(pids(started)) == 1)
        run.process.kill()
        wait_until(lambda: not is_alive(pids(started)[0]))


def test_a_program_run_once_gives_what_it_printed(tmp_path: Path) -> None:
    with driver("once", str(tmp_path / "log"), "print('hello', end='')") as run:
        assert run.ends() == "printed hello\n"


def test_a_program_run_once_that_fails_gives_its_last_words(tmp_path: Path) -> None:
    with driver("once", str(tmp_path / "log"), "raise SystemExit('wrong key')") as run:
        assert run.ends() == "child failed with exit code 1:\n    wrong key\n"
