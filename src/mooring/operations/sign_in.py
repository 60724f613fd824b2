"""Sign-in by the single-use link, and what a person's console session says.

The session is sealed into its cookie; it is good while the user exists and is the same one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from mooring.iam.principal import Principal
from mooring.operations.tokens import token_hash
from mooring.operations.world import World
from mooring.ports.records import AuditEvent
from mooring.ports.tables import Transaction
from mooring.secret import Secret

__all__ = ["ConsoleSession", "SignInRefused", "read_session", "sign_in"]

_CONTEXT = {"kind": "console-session"}
_LIFETIME = timedelta(hours=12)


class SignInRefused(Exception):
    """The link does not let anybody in; the page says no more than that."""


class _Cookie(msgspec.Struct, frozen=True):
    account_id: str
    user_name: str
    user_id: str
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSession:
    """A person who is signed in."""

    principal: Principal
    expires_at: datetime


async def sign_in(world: World, token: str, *, address: str, user_agent: str) -> Secret:
    """Use up a sign-in link and return the text of the session's cookie.

    Raises:
        SignInRefused: unknown, used, expired, or its user is gone.
    """
    hashed = token_hash(token)
    account_id = await world.store.find(lambda directory: directory.account_of_ticket(hashed))
    if account_id is None:
        raise SignInRefused
    now = world.clock.now()
    event_id = str(world.entropy.uuid())

    def work(tx: Transaction) -> _Cookie | None:
        ticket = tx.tickets.take(hashed)
        if ticket is None or ticket.kind != "sign-in" or ticket.expires_at <= now:
            return None
        user = tx.identities.user(ticket.subject)
        if user is None:
            return None
        tx.audit.append(
            AuditEvent(
                event_id=event_id,
                time=now,
                source="signin.amazonaws.com",
                name="ConsoleLogin",
                region=world.site.region,
                principal_arn=user.arn,
                principal_id=user.user_id,
                access_key_id="",
                source_address=address,
                user_agent=user_agent,
                read_only=False,
            )
        )
        return _Cookie(
            account_id=account_id,
            user_name=user.name,
            user_id=user.user_id,
            expires=int((now + _LIFETIME).timestamp()),
        )

    cookie = await world.store.write(account_id, work)
    if cookie is None:
        raise SignInRefused
    sealed = world.keys.seal(msgspec.json.encode(cookie), context=_CONTEXT)
    return Secret(base64.urlsafe_b64encode(sealed).decode())


async def read_session(world: World, cookie: str) -> ConsoleSession | None:
    """Return who is signed in, or None."""
    try:
        sealed = base64.urlsafe_b64decode(cookie.encode())
        kept = msgspec.json.decode(world.keys.open(sealed, context=_CONTEXT), type=_Cookie)
    except (ValueError, msgspec.DecodeError):
        return None
    expires_at = datetime.fromtimestamp(kept.expires, tz=UTC)
    if world.clock.now() >= expires_at:
        return None
    user = await world.store.read(kept.account_id, lambda tx: tx.identities.user(kept.user_name))
    if user is None or user.user_id != kept.user_id:
        return None
    principal = Principal.user(
        user.account_id, user.name, user_id=user.user_id, path=user.path, tags=user.tags
    )
    return ConsoleSession(principal=principal, expires_at=expires_at)
