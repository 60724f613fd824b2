"""Events of people's sign-in, as CloudTrail tells of ConsoleLogin; no secret is ever in them.

A failed sign-in with a name that nobody has does not keep the name: it may be a password typed
into the wrong field.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from mooring.iam.identity import User
from mooring.iam.principal import Principal
from mooring.iam.web_session import Method
from mooring.operations.web_sessions import Visitor
from mooring.operations.world import World
from mooring.ports.records import AuditEvent

__all__ = ["SignInEvent", "sign_in_event"]

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_SOURCE = "signin.amazonaws.com"


@dataclass(frozen=True, slots=True)
class SignInEvent:
    """What happened; ``failure`` is empty for a success."""

    visitor: Visitor
    method: Method
    name: str = "ConsoleLogin"
    failure: str = ""
    used_mfa: bool = False


def sign_in_event(
    world: World, user: User | Principal | None, event: SignInEvent, *, account_id: str = ""
) -> AuditEvent:
    """Return the event of a user, of a role session, or of somebody who is neither."""
    told = {"MFAUsed": "Yes" if event.used_mfa else "No", "Method": event.method.value}
    outcome = "Failure" if event.failure else "Success"
    return AuditEvent(
        event_id=str(world.entropy.uuid()),
        time=world.clock.now(),
        source=_SOURCE,
        name=event.name,
        region=world.site.region,
        principal_arn=user.arn if user else f"arn:aws:iam::{account_id}:user/{_HIDDEN}",
        principal_id=user.user_id if user else "",
        access_key_id="",
        source_address=event.visitor.address,
        user_agent=event.visitor.user_agent,
        request=msgspec.json.encode(told).decode(),
        response=msgspec.json.encode({event.name: outcome}).decode(),
        error_message=event.failure,
        read_only=False,
    )
