"""One call in flight: who asks for which operation, and the one place that writes its event."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from mooring.operations.caller import Caller
from mooring.operations.world import World
from mooring.ports.records import AuditEvent
from mooring.ports.tables import Transaction

__all__ = ["Call"]

T = TypeVar("T")

_MAX_RESOURCES = 100
_MAX_NAME = 2048


@dataclass(slots=True, kw_only=True)
class Call:
    """A use case runs under one of these, and reaches the store through it.

    ``request`` is the input as JSON with every secret member hidden. ``write`` puts the event
    into the same transaction as the change; a call that wrote nothing is recorded by ``record``.
    The event is made after the change, so that it can name what the change made.
    ``account_id`` is whose event it is when the caller is nobody, once that is known.
    """

    world: World
    caller: Caller
    service: str
    name: str
    request_id: str
    event_id: str
    time: datetime
    request: str = "{}"
    response: str = ""
    account_id: str = ""
    read_only: bool = True
    resources: list[str] = field(default_factory=list)
    recorded: bool = False

    @property
    def action(self) -> str:
        """The IAM action of the operation."""
        return f"{self.service}:{self.name}"

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Read from the caller's account."""
        return await self.world.store.read(self.caller.account_id, work)

    async def glance(self, work: Callable[[Transaction], T]) -> T:
        """Read a few rows of the caller's account by their keys."""
        return await self.world.store.glance(self.caller.account_id, work)

    async def write(self, work: Callable[[Transaction], T], *, account_id: str = "") -> T:
        """Change the caller's account (or, before there is one, ``account_id``) and say so."""

        def whole(tx: Transaction) -> T:
            result = work(tx)
            tx.audit.append(self.event())
            return result

        result = await self.world.store.write(account_id or self.caller.account_id, whole)
        self.recorded = True
        return result

    async def record(self, *, error_code: str = "", error_message: str = "") -> None:
        """Keep the event of a call that changed nothing, unless it is kept already.

        A read's is queued, and kept soon; the refusal of a change is kept before this returns.

        Raises:
            StoreUnavailable: the event could be neither kept nor queued.
        """
        account_id = self.caller.account_id or self.account_id
        if self.recorded or not account_id:
            return
        event = self.event(error_code, error_message)
        if self.read_only:
            await self.world.audit.put(account_id, event)
        else:
            await self.world.store.write(account_id, lambda tx: tx.audit.append(event))
        self.recorded = True

    def respond(self, **members: str) -> None:
        """Note what a change made, for its event: members in CloudTrail's spelling, no secret."""
        self.response = json.dumps(members)

    def event(self, error_code: str = "", error_message: str = "") -> AuditEvent:
        """Return the call's event as it stands."""
        caller = self.caller
        principal = caller.principal
        return AuditEvent(
            event_id=self.event_id,
            request_id=self.request_id,
            time=self.time,
            source=f"{self.service}.amazonaws.com",
            name=self.name,
            region=caller.region,
            principal_arn=principal.arn,
            principal_id=principal.user_id,
            access_key_id=caller.access_key_id,
            source_address=caller.origin.address,
            user_agent=caller.origin.user_agent,
            resources=tuple(name[:_MAX_NAME] for name in self.resources[:_MAX_RESOURCES]),
            request=self.request,
            response=self.response,
            error_code=error_code,
            error_message=error_message[:_MAX_NAME],
            read_only=self.read_only,
            issuer_arn=principal.principal_arn if principal.session_name is not None else "",
            issued_at=caller.issued_at,
            mfa_at=caller.session.mfa_at if caller.session is not None else None,
        )
