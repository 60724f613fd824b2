"""Which sessions are alive, told by files that a crash may leave behind."""

import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from tests.agent.nodes import SESSION_ID

from mooring.agent.processes import read_process
from mooring.agent.registry import LiveSession, SessionRegistry
from mooring.wire.ids import parse_session_id

OTHER = parse_session_id("bob-0123456789abcdef0")


def write(folder: Path, pid: int, start_time: int) -> None:
    (folder / f"{SESSION_ID}.pid").write_text(f"{pid} {start_time}\n")


def own_start_time() -> int:
    own = read_process(os.getpid())
    assert own is not None
    return own.start_time


def test_finds_the_session_of_this_process(tmp_path: Path) -> None:
    registry = SessionRegistry(tmp_path)

    assert registry.claim(SESSION_ID)

    live = LiveSession(session_id=SESSION_ID, pid=os.getpid())
    assert registry.find(SESSION_ID) == live
    assert list(registry.all()) == [live]
    assert registry.find(OTHER) is None


def test_a_session_has_one_process(tmp_path: Path) -> None:
    registry = SessionRegistry(tmp_path)
    write(tmp_path, os.getpid(), own_start_time())

    assert not registry.claim(SESSION_ID)


@pytest.mark.parametrize("text", ["", "x y\n", "1\n", "999999999 5\n"])
def test_what_a_crash_left_is_no_session(tmp_path: Path, text: str) -> None:
    registry = SessionRegistry(tmp_path)
    (tmp_path / f"{SESSION_ID}.pid").write_text(text)

    assert registry.find(SESSION_ID) is None
    assert registry.claim(SESSION_ID)


def test_a_later_process_of_the_same_id_is_no_session(tmp_path: Path) -> None:
    registry = SessionRegistry(tmp_path)
    write(tmp_path, os.getpid(), own_start_time() - 1)

    assert list(registry.all()) == []
    assert not (tmp_path / f"{SESSION_ID}.pid").exists()


def test_leaves_nothing_behind_when_it_is_released(tmp_path: Path) -> None:
    registry = SessionRegistry(tmp_path)
    registry.claim(SESSION_ID)

    registry.release(SESSION_ID)

    assert list(tmp_path.iterdir()) == []


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    SessionRegistry(tmp_path).claim(SESSION_ID)

    assert (tmp_path / f"{SESSION_ID}.pid").stat().st_mode & 0o777 == 0o600


async def test_ends_a_session_and_waits_for_it(tmp_path: Path) -> None:
    registry = SessionRegistry(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    found = read_process(process.pid)
    assert found is not None
    write(tmp_path, process.pid, found.start_time)
    session = registry.find(SESSION_ID)
    assert session is not None

    ended = registry.end(SESSION_ID)
    with anyio.fail_after(10):
        await registry.wait_gone(session)
    process.wait()

    assert ended
    assert not registry.end(SESSION_ID)
    await registry.wait_gone(session)
