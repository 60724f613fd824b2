"""Passwords are argon2id, off the loop, a bounded number at a time, and nobody's takes as long."""

import time

import anyio
import pytest

from mooring.keys.password_hash import Argon2Passwords
from mooring.ports.passwords import PasswordsBusy
from mooring.secret import Secret


def cheap(**more: int) -> Argon2Passwords:
    return Argon2Passwords(**{"passes": 1, "memory_kib": 8, "lanes": 1, **more})


async def test_a_hash_is_argon2id_of_the_recommended_cost() -> None:
    text = await Argon2Passwords().hash(Secret("a password"))

    assert text.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_only_the_password_matches_and_no_hash_is_like_another() -> None:
    passwords = cheap()
    one, two = await passwords.hash(Secret("right")), await passwords.hash(Secret("right"))

    assert one != two
    assert await passwords.verify(one, Secret("right"))
    for wrong in ("Right", "right ", "", "\ud800", "righ\0"):
        assert not await passwords.verify(one, Secret(wrong))


@pytest.mark.parametrize("kept", [None, "", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$AA$AA"])
async def test_no_hash_matches_nothing(kept: str | None) -> None:
    assert not await cheap().verify(kept, Secret("the password of nobody"))


async def test_nobodys_password_takes_as_long_as_somebodys() -> None:
    passwords = cheap(passes=8, memory_kib=8192)
    kept = await passwords.hash(Secret("right"))

    took = []
    for against in (kept, None):
        begun = time.perf_counter()
        for _ in range(3):
            await passwords.verify(against, Secret("wrong"))
        took.append(time.perf_counter() - begun)

    assert 0.3 < took[0] / took[1] < 3


async def test_who_would_wait_too_long_is_turned_away() -> None:
    passwords = cheap(passes=20, memory_kib=8192, at_a_time=1, max_waiting=1)
    kept = await passwords.hash(Secret("right"))
    outcomes: list[bool | None] = []

    async def guess() -> None:
        try:
            outcomes.append(await passwords.verify(kept, Secret("right")))
        except PasswordsBusy:
            outcomes.append(None)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(guess)

    assert outcomes.count(None) == 3
    assert outcomes.count(True) == 2
