"""A cookie is good for its user, for an hour without use, for half a day at most."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.world import FakeWorld
from tests.operations.login_steps import enter_by_link

from mooring.iam.identity import User
from mooring.operations.web_sessions import (
    csrf_token,
    is_csrf_token,
    read_session,
    read_visit,
    sign_out,
)


@pytest.fixture
async def ann(world: FakeWorld) -> User:
    return await world.user(await world.account(), "ann")


async def is_in(world: FakeWorld, cookie: str) -> bool:
    return await read_session(world.world, cookie) is not None


async def test_a_cookie_is_256_random_bits_and_kept_as_a_hash(world: FakeWorld, ann: User) -> None:
    one, two = await enter_by_link(world, ann), await enter_by_link(world, ann)

    account_id, _, random = one.partition(".")
    session = await read_visit(world.world, one)
    assert account_id == ann.account_id
    assert len(random) == 43
    assert one != two
    assert session is not None
    assert random not in repr(session)


async def test_an_idle_session_ends_and_a_used_one_lasts_half_a_day(
    world: FakeWorld, ann: User
) -> None:
    idle, used = await enter_by_link(world, ann), await enter_by_link(world, ann)
    for _ in range(14):
        assert await is_in(world, used)
        world.pass_time(minutes=50)

    assert not await is_in(world, idle)
    assert await is_in(world, used)
    world.pass_time(minutes=20)
    assert not await is_in(world, used)


async def test_the_site_says_how_long_sessions_last(world: FakeWorld, ann: User) -> None:
    site = replace(
        world.world.site, console_idle=timedelta(minutes=5), console_lifetime=timedelta(minutes=8)
    )
    world.world = replace(world.world, site=site)
    idle, used = await enter_by_link(world, ann), await enter_by_link(world, ann)

    world.pass_time(minutes=4)
    assert await is_in(world, used)
    world.pass_time(minutes=1)
    assert not await is_in(world, idle)
    assert await is_in(world, used)
    world.pass_time(minutes=3)
    assert not await is_in(world, used)


async def test_a_session_ends_with_its_user(world: FakeWorld, ann: User) -> None:
    cookie = await enter_by_link(world, ann)

    await world.user(ann.account_id, "ann")  # another user of the same name

    assert not await is_in(world, cookie)


async def test_signing_out_ends_one_session(world: FakeWorld, ann: User) -> None:
    one, two = await enter_by_link(world, ann), await enter_by_link(world, ann)

    await sign_out(world.world, one)
    await sign_out(world.world, one)

    assert not await is_in(world, one)
    assert await is_in(world, two)


@pytest.mark.parametrize(
    "cookie", ["", "nonsense", "é", "AAAA", "1" * 12 + "." + "a" * 43, "\ud800", "1" * 9999]
)
async def test_a_made_up_cookie_is_nobody(world: FakeWorld, cookie: str) -> None:
    assert await read_session(world.world, cookie) is None


async def test_another_accounts_name_in_front_of_a_cookie_is_nobody(
    world: FakeWorld, ann: User
) -> None:
    cookie = await enter_by_link(world, ann)
    other = await world.account()

    assert not await is_in(world, f"{other}.{cookie.partition('.')[2]}")


def test_a_pages_token_is_the_sessions_and_gives_no_cookie() -> None:
    token = csrf_token("a cookie")

    assert is_csrf_token("a cookie", token)
    for cookie, given in (
        ("b", token),
        ("a cookie", ""),
        ("a cookie", "é"),
        ("a cookie", "\ud800"),
    ):
        assert not is_csrf_token(cookie, given)
    assert "cookie" not in token
