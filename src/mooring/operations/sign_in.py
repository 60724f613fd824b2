"""Sign-in of people: by link, by password, by a second factor; each step gives a new cookie.

Wrong account, user and password get the same sentence after the same time. Attempts are counted
by user and by address. Success and failure are events of the account, as CloudTrail's
ConsoleLogin is. The account's root has no password and is no name to sign in with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mooring.iam.identity import LastUse, User
from mooring.iam.login import LoginProfile, PasswordPolicy
from mooring.iam.web_session import Method, Stage, WebSession
from mooring.operations.mfa import has_second_factor, verify_any
from mooring.operations.passwords import is_password, policy_of, prepare_password, put_password
from mooring.operations.problems import OperationRefused
from mooring.operations.sign_in_events import SignInEvent, sign_in_event
from mooring.operations.throttle import address_key
from mooring.operations.tokens import token_hash
from mooring.operations.web_sessions import (
    Visitor,
    is_recent,
    move_on,
    open_session,
    read_visit,
)
from mooring.operations.world import World
from mooring.ports.records import AuditEvent
from mooring.ports.tables import Transaction
from mooring.secret import Secret

__all__ = [
    "PasswordGiven",
    "Progress",
    "SignInRefused",
    "advance",
    "forgive_address",
    "give_code",
    "give_password",
    "set_password",
    "sign_in",
    "step_up",
    "throttle_address",
]

FREE_PER_USER = 5
FREE_PER_ADDRESS = 30

WRONG = "The account, user name or password is wrong."
WRONG_CODE = "The code is wrong, or was used already."
OVER = "The sign-in took too long, begin again."


class SignInRefused(Exception):
    """Nobody is let in; the text may be shown. ``wait`` is how long to wait before the next try."""

    def __init__(self, message: str, *, wait: timedelta = timedelta()) -> None:
        super().__init__(message)
        self.message = message
        self.wait = wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sign-in is, and the cookie that goes on from there."""

    next: Stage
    cookie: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGiven:
    """What a person typed; ``account`` is an id or an alias, empty where there is one account."""

    account: str
    user_name: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the account knows of the one who signs in."""

    user: User
    profile: LoginProfile
    policy: PasswordPolicy
    has_second_factor: bool


async def sign_in(world: World, token: str, visitor: Visitor) -> Progress:
    """Use up a sign-in link. It stands for the password; a second factor is still asked for.

    Raises:
        SignInRefused: unknown, used, expired, or its user is gone.
    """
    throttle_address(world, visitor)
    hashed = token_hash(token)
    account_id = await world.store.find(lambda directory: directory.account_of_ticket(hashed))
    if account_id is None:
        raise SignInRefused("The link is not good any more.")
    now = world.clock.now()

    def work(tx: Transaction) -> Progress | None:
        ticket = tx.tickets.take(hashed)
        if ticket is None or ticket.kind != "sign-in" or ticket.expires_at <= now:
            return None
        user = tx.identities.user(ticket.subject)
        if user is None:
            return None
        stage = Stage.MFA if has_second_factor(tx, user.name) else _last_stage(world)
        if stage is Stage.DONE:
            tx.audit.append(sign_in_event(world, user, SignInEvent(visitor, Method.LINK)))
        cookie = open_session(world, tx, user, visitor, method=Method.LINK, stage=stage)
        return Progress(next=stage, cookie=cookie)

    progress = await world.store.write(account_id, work)
    if progress is None:
        raise SignInRefused("The link is not good any more.")
    forgive_address(world, visitor)
    return progress


async def give_password(world: World, given: PasswordGiven, visitor: Visitor) -> Progress:
    """Begin a sign-in by user name and password.

    Raises:
        SignInRefused: wrong, or too many attempts.
        OperationRefused: UNAVAILABLE.
    """
    throttle_address(world, visitor)
    account_id = await _account(world, given.account)
    key = f"password {account_id or given.account[:64]} {given.user_name.lower()[:64]}"
    _throttle(world, key, free=FREE_PER_USER)
    known = None
    if account_id is not None:
        known = await world.store.read(account_id, lambda tx: _known(tx, given.user_name))
    kept = known.profile.password_hash if known is not None else None
    if not await is_password(world, kept, given.password) or known is None:
        if account_id is not None:
            event = sign_in_event(
                world,
                known.user if known is not None else None,
                SignInEvent(visitor, Method.PASSWORD, failure="Failed authentication"),
                account_id=account_id,
            )
            await world.store.write(account_id, lambda tx: tx.audit.append(event))
        raise SignInRefused(WRONG)
    world.guesses.succeeded(key)
    forgive_address(world, visitor)
    return await _password_is_right(world, known, visitor)


async def _password_is_right(world: World, known: _Known, visitor: Visitor) -> Progress:
    user, now = known.user, world.clock.now()
    use = LastUse(subject=user.user_id, used_at=now, service="signin", region=world.site.region)

    def work(tx: Transaction) -> Progress:
        current = _known(tx, user.name)
        # Comparing takes long enough for the password to be taken away, or a device to be added.
        if current is None or current.profile.password_hash != known.profile.password_hash:
            raise SignInRefused(WRONG)
        stage = _stage_after_password(world, current)
        tx.last_uses.put(use)
        if stage is Stage.DONE:
            tx.audit.append(sign_in_event(world, user, SignInEvent(visitor, Method.PASSWORD)))
        cookie = open_session(world, tx, user, visitor, method=Method.PASSWORD, stage=stage)
        return Progress(next=stage, cookie=cookie)

    return await world.store.write(user.account_id, work)


def _stage_after_password(world: World, known: _Known) -> Stage:
    is_expired = known.policy.is_expired(known.profile.changed_at, world.clock.now())
    if is_expired and known.policy.hard_expiry:
        raise SignInRefused("The password has expired; an administrator must set a new one.")
    if known.has_second_factor:
        return Stage.MFA
    if known.profile.reset_required or is_expired:
        return Stage.NEW_PASSWORD
    return _last_stage(world)


async def give_code(world: World, cookie: str, code: str, visitor: Visitor) -> Progress:
    """Go on with a one-time code.

    Raises:
        SignInRefused: wrong, too often, or there is no sign-in to go on with.
    """
    session = await _at(world, cookie, Stage.MFA)
    throttle_address(world, visitor)
    try:
        await verify_any(world, session.account_id, session.user_name, code)
    except OperationRefused as exc:
        event = SignInEvent(visitor, session.method, failure="Failed authentication", used_mfa=True)
        await world.store.write(
            session.account_id, lambda tx: tx.audit.append(_event(world, tx, session, event))
        )
        raise SignInRefused(WRONG_CODE) from exc
    forgive_address(world, visitor)
    return await advance(world, session, visitor, mfa_at=world.clock.now())


async def set_password(
    world: World, cookie: str, new: Secret, visitor: Visitor, *, current: Secret | None = None
) -> Progress:
    """Set one's own password: because it must be changed, or as somebody who is signed in.

    Who came in by a link has no password to show; anybody else shows the current one.

    Raises:
        SignInRefused: not now, or the current password is wrong.
        OperationRefused: PASSWORD_POLICY.
    """
    session = await read_visit(world, cookie)
    if session is None or session.stage not in (Stage.NEW_PASSWORD, Stage.DONE):
        raise SignInRefused(OVER)
    is_excused = session.method is Method.LINK and is_recent(world, session)
    if session.stage is Stage.DONE and not is_excused:
        await _check_current(world, session, current)
    user = await world.store.read(session.account_id, lambda tx: _user(tx, session))
    prepared = await prepare_password(world, user, new, check_reuse=True)

    def work(tx: Transaction) -> Progress:
        owner = _user(tx, session)
        stage = _stage_after_new_password(world, tx, session)
        put_password(world, tx, owner, prepared, reset_required=False)
        if session.stage is Stage.NEW_PASSWORD and stage is Stage.DONE:
            event = SignInEvent(visitor, session.method, used_mfa=session.mfa_at is not None)
            tx.audit.append(sign_in_event(world, owner, event))
        changed = SignInEvent(visitor, session.method, name="ChangePassword")
        tx.audit.append(sign_in_event(world, owner, changed))
        # Whoever else knew the old password is signed out by the new one.
        moved = move_on(world, tx, session, stage=stage, mfa_at=None, alone=True, is_proof=False)
        return _progress(stage, moved)

    return await world.store.write(session.account_id, work)


def _stage_after_new_password(world: World, tx: Transaction, session: WebSession) -> Stage:
    """A second factor that was added since the sign-in began is asked for still."""
    if not has_second_factor(tx, session.user_name):
        return _last_stage(world)
    is_shown = session.stage is Stage.DONE or session.mfa_at is not None
    return Stage.DONE if is_shown else Stage.MFA


async def step_up(
    world: World, cookie: str, visitor: Visitor, *, password: Secret | None, code: str
) -> Progress:
    """Prove oneself again: by a code where there is a device, else by the password.

    Who has a passkey and no device is let through by the passkey only.

    Raises:
        SignInRefused: wrong, too often, or nobody is signed in.
    """
    session = await _at(world, cookie, Stage.DONE)
    throttle_address(world, visitor)
    mfa_at = None
    has_device, has_factor = await world.store.read(
        session.account_id,
        lambda tx: (
            bool(tx.second_factors.devices_of(session.user_name)),
            has_second_factor(tx, session.user_name),
        ),
    )
    if has_device:
        try:
            await verify_any(world, session.account_id, session.user_name, code)
        except OperationRefused as exc:
            raise SignInRefused(WRONG_CODE) from exc
        mfa_at = world.clock.now()
    elif has_factor:
        raise SignInRefused("Use your passkey.")
    else:
        await _check_current(world, session, password)
    forgive_address(world, visitor)
    cookie_now = await world.store.write(
        session.account_id,
        lambda tx: move_on(world, tx, session, stage=Stage.DONE, mfa_at=mfa_at),
    )
    return _progress(Stage.DONE, cookie_now)


async def advance(
    world: World, session: WebSession, visitor: Visitor, *, mfa_at: datetime
) -> Progress:
    """Go on after the second factor: to a new password where one is due, else in."""

    def work(tx: Transaction) -> Progress:
        known = _known(tx, session.user_name)
        stage = _next_stage(world, known, session.method)
        if stage is Stage.DONE:
            event = SignInEvent(visitor, session.method, used_mfa=True)
            tx.audit.append(_event(world, tx, session, event))
        return _progress(stage, move_on(world, tx, session, stage=stage, mfa_at=mfa_at))

    return await world.store.write(session.account_id, work)


def _last_stage(world: World) -> Stage:
    """Return what is left for somebody without a second factor."""
    return Stage.ENROLL if world.site.require_second_factor else Stage.DONE


def _next_stage(world: World, known: _Known | None, method: Method) -> Stage:
    if method is not Method.PASSWORD or known is None:
        return Stage.DONE
    profile, now = known.profile, world.clock.now()
    is_due = profile.reset_required or known.policy.is_expired(profile.changed_at, now)
    return Stage.NEW_PASSWORD if is_due else Stage.DONE


def throttle_address(world: World, visitor: Visitor) -> None:
    """Count an attempt from an address.

    Raises:
        SignInRefused: there were too many.
    """
    _throttle(world, address_key(visitor.address), free=FREE_PER_ADDRESS)


def forgive_address(world: World, visitor: Visitor) -> None:
    """Take back an attempt that led to something good."""
    world.guesses.forgive(address_key(visitor.address))


def _throttle(world: World, key: str, *, free: int) -> None:
    wait = world.guesses.attempt(key, world.clock.now(), free=free)
    if wait:
        seconds = -(-wait // timedelta(seconds=1))
        raise SignInRefused(
            f"Too many attempts. Try again in {seconds} s.", wait=timedelta(seconds=seconds)
        )


async def _check_current(world: World, session: WebSession, current: Secret | None) -> None:
    key = f"password {session.account_id} {session.user_name.lower()}"
    _throttle(world, key, free=FREE_PER_USER)
    profile = await world.store.read(
        session.account_id, lambda tx: tx.logins.profile(session.user_name)
    )
    kept = profile.password_hash if profile is not None else None
    if current is None or not await is_password(world, kept, current):
        raise SignInRefused("The current password is wrong.")
    world.guesses.succeeded(key)


async def _account(world: World, given: str) -> str | None:
    """Find the account that is meant; with one account, none need be named."""
    accounts = await world.store.find(lambda directory: tuple(directory.accounts()))
    if not given:
        return accounts[0] if len(accounts) == 1 else None
    if given in accounts:
        return given
    for account_id in accounts:
        if await world.store.glance(account_id, lambda tx: tx.aliases.get()) == given:
            return account_id
    return None


def _known(tx: Transaction, user_name: str) -> _Known | None:
    user, profile = tx.identities.user(user_name), tx.logins.profile(user_name)
    if user is None or profile is None or profile.user_id != user.user_id:
        return None
    return _Known(
        user=user,
        profile=profile,
        policy=policy_of(tx),
        has_second_factor=has_second_factor(tx, user_name),
    )


async def _at(world: World, cookie: str, stage: Stage) -> WebSession:
    session = await read_visit(world, cookie)
    if session is None or session.stage is not stage:
        raise SignInRefused(OVER)
    return session


def _user(tx: Transaction, session: WebSession) -> User:
    user = tx.identities.user(session.user_name)
    if user is None or user.user_id != session.user_id:
        raise SignInRefused(OVER)
    return user


def _event(world: World, tx: Transaction, session: WebSession, event: SignInEvent) -> AuditEvent:
    return sign_in_event(world, _user(tx, session), event)


def _progress(stage: Stage, cookie: Secret | None) -> Progress:
    if cookie is None:
        raise SignInRefused(OVER)
    return Progress(next=stage, cookie=cookie)
