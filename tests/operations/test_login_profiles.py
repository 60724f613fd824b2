"""Who has a password, who may change it, and what a change ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.world import FakeWorld, policy
from tests.operations.login_steps import PASSWORD, give_password
from tests.store.login_rows import GRANT, SESSION

from mooring.iam.identity import User
from mooring.iam.login import PasswordPolicy
from mooring.iam.session_facts import SessionFacts, SessionKind
from mooring.operations.credentials import NewSession, issue
from mooring.operations.login_profiles import (
    change_password,
    create_login_profile,
    delete_login_profile,
    delete_password_policy,
    get_login_profile,
    get_password_policy,
    update_login_profile,
    update_password_policy,
)
from mooring.operations.passwords import is_password
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.ports.tables import Transaction
from mooring.secret import Secret

NEW = Secret("Battery-staple-8")


async def people(world: FakeWorld, *documents: str) -> tuple[User, User]:
    account_id = await world.account()
    return await world.administrator(account_id), await world.user(account_id, "ann", *documents)


async def has_password(world: FakeWorld, user: User, text: str) -> bool:
    profile = await world.store.read(user.account_id, lambda tx: tx.logins.profile(user.name))
    return profile is not None and await is_password(
        world.world, profile.password_hash, Secret(text)
    )


async def test_a_password_is_given_once_and_taken_away(world: FakeWorld) -> None:
    admin, user = await people(world)
    await give_password(world, admin, user, reset=True)

    profile = await get_login_profile(world.call(admin, "iam:GetLoginProfile"), "ANN")
    with pytest.raises(OperationRefused, match="already exists"):
        await give_password(world, admin, user)
    await delete_login_profile(world.call(admin, "iam:DeleteLoginProfile"), "ann")

    assert (profile.user_name, profile.reset_required) == ("ann", True)
    assert PASSWORD not in profile.password_hash
    for act in (get_login_profile, delete_login_profile):
        with pytest.raises(OperationRefused, match="Login Profile for User ann cannot be found"):
            await act(world.call(admin, "iam:GetLoginProfile"), "ann")


async def test_who_may_not_learns_not_even_who_exists(world: FakeWorld) -> None:
    _, user = await people(world)

    for name in ("ann", "nobody"):
        with pytest.raises(AccessDenied):
            await create_login_profile(
                world.call(user, "iam:CreateLoginProfile"),
                name,
                password=Secret(PASSWORD),
                reset_required=False,
            )
        with pytest.raises(AccessDenied):
            await get_login_profile(world.call(user, "iam:GetLoginProfile"), name)


async def test_nobody_gets_no_password(world: FakeWorld) -> None:
    admin, _ = await people(world)

    with pytest.raises(OperationRefused) as refused:
        await create_login_profile(
            world.call(admin, "iam:CreateLoginProfile"),
            "nobody",
            password=Secret(PASSWORD),
            reset_required=False,
        )

    assert refused.value.problem is Problem.NO_SUCH_ENTITY


async def test_an_administrators_change_signs_the_user_out(world: FakeWorld) -> None:
    admin, user = await people(world)
    await give_password(world, admin, user)
    from_before = replace(SESSION, account_id=user.account_id, user_name="ann")
    await world.store.write(user.account_id, lambda tx: tx.web_sessions.put(from_before))

    await update_login_profile(
        world.call(admin, "iam:UpdateLoginProfile"), "ann", password=None, reset_required=True
    )
    still = await world.store.read(user.account_id, lambda tx: tx.web_sessions.get("0f"))
    await update_login_profile(
        world.call(admin, "iam:UpdateLoginProfile"), "ann", password=NEW, reset_required=None
    )

    assert still is not None
    assert await has_password(world, user, NEW.reveal())
    profile = await get_login_profile(world.call(admin, "iam:GetLoginProfile"), "ann")
    assert profile.reset_required
    assert await world.store.read(user.account_id, lambda tx: tx.web_sessions.get("0f")) is None


async def test_a_user_changes_the_own_password_knowing_the_old(world: FakeWorld) -> None:
    own = policy("iam:ChangePassword", "arn:aws:iam::*:user/${aws:username}")
    admin, user = await people(world, own)
    await give_password(world, admin, user, reset=True)

    with pytest.raises(OperationRefused) as wrong:
        await change_password(world.call(user, "iam:ChangePassword"), old=Secret("no"), new=NEW)
    await change_password(world.call(user, "iam:ChangePassword"), old=Secret(PASSWORD), new=NEW)

    assert wrong.value.problem is Problem.ACCESS_DENIED
    assert await has_password(world, user, NEW.reveal())
    profile = await get_login_profile(world.call(admin, "iam:GetLoginProfile"), "ann")
    assert not profile.reset_required


async def test_a_users_change_signs_out_whoever_else_came_by_the_old_password(
    world: FakeWorld,
) -> None:
    admin, user = await people(world, policy("iam:ChangePassword"))
    await give_password(world, admin, user)
    own = replace(GRANT, account_id=user.account_id, user_name="ann", user_id=user.user_id)
    facts = SessionFacts(kind=SessionKind.LOGIN)
    keys = issue(
        world.world,
        NewSession(of=user, facts=facts, lifetime=timedelta(hours=1), grant_id=own.grant_id),
    )

    def sign_in(tx: Transaction) -> None:
        tx.web_sessions.put(replace(SESSION, account_id=user.account_id, user_name="ann"))
        tx.web_sessions.put_grant(own)
        tx.web_sessions.put_grant(replace(own, grant_id="another"))

    await world.store.write(user.account_id, sign_in)
    call = world.call(user, "iam:ChangePassword")
    call.caller = replace(call.caller, session_token=keys.session_token)

    await change_password(call, old=Secret(PASSWORD), new=NEW)

    session, grants = await world.store.read(
        user.account_id,
        lambda tx: (tx.web_sessions.get("0f"), tx.web_sessions.grants_of("ann")),
    )
    assert session is None
    assert [grant.grant_id for grant in grants] == [own.grant_id]


async def test_guessing_the_old_password_is_slowed_down(world: FakeWorld) -> None:
    admin, user = await people(world, policy("iam:ChangePassword"))
    await give_password(world, admin, user)
    for _ in range(5):
        with pytest.raises(OperationRefused, match="old password was incorrect"):
            await change_password(world.call(user, "iam:ChangePassword"), old=Secret("x"), new=NEW)

    with pytest.raises(OperationRefused, match="old password was incorrect"):
        await change_password(world.call(user, "iam:ChangePassword"), old=Secret(PASSWORD), new=NEW)
    world.pass_time(seconds=30)
    await change_password(world.call(user, "iam:ChangePassword"), old=Secret(PASSWORD), new=NEW)


async def test_the_account_may_let_everybody_change_it(world: FakeWorld) -> None:
    admin, user = await people(world)
    await give_password(world, admin, user)

    with pytest.raises(AccessDenied):
        await change_password(world.call(user, "iam:ChangePassword"), old=Secret(PASSWORD), new=NEW)
    await update_password_policy(
        world.call(admin, "iam:UpdateAccountPasswordPolicy"), PasswordPolicy(allow_change=True)
    )
    await change_password(world.call(user, "iam:ChangePassword"), old=Secret(PASSWORD), new=NEW)

    assert await has_password(world, user, NEW.reveal())


async def test_a_role_has_no_password(world: FakeWorld) -> None:
    role = await world.role(await world.account(), "Ops", policy("iam:*"))

    with pytest.raises(OperationRefused) as refused:
        await change_password(world.call(role, "iam:ChangePassword"), old=NEW, new=NEW)

    assert refused.value.problem is Problem.INVALID_USER_TYPE


async def test_a_password_policy_is_set_as_a_whole_and_taken_back(world: FakeWorld) -> None:
    admin, _ = await people(world)
    wanted = PasswordPolicy(minimum_length=20)

    for act in (get_password_policy, delete_password_policy):
        with pytest.raises(OperationRefused, match=f"domain name {admin.account_id}"):
            await act(world.call(admin, "iam:GetAccountPasswordPolicy"))
    await update_password_policy(world.call(admin, "iam:UpdateAccountPasswordPolicy"), wanted)
    assert await get_password_policy(world.call(admin, "iam:GetAccountPasswordPolicy")) == wanted
    await delete_password_policy(world.call(admin, "iam:DeleteAccountPasswordPolicy"))
