"""Passkeys: added by who has just proved themselves, good for signing in without a name.

The relying party's id is a name from the settings, chosen by where the browser is and never taken
from it. Every challenge is good once and for five minutes. A passkey counts as a second factor by
itself, because the authenticator must have verified the person.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from mooring.iam.identity import User
from mooring.iam.login import Passkey
from mooring.iam.web_session import Method, Stage, WebSession
from mooring.operations.sign_in import (
    Progress,
    SignInRefused,
    advance,
    forgive_address,
    throttle_address,
)
from mooring.operations.sign_in_events import SignInEvent, sign_in_event
from mooring.operations.tokens import new_ticket, token_hash
from mooring.operations.web_sessions import Visitor, is_recent, move_on, open_session, read_visit
from mooring.operations.world import Site, World
from mooring.ports.passkeys import Ceremony, PasskeyRefused
from mooring.ports.tables import Transaction

__all__ = [
    "RelyingParty",
    "add_passkey",
    "give_passkey",
    "relying_party",
    "remove_passkey",
    "request_options",
    "sign_in_with_passkey",
]

PASSKEYS_PER_USER = 8
_NOBODY = ""
_CHALLENGE_LIFETIME = timedelta(minutes=5)
_ALGORITHMS = (-7, -8, -257)  # ES256, EdDSA, RS256
_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_REFUSED = "This passkey does not let you in."


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """Who asks an authenticator: a name from the settings, and the page's origin."""

    rp_id: str
    origin: str


class _Answer(msgspec.Struct):
    """The part of a credential that says which key and which challenge it is of."""

    id: str
    response: Mapping[str, str | list[str] | None]


def relying_party(site: Site, origin: str) -> RelyingParty | None:
    """Return who asks on a page of ours; None where there can be no passkeys, as by IP address."""
    name = re.sub(r":\d+$", "", origin.partition("://")[2]).lower()
    domain = site.domain.lower()
    if name == domain or name.endswith(f".{domain}"):
        return RelyingParty(rp_id=domain, origin=origin)
    if name == "localhost" and name in site.hosts:
        return RelyingParty(rp_id=name, origin=origin)
    return None


async def request_options(
    world: World, party: RelyingParty, visitor: Visitor, *, cookie: str, purpose: str
) -> Mapping[str, object]:
    """Return what the browser's API wants; ``purpose`` is sign-in, mfa or register.

    Raises:
        SignInRefused: too often, or the purpose needs a session that is not there.
    """
    throttle_address(world, visitor)
    session = await read_visit(world, cookie)
    token, ticket = new_ticket(
        world,
        kind=f"passkey-{purpose}",
        subject=session.token_hash if session is not None and purpose != "sign-in" else "",
        bearer=party.rp_id,
        lifetime=_CHALLENGE_LIFETIME,
    )

    def keep(tx: Transaction) -> None:
        tx.tickets.purge(world.clock.now())
        tx.tickets.put(ticket)

    if purpose == "sign-in":
        options = _request(party, token, ())
    elif session is None or (purpose == "register") is not (session.stage is Stage.DONE):
        raise SignInRefused("Sign in first.")
    elif purpose == "register":
        options = await _creation(world, party, token, session)
    else:
        known = await world.store.read(
            session.account_id, lambda tx: tx.second_factors.passkeys_of(session.user_name)
        )
        options = _request(party, token, tuple(one.credential_id for one in known))
    await world.store.write(_NOBODY, keep)
    return options


def _request(party: RelyingParty, challenge: str, ids: tuple[str, ...]) -> Mapping[str, object]:
    return {
        "challenge": challenge,
        "rpId": party.rp_id,
        "timeout": 300_000,
        "userVerification": "required",
        "allowCredentials": [{"type": "public-key", "id": one} for one in ids],
    }


async def _creation(
    world: World, party: RelyingParty, challenge: str, session: WebSession
) -> Mapping[str, object]:
    if not is_recent(world, session):
        raise SignInRefused("Prove yourself again first.")
    known = await world.store.read(
        session.account_id, lambda tx: tx.second_factors.passkeys_of(session.user_name)
    )
    return {
        "challenge": challenge,
        "rp": {"id": party.rp_id, "name": "Mooring"},
        "user": {
            "id": _handle(session.account_id, session.user_id),
            "name": f"{session.user_name}@{session.account_id}",
            "displayName": session.user_name,
        },
        "timeout": 300_000,
        "attestation": "none",
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in _ALGORITHMS],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "excludeCredentials": [{"type": "public-key", "id": one.credential_id} for one in known],
    }


async def add_passkey(  # noqa: PLR0913  # each is part of the answer or of where it came from
    world: World, party: RelyingParty, cookie: str, credential: str, *, name: str, visitor: Visitor
) -> Passkey:
    """Keep a new passkey of somebody who has just proved themselves.

    Raises:
        SignInRefused: not now, not asked for, or not a good answer.
    """
    session = await read_visit(world, cookie)
    if session is None or session.stage is not Stage.DONE or not is_recent(world, session):
        raise SignInRefused("Prove yourself again first.")
    asked = await _take(world, party, credential, purpose="register", session=session)
    if not _NAME.fullmatch(name):
        raise SignInRefused("A passkey's name has 1 to 64 letters, digits and +=,.@_- characters.")
    try:
        new = world.passkeys.verify_registration(credential, asked)
    except PasskeyRefused as exc:
        raise SignInRefused("The passkey was not accepted.") from exc
    passkey = Passkey(
        account_id=session.account_id,
        credential_id=new.credential_id,
        user_name=session.user_name,
        user_id=session.user_id,
        name=name,
        rp_id=party.rp_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        created_at=world.clock.now(),
    )

    def work(tx: Transaction) -> None:
        _check_still_there(tx, session)
        user = _user(tx, session.user_name, session.user_id)
        second = tx.second_factors
        count = len(second.devices_of(user.name)) + len(second.passkeys_of(user.name))
        if count >= PASSKEYS_PER_USER or second.passkey(new.credential_id) is not None:
            raise SignInRefused("There are as many as there may be, or this one is known.")
        second.put_passkey(passkey)
        event = SignInEvent(visitor, session.method, name="AddPasskey")
        tx.audit.append(sign_in_event(world, user, event))

    await world.store.write(session.account_id, work)
    forgive_address(world, visitor)
    return passkey


async def remove_passkey(world: World, cookie: str, credential_id: str, visitor: Visitor) -> None:
    """Forget one of one's own passkeys.

    Raises:
        SignInRefused: not now.
    """
    session = await read_visit(world, cookie)
    if session is None or session.stage is not Stage.DONE or not is_recent(world, session):
        raise SignInRefused("Prove yourself again first.")

    def work(tx: Transaction) -> None:
        _check_still_there(tx, session)
        known = tx.second_factors.passkey(credential_id)
        if known is not None and known.user_id == session.user_id:
            tx.second_factors.delete_passkey(credential_id)
            user = _user(tx, session.user_name, session.user_id)
            event = SignInEvent(visitor, session.method, name="RemovePasskey")
            tx.audit.append(sign_in_event(world, user, event))

    await world.store.write(session.account_id, work)


async def sign_in_with_passkey(
    world: World, party: RelyingParty, credential: str, visitor: Visitor
) -> Progress:
    """Sign in by a passkey alone: it says who it is of.

    Raises:
        SignInRefused: it does not prove it.
    """
    throttle_address(world, visitor)
    asked = await _take(world, party, credential, purpose="sign-in", session=None)
    answer = _answer(credential)
    account_id, user_id = _owner(answer)

    def find(tx: Transaction) -> Passkey | None:
        return tx.second_factors.passkey(answer.id)

    passkey = await world.store.read(account_id, find)
    if passkey is None or passkey.user_id != user_id:
        raise SignInRefused(_REFUSED)
    count = _proven(world, passkey, credential, asked)
    now = world.clock.now()

    def work(tx: Transaction) -> Progress:
        user = _user(tx, passkey.user_name, passkey.user_id)
        _note_use(world, tx, passkey, count)
        tx.audit.append(
            sign_in_event(world, user, SignInEvent(visitor, Method.PASSKEY, used_mfa=True))
        )
        cookie = open_session(
            world, tx, user, visitor, method=Method.PASSKEY, stage=Stage.DONE, mfa_at=now
        )
        return Progress(next=Stage.DONE, cookie=cookie)

    progress = await world.store.write(account_id, work)
    _forgive_both(world, visitor)
    return progress


async def give_passkey(
    world: World, party: RelyingParty, cookie: str, credential: str, visitor: Visitor
) -> Progress:
    """Go on with a passkey as the second factor, or prove oneself again with it.

    Raises:
        SignInRefused: it does not prove it, or there is nothing to go on with.
    """
    session = await read_visit(world, cookie)
    if session is None or session.stage not in (Stage.MFA, Stage.DONE):
        raise SignInRefused("The sign-in took too long, begin again.")
    throttle_address(world, visitor)
    purpose = "mfa" if session.stage is Stage.MFA else "sign-in"
    asked = await _take(
        world, party, credential, purpose=purpose, session=session if purpose == "mfa" else None
    )
    answer = _answer(credential)
    passkey = await world.store.read(
        session.account_id, lambda tx: tx.second_factors.passkey(answer.id)
    )
    if passkey is None or passkey.user_id != session.user_id:
        raise SignInRefused(_REFUSED)
    count, now = _proven(world, passkey, credential, asked), world.clock.now()
    await world.store.write(session.account_id, lambda tx: _note_use(world, tx, passkey, count))
    _forgive_both(world, visitor)
    if session.stage is Stage.MFA:
        return await advance(world, session, visitor, mfa_at=now)
    moved = await world.store.write(
        session.account_id,
        lambda tx: move_on(world, tx, session, stage=Stage.DONE, mfa_at=now),
    )
    if moved is None:
        raise SignInRefused(_REFUSED)
    return Progress(next=Stage.DONE, cookie=moved)


def _forgive_both(world: World, visitor: Visitor) -> None:
    """Take back the attempt, and the question for the challenge before it."""
    for _ in range(2):
        forgive_address(world, visitor)


def _proven(world: World, passkey: Passkey, credential: str, asked: Ceremony) -> int:
    if passkey.rp_id != asked.rp_id:
        raise SignInRefused(_REFUSED)
    try:
        return world.passkeys.verify_assertion(
            credential, asked, public_key=passkey.public_key, sign_count=passkey.sign_count
        )
    except PasskeyRefused as exc:
        raise SignInRefused(_REFUSED) from exc


def _note_use(world: World, tx: Transaction, passkey: Passkey, count: int) -> None:
    """Keep the counter; a use that was overtaken by one of a higher count is refused."""
    known = tx.second_factors.passkey(passkey.credential_id)
    if known is None or (count and known.sign_count >= count):
        raise SignInRefused(_REFUSED)
    tx.second_factors.put_passkey(replace(known, sign_count=count, used_at=world.clock.now()))


async def _take(
    world: World,
    party: RelyingParty,
    credential: str,
    *,
    purpose: str,
    session: WebSession | None,
) -> Ceremony:
    """Use up the challenge that an answer is to; it must be one of ours, for this very purpose."""
    challenge = _challenge_of(_answer(credential))
    hashed = token_hash(challenge)
    ticket = await world.store.write(_NOBODY, lambda tx: tx.tickets.take(hashed))
    subject = session.token_hash if session is not None else ""
    if (
        ticket is None
        or ticket.expires_at <= world.clock.now()
        or (ticket.kind, ticket.subject) != (f"passkey-{purpose}", subject)
        or ticket.bearer != party.rp_id
    ):
        raise SignInRefused(_REFUSED)
    return Ceremony(challenge=_unspelled(challenge), rp_id=party.rp_id, origin=party.origin)


def _answer(credential: str) -> _Answer:
    try:
        return msgspec.json.decode(credential, type=_Answer)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as exc:
        raise SignInRefused(_REFUSED) from exc


def _challenge_of(answer: _Answer) -> str:
    try:
        data = answer.response.get("clientDataJSON")
        client = msgspec.json.decode(_unspelled(str(data)), type=dict[str, object])
        return str(client.get("challenge", ""))
    except (ValueError, msgspec.DecodeError, RecursionError) as exc:
        raise SignInRefused(_REFUSED) from exc


def _handle(account_id: str, user_id: str) -> str:
    return base64.urlsafe_b64encode(f"{account_id}:{user_id}".encode()).decode().rstrip("=")


def _owner(answer: _Answer) -> tuple[str, str]:
    """Read whose passkey it is; the signature over it is checked with that user's key only."""
    try:
        text = _unspelled(str(answer.response.get("userHandle"))).decode("ascii")
    except ValueError as exc:
        raise SignInRefused(_REFUSED) from exc
    account_id, _, user_id = text.partition(":")
    if not re.fullmatch(r"[0-9]{12}", account_id):
        raise SignInRefused(_REFUSED)
    return account_id, user_id


def _unspelled(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_still_there(tx: Transaction, session: WebSession) -> None:
    """Refuse who was signed out since the session was read, as by a new password."""
    if tx.web_sessions.get(session.token_hash) is None:
        raise SignInRefused("Prove yourself again first.")


def _user(tx: Transaction, name: str, user_id: str) -> User:
    user = tx.identities.user(name)
    if user is None or user.user_id != user_id:
        raise SignInRefused(_REFUSED)
    return user
