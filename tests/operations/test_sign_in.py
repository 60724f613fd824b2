"""Links, passwords and codes let in who they are of, and nobody else, at the same pace."""

import base64
import json
from dataclasses import replace

import pytest
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
from mooring.iam.login import PasswordPolicy
from mooring.iam.totp import code_at, step_of
from mooring.iam.web_session import Stage
from mooring.operations.accounts import new_sign_in
from mooring.operations.enrolment import begin_enrolment, finish_enrolment
from mooring.operations.entity_tables import USERS
from mooring.operations.identities import delete_entity
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.sign_in import (
    PasswordGiven,
    Progress,
    SignInRefused,
    give_code,
    set_password,
    sign_in,
    step_up,
)
from mooring.operations.sign_in import give_password as type_password
from mooring.operations.web_sessions import Visitor, read_session
from mooring.secret import Secret

NEW = Secret("Battery-staple-8")
ELSEWHERE = Visitor(address="198.51.100.9", user_agent="another browser")


class People:
    """An administrator and a user with a password."""

    def __init__(self, world: FakeWorld, admin: User, user: User) -> None:
        self.world, self.admin, self.user = world, admin, user

    async def type(
        self,
        password: str = PASSWORD,
        *,
        user_name: str = "ann",
        account: str = "",
        visitor: Visitor = VISITOR,
    ) -> Progress:
        given = PasswordGiven(account=account, user_name=user_name, password=Secret(password))
        return await type_password(self.world.world, given, visitor)

    async def is_in(self, progress: Progress) -> bool:
        return await read_session(self.world.world, progress.cookie.reveal()) is not None

    async def outcomes(self) -> list[tuple[str, str]]:
        events = await self.world.events(self.user.account_id)
        return [
            (event.name, json.loads(event.response)[event.name])
            for event in events
            if event.source == "signin.amazonaws.com" and event.response
        ]


@pytest.fixture
async def people(world: FakeWorld) -> People:
    account_id = await world.account()
    admin, user = await world.administrator(account_id), await world.user(account_id, "ann")
    await give_password(world, admin, user)
    return People(world, admin, user)


async def test_the_link_signs_in_once(world: FakeWorld, people: People) -> None:
    token = (await new_sign_in(world.world, people.user.account_id, "ann")).reveal()

    progress = await sign_in(world.world, token, VISITOR)

    assert progress.next is Stage.DONE
    session = await read_session(world.world, progress.cookie.reveal())
    assert session is not None
    assert session.principal == world.principal(people.user)
    with pytest.raises(SignInRefused):
        await sign_in(world.world, token, VISITOR)
    assert await people.outcomes() == [("ConsoleLogin", "Success")]
    event = (await world.events(people.user.account_id))[-1]
    assert (event.principal_arn, event.source_address) == (people.user.arn, VISITOR.address)


async def test_a_newer_link_ends_an_older_one(world: FakeWorld, people: People) -> None:
    old = (await new_sign_in(world.world, people.user.account_id, "ann")).reveal()
    new = (await new_sign_in(world.world, people.user.account_id, "Ann")).reveal()

    with pytest.raises(SignInRefused):
        await sign_in(world.world, old, VISITOR)
    assert (await sign_in(world.world, new, VISITOR)).next is Stage.DONE


async def test_a_link_ends_after_a_week(world: FakeWorld, people: People) -> None:
    token = (await new_sign_in(world.world, people.user.account_id, "ann")).reveal()
    world.pass_time(days=7)

    with pytest.raises(SignInRefused):
        await sign_in(world.world, token, VISITOR)


@pytest.mark.parametrize("token", ["", "nonsense", "é", "\ud800"])
async def test_a_made_up_link_lets_nobody_in(world: FakeWorld, token: str) -> None:
    await world.account()

    with pytest.raises(SignInRefused):
        await sign_in(world.world, token, VISITOR)


async def test_a_link_ends_with_its_user_even_when_the_name_comes_back(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    await world.user(account_id, "ann")
    token = (await new_sign_in(world.world, account_id, "ANN")).reveal()

    await delete_entity(world.call(admin, "iam:DeleteUser"), USERS, "ann")
    await world.user(account_id, "ann")

    with pytest.raises(SignInRefused):
        await sign_in(world.world, token, VISITOR)


async def test_a_link_does_not_go_around_a_second_factor(world: FakeWorld, people: People) -> None:
    device = await device_of(world, people.admin, people.user)
    token = (await new_sign_in(world.world, people.user.account_id, "ann")).reveal()

    progress = await sign_in(world.world, token, VISITOR)
    done = await give_code(world.world, progress.cookie.reveal(), code_of(world, device), VISITOR)

    assert progress.next is Stage.MFA
    assert not await people.is_in(progress)
    assert await people.is_in(done)


async def test_a_password_signs_in_by_name_in_any_case(people: People) -> None:
    for account in ("", people.user.account_id):
        progress = await people.type(user_name="ANN", account=account)

        assert progress.next is Stage.DONE
        assert await people.is_in(progress)
    assert await people.outcomes() == [("ConsoleLogin", "Success")] * 2
    use = await people.world.store.read(
        people.user.account_id, lambda tx: tx.last_uses.get(people.user.user_id)
    )
    assert use is not None
    assert use.used_at == people.world.clock.now()


async def test_everything_wrong_gets_the_same_sentence(people: People) -> None:
    texts = set()
    for password, user_name, account in (
        ("wrong", "ann", ""),
        (PASSWORD, "nobody", ""),
        (PASSWORD, "admin", ""),
        (PASSWORD, "root", ""),
        (PASSWORD, "ann", "999999999999"),
        ("", "", "\ud800"),
    ):
        with pytest.raises(SignInRefused) as refused:
            await people.type(password, user_name=user_name, account=account)
        texts.add(refused.value.message)

    assert len(texts) == 1
    assert await people.outcomes() == [("ConsoleLogin", "Failure")] * 4


async def test_a_failed_name_is_not_kept_as_it_may_be_a_password(
    world: FakeWorld, people: People
) -> None:
    with pytest.raises(SignInRefused):
        await people.type("x", user_name="my-secret-word")

    event = (await world.events(people.user.account_id))[-1]
    assert "my-secret-word" not in repr(event)
    assert event.principal_arn.endswith(":user/HIDDEN_DUE_TO_SECURITY_REASONS")
    assert event.error_message == "Failed authentication"


async def test_where_there_are_two_accounts_one_must_be_named(
    world: FakeWorld, people: People
) -> None:
    await world.account()

    with pytest.raises(SignInRefused):
        await people.type()
    assert (await people.type(account=people.user.account_id)).next is Stage.DONE
    account_id = people.user.account_id
    await world.store.write(account_id, lambda tx: tx.aliases.put("harbour"))
    assert (await people.type(account="harbour")).next is Stage.DONE


async def test_guesses_at_one_user_are_slowed_down_from_anywhere(
    world: FakeWorld, people: People
) -> None:
    for name in ("ann", "nobody"):
        for _ in range(5):
            with pytest.raises(SignInRefused, match="is wrong"):
                await people.type("wrong", user_name=name)
        with pytest.raises(SignInRefused, match="Try again in 30 s") as refused:
            await people.type(user_name=name, visitor=ELSEWHERE)
        assert refused.value.wait.total_seconds() == 30
    world.pass_time(seconds=30)

    assert (await people.type()).next is Stage.DONE


async def test_guesses_from_one_address_are_slowed_down_whatever_the_name(
    people: People,
) -> None:
    for number in range(30):
        with pytest.raises(SignInRefused, match="is wrong"):
            await people.type("wrong", user_name=f"user{number}")

    with pytest.raises(SignInRefused, match="Too many attempts"):
        await people.type()
    assert (await people.type(visitor=ELSEWHERE)).next is Stage.DONE


async def test_a_code_is_asked_for_and_makes_a_new_cookie(world: FakeWorld, people: People) -> None:
    device = await device_of(world, people.admin, people.user)
    begun = await people.type()

    with pytest.raises(SignInRefused, match="code is wrong"):
        await give_code(world.world, begun.cookie.reveal(), "000000", VISITOR)
    done = await give_code(world.world, begun.cookie.reveal(), code_of(world, device), VISITOR)
    session = await read_session(world.world, done.cookie.reveal())

    assert begun.next is Stage.MFA
    assert begun.cookie != done.cookie
    assert session is not None
    assert session.session.mfa_at == world.clock.now()
    assert await people.outcomes() == [("ConsoleLogin", "Failure"), ("ConsoleLogin", "Success")]
    with pytest.raises(SignInRefused):
        await give_code(world.world, begun.cookie.reveal(), code_of(world, device, 1), VISITOR)


async def test_a_sign_in_half_done_ends_soon(world: FakeWorld, people: People) -> None:
    device = await device_of(world, people.admin, people.user)
    begun = await people.type()
    world.pass_time(minutes=10)

    with pytest.raises(SignInRefused, match="begin again"):
        await give_code(world.world, begun.cookie.reveal(), code_of(world, device), VISITOR)


async def test_a_password_that_must_be_changed_is_changed_on_the_way_in(
    world: FakeWorld,
) -> None:
    account_id = await world.account()
    admin, user = await world.administrator(account_id), await world.user(account_id, "ann")
    await give_password(world, admin, user, reset=True)
    people = People(world, admin, user)
    begun = await people.type()

    with pytest.raises(OperationRefused) as refused:
        await set_password(world.world, begun.cookie.reveal(), Secret("x"), VISITOR)
    done = await set_password(world.world, begun.cookie.reveal(), NEW, VISITOR)

    assert begun.next is Stage.NEW_PASSWORD
    assert refused.value.problem is Problem.PASSWORD_POLICY
    assert not await people.is_in(begun)
    assert await people.is_in(done)
    assert (await people.type(NEW.reveal())).next is Stage.DONE


@pytest.mark.parametrize("hard", [False, True])
async def test_an_old_password_is_changed_or_lets_nobody_in(
    world: FakeWorld,
    people: People,
    hard: bool,  # noqa: FBT001
) -> None:
    policy = PasswordPolicy(max_age_days=90, hard_expiry=hard)
    await world.store.write(
        people.user.account_id, lambda tx: tx.logins.put_password_policy(policy)
    )
    world.pass_time(days=90)

    if hard:
        with pytest.raises(SignInRefused, match="expired"):
            await people.type()
    else:
        assert (await people.type()).next is Stage.NEW_PASSWORD


async def test_a_new_password_signs_everybody_else_out(world: FakeWorld, people: People) -> None:
    thief, owner = await people.type(), await people.type()

    with pytest.raises(SignInRefused, match="current password"):
        await set_password(world.world, owner.cookie.reveal(), NEW, VISITOR)
    done = await set_password(
        world.world, owner.cookie.reveal(), NEW, VISITOR, current=Secret(PASSWORD)
    )

    assert not await people.is_in(thief)
    assert not await people.is_in(owner)
    assert await people.is_in(done)


async def test_who_came_by_a_link_sets_a_password_without_one(
    world: FakeWorld, people: People
) -> None:
    cookie = await enter_by_link(world, people.user)

    await set_password(world.world, cookie, NEW, VISITOR)

    assert (await people.type(NEW.reveal())).next is Stage.DONE
    late = await enter_by_link(world, people.user)
    world.pass_time(minutes=10)
    with pytest.raises(SignInRefused, match="current password"):
        await set_password(world.world, late, Secret("Third-password-9"), VISITOR)


async def test_stepping_up_asks_for_what_the_person_has(world: FakeWorld, people: People) -> None:
    progress = await people.type()
    with pytest.raises(SignInRefused):
        await step_up(world.world, progress.cookie.reveal(), VISITOR, password=None, code="")
    by_password = await step_up(
        world.world, progress.cookie.reveal(), VISITOR, password=Secret(PASSWORD), code=""
    )
    device = await device_of(world, people.admin, people.user)
    cookie = by_password.cookie.reveal()
    with pytest.raises(SignInRefused):
        await step_up(world.world, cookie, VISITOR, password=Secret(PASSWORD), code="")
    by_code = await step_up(
        world.world, cookie, VISITOR, password=None, code=code_of(world, device)
    )

    session = await read_session(world.world, by_code.cookie.reveal())
    assert session is not None
    assert session.session.mfa_at == world.clock.now()
    assert not await people.is_in(progress)


async def test_a_second_factor_may_be_required_of_everybody(
    world: FakeWorld, people: People
) -> None:
    site = replace(world.world.site, require_second_factor=True)
    world.world = replace(world.world, site=site)
    token = (await new_sign_in(world.world, people.user.account_id, "ann")).reveal()

    by_link, by_password = await sign_in(world.world, token, VISITOR), await people.type()
    cookie = by_password.cookie.reveal()
    enrolment = await begin_enrolment(world.world, cookie)
    seed, step = base64.b32decode(enrolment.seed.reveal()), step_of(world.clock.now())
    codes = code_at(seed, step - 1), code_at(seed, step)
    done = await finish_enrolment(world.world, cookie, enrolment.state.reveal(), codes, VISITOR)

    assert (by_link.next, by_password.next, done.next) == (Stage.ENROLL, Stage.ENROLL, Stage.DONE)
    assert not await people.is_in(by_password)
    assert await people.is_in(done)
    assert (await people.type()).next is Stage.MFA
    assert await people.outcomes() == [("AddMfaDevice", "Success"), ("ConsoleLogin", "Success")]


async def test_a_new_password_leads_to_the_second_factor_that_is_required(
    world: FakeWorld,
) -> None:
    account_id = await world.account()
    admin, user = await world.administrator(account_id), await world.user(account_id, "ann")
    await give_password(world, admin, user, reset=True)
    people = People(world, admin, user)
    begun = await people.type()
    site = replace(world.world.site, require_second_factor=True)
    world.world = replace(world.world, site=site)

    progress = await set_password(world.world, begun.cookie.reveal(), NEW, VISITOR)

    assert progress.next is Stage.ENROLL
    assert not await people.is_in(progress)


async def test_people_who_sign_in_well_are_never_slowed_down(people: People) -> None:
    for _ in range(40):
        assert (await people.type()).next is Stage.DONE
