"""A sign-in link works once, and the cookie it gives is good for its user alone."""

import pytest
from tests.fakes.world import FakeWorld

from mooring.operations.accounts import new_sign_in
from mooring.operations.entity_tables import USERS
from mooring.operations.identities import delete_entity
from mooring.operations.sign_in import SignInRefused, read_session, sign_in


async def enter(world: FakeWorld, token: str) -> str:
    cookie = await sign_in(world.world, token, address="192.0.2.1", user_agent="a browser")
    return cookie.reveal()


async def test_the_link_signs_in_once(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.user(account_id, "ann")
    token = (await new_sign_in(world.world, account_id, "ann")).reveal()

    session = await read_session(world.world, await enter(world, token))

    assert session is not None
    assert session.principal == world.principal(user)
    with pytest.raises(SignInRefused):
        await enter(world, token)
    event = (await world.events(account_id))[-1]
    assert (event.name, event.principal_arn) == ("ConsoleLogin", user.arn)
    assert event.source_address == "192.0.2.1"


async def test_a_newer_link_ends_an_older_one(world: FakeWorld) -> None:
    account_id = await world.account()
    await world.user(account_id, "ann")
    old = (await new_sign_in(world.world, account_id, "ann")).reveal()
    new = (await new_sign_in(world.world, account_id, "ann")).reveal()

    with pytest.raises(SignInRefused):
        await enter(world, old)
    assert await enter(world, new)


async def test_a_link_ends_after_a_week(world: FakeWorld) -> None:
    account_id = await world.account()
    await world.user(account_id, "ann")
    token = (await new_sign_in(world.world, account_id, "ann")).reveal()
    world.pass_time(days=7)

    with pytest.raises(SignInRefused):
        await enter(world, token)


@pytest.mark.parametrize("token", ["", "nonsense", "é", "\ud800"])
async def test_a_made_up_link_lets_nobody_in(world: FakeWorld, token: str) -> None:
    await world.account()

    with pytest.raises(SignInRefused):
        await enter(world, token)


async def test_a_link_ends_with_its_user_even_when_the_name_comes_back(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    await world.user(account_id, "ann")
    token = (await new_sign_in(world.world, account_id, "ann")).reveal()

    await delete_entity(world.call(admin, "iam:DeleteUser"), USERS, "ann")
    await world.user(account_id, "ann")

    with pytest.raises(SignInRefused):
        await enter(world, token)


async def test_the_cookie_ends_with_its_time_or_its_user(world: FakeWorld) -> None:
    account_id = await world.account()
    await world.user(account_id, "ann")
    token = (await new_sign_in(world.world, account_id, "ann")).reveal()
    cookie = await enter(world, token)

    assert await read_session(world.world, cookie) is not None
    await world.user(account_id, "ann")  # another user of the same name
    assert await read_session(world.world, cookie) is None
    world.pass_time(hours=12)
    assert await read_session(world.world, cookie) is None


@pytest.mark.parametrize("cookie", ["", "nonsense", "é", "AAAA"])
async def test_a_made_up_cookie_is_nobody(world: FakeWorld, cookie: str) -> None:
    assert await read_session(world.world, cookie) is None
