"""A program of a test, whose lines can be waited for."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


class Started:
    """A driver that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []

    def reads(self, text: str) -> str:
        """Wait for a line that holds ``text``."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"`{text}` did not come, got {''.join(self.lines)}")

    def ends(self) -> str:
        """Wait for the end and return everything."""
        rest, _ = self.process.communicate(timeout=20)
        return "".join(self.lines) + rest


@contextlib.contextmanager
def driver(*arguments: str) -> Iterator[Started]:
    process = subprocess.Popen(  # our own program
        [sys.executable, "-m", "tests.cli.drivers", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Started(process)
    finally:
        process.kill()
        process.communicate()


def wait_until(condition: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Look again and again: other processes have no event to wait for."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"
