"""What a session was allowed by: kept at its start, read when it is asked about again.

The facts of the call are kept as they were (address, TLS, user agent, when a second factor was
shown). Its principal is not taken from them but found again by the credentials that signed the
call, in the way every request's is; so a key that is deactivated, a user or role that is deleted
and a role whose sessions were revoked are seen, and tags are those of now. That temporary
credentials have run out in the meantime ends no session, as at AWS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from mooring.iam.identity import KeyStatus
from mooring.iam.principal import Principal, PrincipalType
from mooring.operations.caller import Caller
from mooring.operations.credentials import caller_of, resolve
from mooring.operations.problems import OperationRefused
from mooring.operations.world import World
from mooring.ports.revocation import SessionGrant
from mooring.ports.tables import Transaction
from mooring.secret import Secret

__all__ = ["Gone", "StartFacts", "caller_now", "new_grant", "read_grant"]


class Gone(Exception):
    """Whoever started the session is nobody any more; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFacts:
    """Who asked for a session, and for which document by name; its parameters are in its plan."""

    caller: Caller
    document_name: str


def new_grant(session_id: str, facts: StartFacts) -> SessionGrant:
    """Return what is kept of a call that starts a session."""
    return SessionGrant(
        session_id=session_id,
        facts=msgspec.json.encode(facts, enc_hook=_hide).decode(),
        session_token=facts.caller.session_token.reveal(),
    )


def read_grant(grant: SessionGrant) -> StartFacts:
    """Undo ``new_grant``."""
    facts = msgspec.json.decode(grant.facts, type=StartFacts, dec_hook=_hidden)
    caller = replace(facts.caller, session_token=Secret(grant.session_token))
    return replace(facts, caller=caller)


def _hide(value: object) -> str:
    """Leave secrets out of the facts."""
    if not isinstance(value, Secret):
        raise TypeError(f"`{type(value).__name__}` cannot be kept")
    return ""


def _hidden(kind: type, value: Any) -> Secret:  # noqa: ANN401 - msgspec's door
    if kind is not Secret:
        raise TypeError(f"`{kind.__name__}` cannot be read")
    return Secret(value)


async def caller_now(world: World, then: Caller) -> Caller:
    """Return the caller of a start as the account knows them now.

    Raises:
        Gone: their key, user or role is not there or not good any more.
    """
    store, account_id = world.store, then.account_id
    if not then.access_key_id or then.access_key_id == then.node_id:
        return await store.glance(account_id, lambda tx: _known(tx, then))
    token = then.session_token.reveal()
    try:
        key = await resolve(world, then.access_key_id, token)
    except OperationRefused as exc:
        why = await store.glance(account_id, lambda tx: _why_gone(tx, then))
        raise Gone(why) from exc
    if key.principal.user_id != then.principal.user_id:
        raise Gone(f"{then.principal.arn} was deleted")
    return caller_of(key, then.access_key_id, token, region=then.region, origin=then.origin)


def _known(tx: Transaction, then: Caller) -> Caller:
    """Find a caller again who signed with no key of an account, such as a browser's session."""
    principal = then.principal
    if principal.type is PrincipalType.USER and principal.user_name is not None:
        user = tx.identities.user(principal.user_name)
        if user is None or user.user_id != principal.user_id:
            raise Gone(f"{principal.arn} was deleted")
        now = Principal.user(
            user.account_id, user.name, user_id=user.user_id, path=user.path, tags=user.tags
        )
        return replace(then, principal=now)
    why = _role_gone(tx, then)
    if why:
        raise Gone(why)
    return then


def _why_gone(tx: Transaction, then: Caller) -> str:
    """Say what became of credentials that are not good any more."""
    if not then.session_token.reveal():
        key = tx.identities.access_key(then.access_key_id)
        if key is None:
            return f"access key {then.access_key_id} was deleted"
        if key.status is not KeyStatus.ACTIVE:
            return f"access key {then.access_key_id} was deactivated"
    return _role_gone(tx, then) or f"the credentials of {then.principal.arn} are not valid any more"


def _role_gone(tx: Transaction, then: Caller) -> str:
    if then.principal.type is not PrincipalType.ASSUMED_ROLE:
        return ""
    arn = then.principal.principal_arn
    role = tx.identities.role(arn.rpartition("/")[2])
    if role is None or role.role_id != then.principal.user_id.partition(":")[0]:
        return f"{arn} was deleted"
    revoked = role.revoked_before
    if revoked is not None and then.issued_at is not None and then.issued_at < revoked:
        return f"the sessions of {arn} were revoked"
    return ""
