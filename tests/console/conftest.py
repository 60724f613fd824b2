"""A browser of a user who has a password."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.console.fake_browser import Browser
from tests.fakes.world import make_world
from tests.operations.login_steps import give_password

from mooring.iam.identity import User


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with make_world(tmp_path) as world:
        account_id = await world.account()
        user = await world.user(account_id, "ann")
        await give_password(world, await world.administrator(account_id), user)
        yield Browser(world, user)


@pytest.fixture
async def admin(browser: Browser) -> User:
    found = await browser.world.store.read(
        browser.user.account_id, lambda tx: tx.identities.user("admin")
    )
    assert found is not None
    return found
