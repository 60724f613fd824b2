"""A person adds a virtual device to themselves: seed shown, two codes typed, device there.

Until the codes are right nothing is stored: the seed travels, sealed for this user and for a
quarter of an hour, in the page. Adding a second factor needs no policy but a fresh sign-in.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from mooring.iam.login import MfaDevice
from mooring.iam.totp import SEED_BYTES, base32_seed, provisioning_uri
from mooring.iam.web_session import Stage, WebSession
from mooring.operations.mfa import enrolled, has_second_factor, seal_seed
from mooring.operations.problems import OperationRefused
from mooring.operations.sign_in import Progress, SignInRefused
from mooring.operations.sign_in_events import SignInEvent, sign_in_event
from mooring.operations.web_sessions import Visitor, is_recent, move_on, read_visit
from mooring.operations.world import World
from mooring.ports.tables import Transaction
from mooring.secret import Secret

__all__ = ["Enrolment", "begin_enrolment", "finish_enrolment"]

DEVICES_PER_USER = 8
_LIFETIME = timedelta(minutes=15)
_AGAIN = "Prove yourself again first."


class _State(msgspec.Struct, frozen=True):
    seed: bytes
    serial: str
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What the person is shown, and what the page keeps."""

    seed: Secret
    uri: str
    state: Secret


async def begin_enrolment(world: World, cookie: str) -> Enrolment:
    """Make a seed for somebody who has just proved themselves.

    Raises:
        SignInRefused: not now.
    """
    session = await _session(world, cookie)
    serials = await world.store.read(
        session.account_id,
        lambda tx: {name for name in _serials(session) if tx.second_factors.device(name) is None},
    )
    seed = world.entropy.bytes(SEED_BYTES)
    state = _State(
        seed=seed,
        serial=min(serials, key=len, default=""),
        expires=int((world.clock.now() + _LIFETIME).timestamp()),
    )
    sealed = world.keys.seal(msgspec.json.encode(state), context=_context(session))
    account = f"{session.user_name}@{session.account_id}"
    return Enrolment(
        seed=Secret(base32_seed(seed)),
        uri=provisioning_uri(seed, account=account, issuer="Mooring"),
        state=Secret(base64.urlsafe_b64encode(sealed).decode()),
    )


def _serials(session: WebSession) -> list[str]:
    first = f"arn:aws:iam::{session.account_id}:mfa/{session.user_name}"
    return [first, *(f"{first}-{number:02}" for number in range(2, 99))]


async def finish_enrolment(
    world: World, cookie: str, state: str, codes: tuple[str, str], visitor: Visitor
) -> Progress:
    """Give the device to the person who shows two of its codes in a row.

    Raises:
        SignInRefused: not now, the page is too old, or the codes are wrong.
    """
    session = await _session(world, cookie)
    known = _opened(world, session, state)
    now = world.clock.now()

    def work(tx: Transaction) -> Secret:
        user = tx.identities.user(session.user_name)
        if session.stage is Stage.ENROLL and has_second_factor(tx, session.user_name):
            raise SignInRefused("A second factor was added meanwhile, sign in with it.")
        second = tx.second_factors
        count = len(second.devices_of(session.user_name))
        if user is None or second.device(known.serial) is not None or count >= DEVICES_PER_USER:
            raise SignInRefused("There are as many devices as there may be.")
        device = MfaDevice(
            account_id=session.account_id,
            serial=known.serial,
            sealed_seed=seal_seed(world, known.serial, known.seed),
            created_at=now,
            user_name=user.name,
            user_id=user.user_id,
            enabled_at=now,
        )
        try:
            second.put_device(enrolled(world, device, codes))
        except OperationRefused as exc:
            raise SignInRefused("The codes are not two in a row of this device.") from exc
        event = SignInEvent(visitor, session.method, name="AddMfaDevice", used_mfa=True)
        tx.audit.append(sign_in_event(world, user, event))
        if session.stage is Stage.ENROLL:
            entered = SignInEvent(visitor, session.method, used_mfa=True)
            tx.audit.append(sign_in_event(world, user, entered))
        moved = move_on(world, tx, session, stage=Stage.DONE, mfa_at=now)
        if moved is None:  # ended in the meantime, as by a new password: nothing is added
            raise SignInRefused(_AGAIN)
        return moved

    cookie_now = await world.store.write(session.account_id, work)
    return Progress(next=Stage.DONE, cookie=cookie_now)


async def _session(world: World, cookie: str) -> WebSession:
    session = await read_visit(world, cookie)
    if session is None or session.stage not in (Stage.DONE, Stage.ENROLL):
        raise SignInRefused(_AGAIN)
    if not is_recent(world, session):
        raise SignInRefused(_AGAIN)
    return session


def _opened(world: World, session: WebSession, state: str) -> _State:
    try:
        sealed = base64.urlsafe_b64decode(state.encode())
        known = msgspec.json.decode(world.keys.open(sealed, context=_context(session)), type=_State)
    except (ValueError, msgspec.DecodeError) as exc:
        raise SignInRefused(_AGAIN) from exc
    if datetime.fromtimestamp(known.expires, UTC) <= world.clock.now() or not known.serial:
        raise SignInRefused(_AGAIN)
    return known


def _context(session: WebSession) -> dict[str, str]:
    return {"kind": "mfa-enrolment", "account": session.account_id, "user": session.user_id}
