"""A world and a running gateway."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.world import FakeWorld, make_world
from tests.gateway.house import House, open_house


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[FakeWorld]:
    async with make_world(tmp_path) as made:
        yield made


@pytest.fixture
async def house(world: FakeWorld, spool: Path) -> AsyncIterator[House]:
    async with open_house(world, spool) as running:
        yield running
