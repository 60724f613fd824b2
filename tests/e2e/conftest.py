"""One ``mooring dev`` for all tests of a module."""

import shutil
from collections.abc import Iterator

import pytest
from tests.e2e.dev import Dev

if shutil.which("chromium") is None:  # counted by tests/programs.py
    collect_ignore = ["test_console.py"]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """Start it before the first test and stop it after the last."""
    running = Dev(tmp_path_factory.mktemp("dev") / "data")
    yield running
    running.stop()
