"""Who is cut off in the middle of a step gets nothing by it: what was read is looked at again."""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from tests.fakes.authenticator import Authenticator
from tests.fakes.world import FakeWorld
from tests.operations.login_steps import (
    PASSWORD,
    VISITOR,
    code_of,
    device_of,
    enter_by_link,
    give_password,
)

from mooring.iam.identity import User
from mooring.iam.totp import code_at, step_of
from mooring.iam.web_session import Stage
from mooring.operations.enrolment import begin_enrolment, finish_enrolment
from mooring.operations.login_profiles import update_login_profile
from mooring.operations.mfa_devices import create_device, enable_device
from mooring.operations.passkeys import (
    RelyingParty,
    add_passkey,
    remove_passkey,
    request_options,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.sign_in import PasswordGiven, SignInRefused, set_password
from mooring.operations.sign_in import give_password as type_password
from mooring.operations.web_sessions import read_session
from mooring.ports.store import Store
from mooring.ports.tables import Directory, Transaction
from mooring.secret import Secret

T = TypeVar("T")
Act = Callable[[], Awaitable[object]]

NEW = Secret("Battery-staple-8")
ORIGIN = "https://mooring.example:8443"
PARTY = RelyingParty(rp_id="mooring.example", origin=ORIGIN)


class Interrupted:
    """A store before whose next write to an account somebody else is quicker."""

    def __init__(self, store: Store, account_id: str, act: Act) -> None:
        self._store, self._account_id, self._act = store, account_id, act
        self._is_done = False

    async def write(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        if account_id == self._account_id and not self._is_done:
            self._is_done = True
            await self._act()
        return await self._store.write(account_id, work)

    async def read(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        return await self._store.read(account_id, work)

    async def glance(self, account_id: str, work: Callable[[Transaction], T]) -> T:
        return await self._store.glance(account_id, work)

    async def find(self, look: Callable[[Directory], T]) -> T:
        return await self._store.find(look)

    async def create_account(self, account_id: str, name: str) -> None:
        await self._store.create_account(account_id, name)


class Scene:
    """An administrator and a user with a password."""

    def __init__(self, world: FakeWorld, admin: User, user: User) -> None:
        self.world, self.admin, self.user = world, admin, user

    def interrupt(self, act: Act) -> None:
        store = Interrupted(self.world.store, self.user.account_id, act)
        self.world.world = replace(self.world.world, store=store)

    async def reset(self) -> None:
        await update_login_profile(
            self.world.call(self.admin, "iam:UpdateLoginProfile"),
            "ann",
            password=NEW,
            reset_required=None,
        )

    async def type(self) -> tuple[Stage, str]:
        given = PasswordGiven(account="", user_name="ann", password=Secret(PASSWORD))
        progress = await type_password(self.world.world, given, VISITOR)
        return progress.next, progress.cookie.reveal()

    async def is_in(self, cookie: str) -> bool:
        return await read_session(self.world.world, cookie) is not None

    async def has_factor(self) -> bool:
        return await self.world.store.read(
            self.user.account_id,
            lambda tx: bool(
                tx.second_factors.devices_of("ann") or tx.second_factors.passkeys_of("ann")
            ),
        )


@pytest.fixture
async def scene(world: FakeWorld) -> Scene:
    account_id = await world.account()
    admin, user = await world.administrator(account_id), await world.user(account_id, "ann")
    await give_password(world, admin, user)
    return Scene(world, admin, user)


async def test_a_password_that_is_reset_while_it_is_compared_lets_nobody_in(scene: Scene) -> None:
    scene.interrupt(scene.reset)

    with pytest.raises(SignInRefused, match="is wrong"):
        await scene.type()


async def test_a_device_that_is_added_while_the_password_is_compared_is_asked_for(
    scene: Scene,
) -> None:
    scene.interrupt(lambda: device_of(scene.world, scene.admin, scene.user))

    stage, cookie = await scene.type()

    assert stage is Stage.MFA
    assert not await scene.is_in(cookie)


async def test_a_device_that_is_added_before_the_new_password_is_asked_for(
    world: FakeWorld,
) -> None:
    account_id = await world.account()
    admin, user = await world.administrator(account_id), await world.user(account_id, "ann")
    await give_password(world, admin, user, reset=True)
    scene = Scene(world, admin, user)
    stage, cookie = await scene.type()
    await device_of(world, admin, user)

    progress = await set_password(world.world, cookie, NEW, VISITOR)

    assert (stage, progress.next) == (Stage.NEW_PASSWORD, Stage.MFA)
    assert not await scene.is_in(progress.cookie.reveal())


async def test_who_must_add_a_device_adds_none_to_one_that_came_first(scene: Scene) -> None:
    world = scene.world
    site = replace(world.world.site, require_second_factor=True)
    world.world = replace(world.world, site=site)
    stage, cookie = await scene.type()
    enrolment = await begin_enrolment(world.world, cookie)
    device = await device_of(world, scene.admin, scene.user)
    seed, step = base64.b32decode(enrolment.seed.reveal()), step_of(world.clock.now())
    codes = code_at(seed, step - 1), code_at(seed, step)

    with pytest.raises(SignInRefused, match="sign in with it"):
        await finish_enrolment(world.world, cookie, enrolment.state.reveal(), codes, VISITOR)

    known = await world.store.read(
        scene.user.account_id, lambda tx: tx.second_factors.devices_of("ann")
    )
    assert stage is Stage.ENROLL
    assert [one.serial for one in known] == [device.serial]


async def test_who_is_signed_out_meanwhile_adds_no_device(scene: Scene) -> None:
    world, cookie = scene.world, await enter_by_link(scene.world, scene.user)
    enrolment = await begin_enrolment(world.world, cookie)
    seed, step = base64.b32decode(enrolment.seed.reveal()), step_of(world.clock.now())
    codes = code_at(seed, step - 1), code_at(seed, step)
    scene.interrupt(scene.reset)

    with pytest.raises(SignInRefused):
        await finish_enrolment(world.world, cookie, enrolment.state.reveal(), codes, VISITOR)

    assert not await scene.has_factor()


async def test_who_is_signed_out_meanwhile_adds_and_removes_no_passkey(scene: Scene) -> None:
    world, authenticator = scene.world, Authenticator()
    store = world.store

    async def register(cookie: str) -> None:
        options = await request_options(
            world.world, PARTY, VISITOR, cookie=cookie, purpose="register"
        )
        answer = authenticator.create(options, ORIGIN)
        await add_passkey(world.world, PARTY, cookie, answer, name="a", visitor=VISITOR)

    cookie = await enter_by_link(world, scene.user)
    scene.interrupt(scene.reset)
    with pytest.raises(SignInRefused):
        await register(cookie)
    was_added = await scene.has_factor()

    world.world = replace(world.world, store=store)
    cookie = await enter_by_link(world, scene.user)
    await register(cookie)
    known = await store.read(scene.user.account_id, lambda tx: tx.second_factors.passkeys_of("ann"))
    scene.interrupt(scene.reset)
    with pytest.raises(SignInRefused):
        await remove_passkey(world.world, cookie, known[0].credential_id, VISITOR)

    assert not was_added
    assert await scene.has_factor()


async def test_a_device_is_enabled_for_no_later_user_of_the_name(scene: Scene) -> None:
    world, user = scene.world, scene.user
    device, _ = await create_device(
        world.call(scene.admin, "iam:CreateVirtualMFADevice"), "phone", path="/", tags={}
    )
    scene.interrupt(lambda: world.user(user.account_id, "ann"))
    codes = code_of(world, device, -1), code_of(world, device)

    with pytest.raises(OperationRefused) as refused:
        await enable_device(
            world.call(scene.admin, "iam:EnableMFADevice"), "ann", device.serial, codes=codes
        )

    assert refused.value.problem is Problem.NO_SUCH_ENTITY
    assert not await scene.has_factor()


async def test_a_new_password_counts_as_no_second_factor(scene: Scene) -> None:
    world = scene.world
    _, cookie = await scene.type()
    await device_of(world, scene.admin, scene.user)
    world.pass_time(minutes=10)

    progress = await set_password(world.world, cookie, NEW, VISITOR, current=Secret(PASSWORD))

    with pytest.raises(SignInRefused, match="Prove yourself again"):
        await begin_enrolment(world.world, progress.cookie.reveal())
