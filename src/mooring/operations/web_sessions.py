"""Cookie sessions of browsers: opened, read, moved on under a new cookie, ended.

A cookie is the account and 256 random bits; the store has its hash. Rotating a session at each
step of the sign-in makes a cookie that was planted before worth nothing after it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mooring.iam.identity import User
from mooring.iam.principal import Principal
from mooring.iam.web_session import Method, Stage, WebSession
from mooring.operations.credentials import TemporaryCredentials, check_expiry, resolve
from mooring.operations.problems import OperationRefused
from mooring.operations.tokens import token_hash
from mooring.operations.world import World
from mooring.ports.tables import Transaction
from mooring.secret import Secret

__all__ = [
    "ConsoleSession",
    "Visitor",
    "csrf_token",
    "is_csrf_token",
    "is_recent",
    "move_on",
    "open_role_session",
    "open_session",
    "read_session",
    "read_visit",
    "sign_out",
]

UNFINISHED = timedelta(minutes=10)
RECENT = timedelta(minutes=10)

_TOUCH = timedelta(minutes=1)
_TOKEN_BYTES = 32
_COOKIE = re.compile(r"([0-9]{12})\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Where a browser is, as the listener saw it."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSession:
    """A person who is signed in."""

    principal: Principal
    expires_at: datetime
    session: WebSession


def open_session(  # noqa: PLR0913  # each is a fact of the sign-in
    world: World,
    tx: Transaction,
    user: User,
    visitor: Visitor,
    *,
    method: Method,
    stage: Stage,
    mfa_at: datetime | None = None,
) -> Secret:
    """Open a session within a transaction, and return its cookie."""
    now = world.clock.now()
    token = _new_token(world, user.account_id)
    tx.web_sessions.put(
        WebSession(
            account_id=user.account_id,
            token_hash=token_hash(token),
            stage=stage,
            method=method,
            user_name=user.name,
            user_id=user.user_id,
            created_at=now,
            authenticated_at=now,
            mfa_at=mfa_at,
            last_seen=now,
            expires_at=now + (world.site.console_lifetime if stage is Stage.DONE else UNFINISHED),
            address=visitor.address,
            user_agent=visitor.user_agent,
        )
    )
    return Secret(token)


def open_role_session(
    world: World,
    tx: Transaction,
    role_session: Principal,
    keys: TemporaryCredentials,
    visitor: Visitor,
) -> Secret:
    """Open the session of somebody whom a provider made a role; it ends with the role's."""
    now = world.clock.now()
    token = _new_token(world, role_session.account_id)
    tx.web_sessions.put(
        WebSession(
            account_id=role_session.account_id,
            token_hash=token_hash(token),
            stage=Stage.DONE,
            method=Method.OIDC,
            user_name="",
            user_id=role_session.user_id,
            created_at=now,
            authenticated_at=now,
            last_seen=now,
            expires_at=min(keys.expires_at, now + world.site.console_lifetime),
            address=visitor.address,
            user_agent=visitor.user_agent,
            access_key_id=keys.access_key_id,
            session_token=keys.session_token.reveal(),
        )
    )
    return Secret(token)


def move_on(  # noqa: PLR0913  # each says something else of the step
    world: World,
    tx: Transaction,
    session: WebSession,
    *,
    stage: Stage,
    mfa_at: datetime | None,
    alone: bool = False,
    is_proof: bool = True,
) -> Secret | None:
    """Move a session to a stage under a new cookie; None when it ended in the meantime.

    ``alone`` ends every other session and grant of the user; ``is_proof`` says that the step
    counts as having proved oneself.
    """
    if not tx.web_sessions.delete(session.token_hash):
        return None
    if alone:
        tx.web_sessions.delete_of(session.user_name)
    now = world.clock.now()
    token = _new_token(world, session.account_id)
    tx.web_sessions.put(
        replace(
            session,
            token_hash=token_hash(token),
            stage=stage,
            mfa_at=mfa_at or session.mfa_at,
            authenticated_at=now if is_proof else session.authenticated_at,
            last_seen=now,
            expires_at=(
                session.created_at + world.site.console_lifetime
                if stage is Stage.DONE
                else session.expires_at
            ),
        )
    )
    return Secret(token)


def _new_token(world: World, account_id: str) -> str:
    random = base64.urlsafe_b64encode(world.entropy.bytes(_TOKEN_BYTES)).decode().rstrip("=")
    return f"{account_id}.{random}"


async def read_visit(world: World, cookie: str) -> WebSession | None:
    """Return the session of a user's cookie, at whatever stage, or None."""
    found = await _read(world, cookie)
    return None if found is None or found[1] is None else found[0]


async def read_session(world: World, cookie: str) -> ConsoleSession | None:
    """Return who is signed in, or None."""
    found = await _read(world, cookie)
    if found is None or found[0].stage is not Stage.DONE:
        return None
    session, user = found
    principal = await _role(world, session)
    if user is not None:
        principal = Principal.user(
            user.account_id, user.name, user_id=user.user_id, path=user.path, tags=user.tags
        )
    if principal is None:
        return None
    return ConsoleSession(principal=principal, expires_at=session.expires_at, session=session)


async def _role(world: World, session: WebSession) -> Principal | None:
    """Return the role session that a cookie stands for, while it is good."""
    if not session.session_token:
        return None
    try:
        key = await resolve(world, session.access_key_id, session.session_token)
        check_expiry(key, world.clock.now())
    except OperationRefused:
        return None
    return key.principal


async def _read(world: World, cookie: str) -> tuple[WebSession, User | None] | None:
    """Find a live session and its user, who must be the same one still; a role's has none."""
    matched = _COOKIE.fullmatch(cookie)
    if matched is None:
        return None
    account_id, hashed = matched[1], token_hash(cookie)
    now = world.clock.now()

    def look(tx: Transaction) -> tuple[WebSession, User | None] | None:
        session = tx.web_sessions.get(hashed)
        if (
            session is None
            or now >= session.expires_at
            or now >= session.last_seen + world.site.console_idle
        ):
            return None
        if session.session_token:
            return session, None
        user = tx.identities.user(session.user_name)
        if user is None or user.user_id != session.user_id:
            return None
        return session, user

    found = await world.store.glance(account_id, look)
    if found is not None and now >= found[0].last_seen + _TOUCH:
        await world.store.write(account_id, lambda tx: _touch(tx, hashed, now))
    return found


def _touch(tx: Transaction, hashed: str, now: datetime) -> None:
    session = tx.web_sessions.get(hashed)
    if session is not None:
        tx.web_sessions.put(replace(session, last_seen=now))


async def sign_out(world: World, cookie: str) -> None:
    """End a session; one that is none already stays so."""
    found = await _read(world, cookie)
    if found is not None:
        session, hashed = found[0], found[0].token_hash
        await world.store.write(session.account_id, lambda tx: tx.web_sessions.delete(hashed))


def is_recent(world: World, session: WebSession) -> bool:
    """Say whether the person proved themselves so lately that it need not be asked again."""
    return world.clock.now() < session.authenticated_at + RECENT


def csrf_token(cookie: str) -> str:
    """Return the text that a page of this session must send back; it does not give the cookie."""
    return hashlib.sha256(b"mooring csrf\0" + cookie.encode()).hexdigest()


def is_csrf_token(cookie: str, given: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(csrf_token(cookie).encode(), given.encode(errors="replace"))
