"""A world for every use case."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.world import FakeWorld, make_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[FakeWorld]:
    async with make_world(tmp_path) as made:
        yield made
