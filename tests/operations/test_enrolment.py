"""A person adds a device to themselves: freshly signed in, by its codes, in time."""

import base64

import pytest
from tests.fakes.world import FakeWorld
from tests.operations.login_steps import VISITOR, enter_by_link

from mooring.iam.identity import User
from mooring.iam.totp import code_at, step_of
from mooring.operations.enrolment import Enrolment, begin_enrolment, finish_enrolment
from mooring.operations.sign_in import SignInRefused
from mooring.operations.web_sessions import read_session


@pytest.fixture
async def ann(world: FakeWorld) -> User:
    return await world.user(await world.account(), "ann")


def codes_of(world: FakeWorld, enrolment: Enrolment) -> tuple[str, str]:
    seed = base64.b32decode(enrolment.seed.reveal())
    step = step_of(world.clock.now())
    return code_at(seed, step - 1), code_at(seed, step)


async def test_two_codes_add_the_device_and_count_as_a_second_factor(
    world: FakeWorld, ann: User
) -> None:
    cookie = await enter_by_link(world, ann)
    enrolment = await begin_enrolment(world.world, cookie)

    progress = await finish_enrolment(
        world.world, cookie, enrolment.state.reveal(), codes_of(world, enrolment), VISITOR
    )

    session = await read_session(world.world, progress.cookie.reveal())
    assert session is not None
    assert session.session.mfa_at == world.clock.now()
    (device,) = await world.store.read(
        ann.account_id, lambda tx: tx.second_factors.devices_of("ann")
    )
    assert device.serial == f"arn:aws:iam::{ann.account_id}:mfa/ann"
    assert (await world.events(ann.account_id))[-1].name == "AddMfaDevice"
    again = await begin_enrolment(world.world, progress.cookie.reveal())
    await finish_enrolment(
        world.world,
        progress.cookie.reveal(),
        again.state.reveal(),
        codes_of(world, again),
        VISITOR,
    )


async def test_wrong_codes_old_pages_and_other_people_add_nothing(
    world: FakeWorld, ann: User
) -> None:
    bob = await world.user(ann.account_id, "bob")
    cookie, other = await enter_by_link(world, ann), await enter_by_link(world, bob)
    enrolment = await begin_enrolment(world.world, cookie)
    state, codes = enrolment.state.reveal(), codes_of(world, enrolment)

    for whose, text, typed in (
        (cookie, state, ("000000", "111111")),
        (cookie, state, codes[::-1]),
        (cookie, "nonsense", codes),
        (cookie, "é", codes),
        (other, state, codes),
        ("", state, codes),
    ):
        with pytest.raises(SignInRefused):
            await finish_enrolment(world.world, whose, text, typed, VISITOR)
    world.pass_time(minutes=10)
    with pytest.raises(SignInRefused):
        await begin_enrolment(world.world, cookie)
    with pytest.raises(SignInRefused):
        await finish_enrolment(world.world, cookie, state, codes_of(world, enrolment), VISITOR)
