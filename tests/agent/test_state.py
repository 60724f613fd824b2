"""Files that are replaced whole, and that nobody else reads."""

import os
from pathlib import Path

import pytest

from mooring.agent.state import StateDir


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_is_closed_to_everybody_else_whatever_the_umask(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    before = os.umask(0)
    try:
        state.create()
        state.write("key", b"secret")
    finally:
        os.umask(before)

    assert mode(state.path) == 0o700
    assert mode(state.sessions) == 0o700
    assert mode(state.path / "key") == 0o600


def test_closes_a_folder_that_was_open(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    state = StateDir(tmp_path / "state")

    state.create()

    assert mode(state.path) == 0o700


def test_replaces_a_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    state.write("key", b"old")

    state.write("key", b"new")

    assert state.read("key") == b"new"
    assert os.listdir(tmp_path) == ["key"]


def test_keeps_the_old_file_when_the_new_one_cannot_be_put_in_its_place(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    (tmp_path / "key").mkdir()

    with pytest.raises(OSError, match="key"):
        state.write("key", b"new")

    assert os.listdir(tmp_path) == ["key"]


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    state = StateDir(tmp_path)

    state.remove("key")

    assert state.read("key") is None
