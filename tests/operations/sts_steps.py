"""Steps that tests of temporary credentials share: calls signed with them, roles that trust."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.fakes.world import ORIGIN, REGION, FakeWorld

from mooring.iam.identity import User
from mooring.operations.call import Call
from mooring.operations.credentials import TemporaryCredentials, caller_of, resolve

__all__ = ["Signer", "call_with", "signer", "trusting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key as its holder has it."""

    access_key_id: str
    token: str = ""


async def signer(world: FakeWorld, user: User) -> Signer:
    """Make a long-term key."""
    key_id, _ = await world.access_key(user)
    return Signer(access_key_id=key_id)


async def call_with(world: FakeWorld, keys: Signer | TemporaryCredentials, action: str) -> Call:
    """Return a call that was signed with these keys."""
    token = keys.token if isinstance(keys, Signer) else keys.session_token.reveal()
    resolved = await resolve(world.world, keys.access_key_id, token)
    caller = caller_of(resolved, keys.access_key_id, token, region=REGION, origin=ORIGIN)
    return world.call_of(caller, action)


def trusting(
    who: str | dict[str, str], *actions: str, condition: dict[str, dict[str, str]] | None = None
) -> str:
    """Return a trust policy: of an AWS principal, or of another kind given as an object."""
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {"AWS": who} if isinstance(who, str) else who,
        "Action": list(actions) or "sts:AssumeRole",
    }
    if condition is not None:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
