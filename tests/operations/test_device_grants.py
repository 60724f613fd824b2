"""A command line gets keys only by the consent of somebody who is signed in, and only once."""

from dataclasses import replace

import pytest
from tests.fakes.world import FakeWorld
from tests.operations.login_steps import VISITOR, enter_by_link

from mooring.iam.identity import User
from mooring.iam.web_session import WebSession
from mooring.operations.credentials import resolve
from mooring.operations.device_grants import (
    DeviceCodes,
    Granted,
    GrantProblem,
    GrantRefused,
    ask_for_grant,
    decide_grant,
    fetch_credentials,
    pending_grant,
    poll_grant,
    revoke_grant,
)
from mooring.operations.problems import OperationRefused
from mooring.operations.sign_in import SignInRefused
from mooring.operations.web_sessions import Visitor, read_visit

PROGRAM = Visitor(address="203.0.113.5", user_agent="mooring/1")


class Flow:
    """A program that asks, and a person who is signed in."""

    def __init__(self, world: FakeWorld, user: User, session: WebSession) -> None:
        self.world, self.user, self.session = world, user, session

    async def ask(self) -> DeviceCodes:
        return await ask_for_grant(self.world.world, "laptop", PROGRAM)

    async def decide(self, codes: DeviceCodes, *, approve: bool = True) -> bool:
        grant = await pending_grant(self.world.world, codes.user_code, self.session)
        assert grant is not None
        return await decide_grant(self.world.world, grant, self.session, VISITOR, approve=approve)

    async def poll(self, codes: DeviceCodes) -> Granted | GrantProblem:
        try:
            return await poll_grant(self.world.world, codes.device_code.reveal(), PROGRAM)
        except GrantRefused as refused:
            return refused.problem

    async def granted(self) -> str:
        codes = await self.ask()
        await self.decide(codes)
        granted = await self.poll(codes)
        assert isinstance(granted, Granted)
        return granted.refresh_token.reveal()

    async def is_good(self, token: str) -> bool:
        try:
            await fetch_credentials(self.world.world, token, PROGRAM)
        except GrantRefused:
            return False
        return True


@pytest.fixture
async def flow(world: FakeWorld) -> Flow:
    user = await world.user(await world.account(), "ann")
    session = await read_visit(world.world, await enter_by_link(world, user))
    assert session is not None
    return Flow(world, user, session)


async def test_consent_gives_one_grant_that_fetches_keys_of_the_user(flow: Flow) -> None:
    world, codes = flow.world, await flow.ask()
    before = await flow.poll(codes)
    await flow.decide(codes)
    granted = await flow.poll(codes)
    again = await flow.poll(codes)
    assert isinstance(granted, Granted)

    keys = await fetch_credentials(world.world, granted.refresh_token.reveal(), PROGRAM)
    resolved = await resolve(world.world, keys.access_key_id, keys.session_token.reveal())

    assert (before, again) == (GrantProblem.PENDING, GrantProblem.INVALID)
    assert (granted.account_id, granted.user_name) == (flow.user.account_id, "ann")
    assert resolved.principal == world.principal(flow.user)
    assert (keys.expires_at - world.clock.now()).total_seconds() == 3600
    names = [event.name for event in await world.events(flow.user.account_id)]
    wanted = ["ConsoleLogin", "ApproveLogin", "CreateLoginGrant", "GetLoginCredentials"]
    assert names[-4:] == wanted


async def test_the_person_sees_what_asks_and_from_where(flow: Flow) -> None:
    codes = await flow.ask()

    for typed in (codes.user_code, codes.user_code.lower(), codes.user_code.replace("-", " ")):
        grant = await pending_grant(flow.world.world, typed, flow.session)
        assert grant is not None
        assert (grant.client, grant.address) == ("laptop", PROGRAM.address)
    assert len(codes.user_code) == 9


async def test_a_no_is_final(flow: Flow) -> None:
    codes = await flow.ask()
    grant = await pending_grant(flow.world.world, codes.user_code, flow.session)
    assert grant is not None

    await flow.decide(codes, approve=False)

    assert not await decide_grant(flow.world.world, grant, flow.session, VISITOR, approve=True)
    assert await pending_grant(flow.world.world, codes.user_code, flow.session) is None
    assert await flow.poll(codes) is GrantProblem.DENIED
    assert await flow.poll(codes) is GrantProblem.INVALID


async def test_a_request_ends_and_polling_too_fast_is_told(flow: Flow) -> None:
    codes = await flow.ask()

    assert await flow.poll(codes) is GrantProblem.PENDING
    assert await flow.poll(codes) is GrantProblem.SLOW_DOWN
    flow.world.pass_time(seconds=2)
    assert await flow.poll(codes) is GrantProblem.PENDING
    flow.world.pass_time(minutes=10)
    assert await flow.poll(codes) is GrantProblem.EXPIRED
    assert await pending_grant(flow.world.world, codes.user_code, flow.session) is None


async def test_guessing_user_codes_is_slowed_down(flow: Flow) -> None:
    codes = await flow.ask()
    for _ in range(10):
        assert await pending_grant(flow.world.world, "BBBB-BBBB", flow.session) is None

    with pytest.raises(SignInRefused):
        await pending_grant(flow.world.world, codes.user_code, flow.session)


async def test_a_code_of_ones_own_between_guesses_does_not_make_them_free(flow: Flow) -> None:
    codes = await flow.ask()
    for _ in range(10):
        assert await pending_grant(flow.world.world, codes.user_code, flow.session) is not None
        assert await pending_grant(flow.world.world, "BBBB-BBBB", flow.session) is None

    with pytest.raises(SignInRefused):
        await pending_grant(flow.world.world, codes.user_code, flow.session)


async def test_asking_from_one_address_is_slowed_down(flow: Flow) -> None:
    for _ in range(30):
        await flow.ask()

    with pytest.raises(SignInRefused):
        await flow.ask()


async def test_logins_that_are_let_in_are_never_slowed_down(flow: Flow) -> None:
    tokens = [await flow.granted() for _ in range(40)]

    assert len(set(tokens)) == 40


async def test_a_grant_ends_by_time_by_logout_and_with_its_user(flow: Flow) -> None:
    world = flow.world
    by_time, by_logout, by_user = [await flow.granted() for _ in range(3)]

    assert await revoke_grant(world.world, by_logout, PROGRAM)
    assert not await revoke_grant(world.world, by_logout, PROGRAM)
    assert not await flow.is_good(by_logout)
    await world.user(flow.user.account_id, "ann")
    assert not await flow.is_good(by_user)
    await world.store.write(flow.user.account_id, lambda tx: tx.identities.put_user(flow.user))
    assert await flow.is_good(by_time)
    world.pass_time(hours=12)
    assert not await flow.is_good(by_time)


async def test_a_yes_that_nobody_took_up_ends_with_the_sessions_of_the_user(flow: Flow) -> None:
    world, codes, late = flow.world, await flow.ask(), await flow.ask()
    await flow.decide(codes)

    await world.store.write(
        flow.user.account_id, lambda tx: tx.web_sessions.delete_of(flow.user.name)
    )

    assert await flow.poll(codes) is GrantProblem.INVALID
    assert not await flow.decide(late)
    assert await flow.poll(late) is GrantProblem.PENDING


async def test_a_yes_opens_nothing_before_it_is_taken_up(flow: Flow) -> None:
    codes = await flow.ask()
    await flow.decide(codes)
    (promised,) = await flow.world.store.read(
        flow.user.account_id, lambda tx: tx.web_sessions.grants_of("ann")
    )

    assert not await flow.is_good(f"{flow.user.account_id}.{promised.grant_id}.")
    assert isinstance(await flow.poll(codes), Granted)


async def test_keys_end_with_their_grant_at_once(flow: Flow) -> None:
    world, token = flow.world, await flow.granted()
    keys = await fetch_credentials(world.world, token, PROGRAM)

    await revoke_grant(world.world, token, PROGRAM)

    with pytest.raises(OperationRefused):
        await resolve(world.world, keys.access_key_id, keys.session_token.reveal())


async def test_keys_never_outlive_their_grant(flow: Flow) -> None:
    token = await flow.granted()
    flow.world.pass_time(hours=11, minutes=30)

    keys = await fetch_credentials(flow.world.world, token, PROGRAM)

    assert (keys.expires_at - flow.world.clock.now()).total_seconds() == 1800


@pytest.mark.parametrize("bend", ["", "a.b.c", "1.2", "..", "\ud800.a.b"])
async def test_a_made_up_secret_fetches_nothing(flow: Flow, bend: str) -> None:
    token = await flow.granted()
    account_id, grant_id, secret = token.split(".")

    for text in (
        bend,
        f"{account_id}.{grant_id}.x{secret[1:]}",
        f"999999999999.{grant_id}.{secret}",
    ):
        assert not await flow.is_good(text)
        assert not await revoke_grant(flow.world.world, text, PROGRAM)
    assert await flow.is_good(token)


async def test_a_second_factor_of_the_session_goes_into_the_keys(flow: Flow) -> None:
    world, shown = flow.world, flow.world.clock.now()
    flow.session = replace(flow.session, mfa_at=shown)
    token = await flow.granted()

    keys = await fetch_credentials(world.world, token, PROGRAM)
    resolved = await resolve(world.world, keys.access_key_id, keys.session_token.reveal())

    assert resolved.session is not None
    assert resolved.session.mfa_at == shown
