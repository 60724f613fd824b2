"""Grants to command lines: asked for by a program, given by a person in the browser.

The flow is RFC 8628's. The program keeps the device code and polls; the person reads the user
code on one screen and types it on another, sees who asks and from where, and consents. What the
program then holds is a refresh secret that is bound to the user and fetches keys of an hour; it
ends by time, by ``mooring logout``, with the user, and when an administrator resets the password.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from mooring.iam.identity import Role, User
from mooring.iam.principal import Principal
from mooring.iam.session_facts import SessionFacts, SessionKind
from mooring.iam.web_session import DeviceGrant, GrantStatus, LoginGrant, Method, WebSession
from mooring.operations.credentials import NewSession, TemporaryCredentials, issue, renewal
from mooring.operations.sign_in import SignInRefused, forgive_address, throttle_address
from mooring.operations.sign_in_events import SignInEvent, sign_in_event
from mooring.operations.tokens import token_hash
from mooring.operations.web_sessions import Visitor
from mooring.operations.world import World
from mooring.ports.tables import Transaction
from mooring.secret import Secret

__all__ = [
    "INTERVAL",
    "LIFETIME",
    "DeviceCodes",
    "GrantProblem",
    "GrantRefused",
    "Granted",
    "ask_for_grant",
    "decide_grant",
    "fetch_credentials",
    "pending_grant",
    "poll_grant",
    "revoke_grant",
    "shown_code",
]

LIFETIME = timedelta(minutes=10)
INTERVAL = timedelta(seconds=2)
GRANT_LIFETIME = timedelta(hours=12)
KEYS_LIFETIME = timedelta(hours=1)

_NOBODY = ""
_MOST_PENDING = 1000
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LENGTH = 8
_SECRET_BYTES = 32
_FREE_CODES = 10
_MAX_CLIENT = 64


class GrantProblem(StrEnum):
    """Why there is no grant, in RFC 8628's and RFC 6749's words."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DENIED = "access_denied"
    EXPIRED = "expired_token"
    INVALID = "invalid_grant"
    BUSY = "temporarily_unavailable"


class GrantRefused(Exception):
    """There is no grant, or not yet."""

    def __init__(self, problem: GrantProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCodes:
    """What a program that asks is told: one code to keep, one to show."""

    device_code: Secret
    user_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a program may keep, and whose it is."""

    refresh_token: Secret
    account_id: str
    user_name: str
    expires_in: timedelta


async def ask_for_grant(world: World, client: str, visitor: Visitor) -> DeviceCodes:
    """Begin.

    Raises:
        SignInRefused: too often from there.
        GrantRefused: BUSY, too many are pending.
    """
    throttle_address(world, visitor)
    now = world.clock.now()
    device_code = _text(world.entropy.bytes(_SECRET_BYTES))
    user_code = _new_user_code(world)
    grant = DeviceGrant(
        device_hash=token_hash(device_code),
        user_hash=token_hash(user_code),
        client=client[:_MAX_CLIENT],
        address=visitor.address,
        user_agent=visitor.user_agent,
        created_at=now,
        expires_at=now + LIFETIME,
    )

    def work(tx: Transaction) -> None:
        tx.device_grants.purge(now)
        if tx.device_grants.count() >= _MOST_PENDING:
            raise GrantRefused(GrantProblem.BUSY)
        tx.device_grants.put(grant)

    await world.store.write(_NOBODY, work)
    return DeviceCodes(device_code=Secret(device_code), user_code=shown_code(user_code))


async def pending_grant(world: World, user_code: str, session: WebSession) -> DeviceGrant | None:
    """Return what asks under a user code, to somebody who is signed in; None for no such code.

    A grant is a user's: to who is signed in as a role there is no code.

    Raises:
        SignInRefused: guessed too often.
    """
    key = f"user-code {session.account_id} {session.user_id}"
    now = world.clock.now()
    wait = world.guesses.attempt(key, now, free=_FREE_CODES)
    if wait:
        raise SignInRefused("Too many attempts. Try again later.", wait=wait)
    hashed = token_hash(_plain(user_code))
    grant = await world.store.read(_NOBODY, lambda tx: tx.device_grants.of_user_code(hashed))
    if grant is None or grant.expires_at <= now or grant.status is not GrantStatus.PENDING:
        return None
    # Not forgotten: a code of one's own between the guesses must not make them free.
    world.guesses.forgive(key)
    return grant


async def decide_grant(
    world: World, grant: DeviceGrant, session: WebSession, visitor: Visitor, *, approve: bool
) -> bool:
    """Say yes or no, once; False when the request or the session is not there any more.

    A yes is kept with the person's own sessions until the program takes it up, so that what ends
    those ends it.
    """
    status = GrantStatus.APPROVED if approve else GrantStatus.DENIED

    def decide(tx: Transaction) -> bool:
        current = tx.device_grants.get(grant.device_hash)
        if current is None or current.status is not GrantStatus.PENDING:
            return False
        tx.device_grants.put(
            replace(
                current,
                status=status,
                account_id=session.account_id,
                user_name=session.user_name,
                user_id=session.user_id,
                mfa_at=session.mfa_at,
                access_key_id=session.access_key_id,
                session_token=session.session_token,
            )
        )
        return True

    def note(tx: Transaction) -> bool:
        kept = tx.web_sessions.grant(_grant_id(grant))
        is_others = kept is not None and (kept.secret_hash or kept.user_id != session.user_id)
        if is_others or tx.web_sessions.get(session.token_hash) is None:
            return False
        if approve:
            tx.web_sessions.put_grant(_promise(world, grant, session))
        user = _known(world, tx, session)
        event = SignInEvent(
            visitor,
            session.method,
            name="ApproveLogin" if approve else "DenyLogin",
            used_mfa=session.mfa_at is not None,
        )
        tx.audit.append(sign_in_event(world, user, event, account_id=session.account_id))
        return True

    # The event first: what was approved is never without one.
    is_noted = await world.store.write(session.account_id, note)
    return is_noted and await world.store.write(_NOBODY, decide)


def _grant_id(request: DeviceGrant) -> str:
    """Name the grant that a request leads to."""
    return str(UUID(hex=request.device_hash[:32]))


def _promise(world: World, request: DeviceGrant, session: WebSession) -> LoginGrant:
    """Return the grant that a program may take up; no secret opens it yet."""
    return LoginGrant(
        account_id=session.account_id,
        grant_id=_grant_id(request),
        secret_hash="",
        user_name=session.user_name,
        user_id=session.user_id,
        client=request.client,
        address=request.address,
        mfa_at=session.mfa_at,
        created_at=world.clock.now(),
        expires_at=request.expires_at,
        access_key_id=session.access_key_id,
        session_token=session.session_token,
    )


async def poll_grant(world: World, device_code: str, visitor: Visitor) -> Granted:
    """Ask whether the person has consented; a grant is handed out once.

    Raises:
        GrantRefused: with the reason.
    """
    hashed, now = token_hash(device_code), world.clock.now()

    def work(tx: Transaction) -> DeviceGrant | GrantProblem:
        grant = tx.device_grants.get(hashed)
        if grant is None:
            return GrantProblem.INVALID
        if grant.expires_at <= now:
            return GrantProblem.EXPIRED
        if grant.status is GrantStatus.PENDING:
            is_early = grant.polled_at is not None and now < grant.polled_at + INTERVAL / 2
            tx.device_grants.put(replace(grant, polled_at=now))
            return GrantProblem.SLOW_DOWN if is_early else GrantProblem.PENDING
        tx.device_grants.delete(hashed)
        return grant if grant.status is GrantStatus.APPROVED else GrantProblem.DENIED

    outcome = await world.store.write(_NOBODY, work)
    if isinstance(outcome, GrantProblem):
        raise GrantRefused(outcome)
    return await _hand_out(world, outcome, visitor)


async def _hand_out(world: World, request: DeviceGrant, visitor: Visitor) -> Granted:
    now = world.clock.now()
    secret, grant_id = _text(world.entropy.bytes(_SECRET_BYTES)), _grant_id(request)

    def work(tx: Transaction) -> timedelta:
        promised = tx.web_sessions.grant(grant_id)
        if promised is None or promised.user_id != request.user_id:
            raise GrantRefused(GrantProblem.INVALID)
        user, new = _grantee(world, tx, promised)
        lifetime = min(GRANT_LIFETIME, new.lifetime)
        taken_up = replace(
            promised,
            secret_hash=token_hash(secret),
            address=visitor.address,
            created_at=now,
            expires_at=now + lifetime,
        )
        tx.web_sessions.put_grant(taken_up)
        event = SignInEvent(
            visitor, Method.GRANT, name="CreateLoginGrant", used_mfa=promised.mfa_at is not None
        )
        tx.audit.append(sign_in_event(world, user, event))
        return lifetime

    lifetime = await world.store.write(request.account_id, work)
    forgive_address(world, visitor)
    return Granted(
        refresh_token=Secret(f"{request.account_id}.{grant_id}.{secret}"),
        account_id=request.account_id,
        user_name=request.user_name or request.user_id.partition(":")[2],
        expires_in=lifetime,
    )


async def fetch_credentials(
    world: World, refresh_token: str, visitor: Visitor
) -> TemporaryCredentials:
    """Make keys of at most an hour for a grant; they end with it.

    Raises:
        GrantRefused: INVALID or EXPIRED.
    """
    account_id, grant_id, secret = _parts(refresh_token)
    now = world.clock.now()

    def work(tx: Transaction) -> NewSession:
        grant = _of_secret(tx, grant_id, secret)
        if grant.expires_at <= now:
            tx.web_sessions.delete_grant(grant_id)
            raise GrantRefused(GrantProblem.EXPIRED)
        user, new = _grantee(world, tx, grant)
        tx.web_sessions.put_grant(replace(grant, used_at=now, address=visitor.address))
        event = SignInEvent(
            visitor, Method.GRANT, name="GetLoginCredentials", used_mfa=grant.mfa_at is not None
        )
        tx.audit.append(sign_in_event(world, user, event))
        lifetime = min(KEYS_LIFETIME, grant.expires_at - now, new.lifetime)
        return replace(new, lifetime=lifetime, grant_id=grant_id)

    return issue(world, await world.store.write(account_id, work))


async def revoke_grant(world: World, refresh_token: str, visitor: Visitor) -> bool:
    """Forget a grant; the keys that were fetched with it stop working at once."""
    try:
        account_id, grant_id, secret = _parts(refresh_token)
    except GrantRefused:
        return False

    def work(tx: Transaction) -> bool:
        grant = _of_secret(tx, grant_id, secret)
        tx.web_sessions.delete_grant(grant_id)
        user = _known(world, tx, grant)
        event = SignInEvent(visitor, Method.GRANT, name="RevokeLoginGrant")
        tx.audit.append(sign_in_event(world, user, event, account_id=account_id))
        return True

    try:
        return await world.store.write(account_id, work)
    except GrantRefused:
        return False


def shown_code(user_code: str) -> str:
    """Write a user code in two halves."""
    plain = _plain(user_code)
    return f"{plain[:4]}-{plain[4:]}"


def _plain(user_code: str) -> str:
    return "".join(character for character in user_code.upper() if character in _LETTERS)


def _new_user_code(world: World) -> str:
    """Take letters evenly: bytes that would favour the first ones are thrown away."""
    letters = ""
    limit = 256 - 256 % len(_LETTERS)
    while len(letters) < _CODE_LENGTH:
        letters += "".join(
            _LETTERS[byte % len(_LETTERS)] for byte in world.entropy.bytes(16) if byte < limit
        )
    return letters[:_CODE_LENGTH]


def _parts(refresh_token: str) -> tuple[str, str, str]:
    parts = refresh_token.split(".")
    if len(parts) != 3 or not parts[0].isdecimal():  # account, grant, secret
        raise GrantRefused(GrantProblem.INVALID)
    return parts[0], parts[1], parts[2]


def _of_secret(tx: Transaction, grant_id: str, secret: str) -> LoginGrant:
    grant = tx.web_sessions.grant(grant_id)
    kept = grant.secret_hash if grant is not None else ""
    if grant is None or not hmac.compare_digest(kept, token_hash(secret)):
        raise GrantRefused(GrantProblem.INVALID)
    return grant


def _known(world: World, tx: Transaction, one: WebSession | LoginGrant) -> User | Principal | None:
    """Return whose a session or a grant is, as far as they are there still."""
    if not one.session_token:
        return tx.identities.user(one.user_name)
    new = renewal(world, tx, one.session_token)
    return None if new is None else _session_of(new)


def _session_of(new: NewSession) -> Principal:
    assert isinstance(new.of, Role)  # noqa: S101 - a renewal is a role's
    return Principal.role_session(new.of.arn, new.bearer, role_id=new.of.role_id)


def _grantee(
    world: World, tx: Transaction, grant: LoginGrant
) -> tuple[User | Principal, NewSession]:
    """Return for whom a grant acts, and the session that its keys are of."""
    if grant.session_token:
        new = renewal(world, tx, grant.session_token)
        if new is None:
            raise GrantRefused(GrantProblem.INVALID)
        return _session_of(new), new
    user = tx.identities.user(grant.user_name)
    if user is None or user.user_id != grant.user_id:
        raise GrantRefused(GrantProblem.INVALID)
    facts = SessionFacts(kind=SessionKind.LOGIN, mfa_at=grant.mfa_at)
    return user, NewSession(of=user, facts=facts, lifetime=GRANT_LIFETIME)


def _text(random: bytes) -> str:
    return base64.urlsafe_b64encode(random).decode().rstrip("=")
