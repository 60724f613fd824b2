"""Rows that are not domain values: audit events and single-use tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "AuditEvent",
    "Ticket",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One call or session event, as it is kept; secrets are never in it.

    ``request`` and ``response`` are JSON texts with secret members hidden. For a session of a
    role, ``issuer_arn`` is the role's, path included, ``issued_at`` when its credentials were
    made and ``mfa_at`` when a second factor was given for them.
    """

    event_id: str
    time: datetime
    source: str
    name: str
    region: str
    principal_arn: str
    principal_id: str
    access_key_id: str
    source_address: str
    user_agent: str
    resources: tuple[str, ...] = ()
    request: str = "{}"
    response: str = ""
    error_code: str = ""
    error_message: str = ""
    read_only: bool = True
    request_id: str = ""
    issuer_arn: str = ""
    issued_at: datetime | None = None
    mfa_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A single-use right to open one channel, or to sign in once; kept by its SHA-256 in hex.

    ``kind`` is ``control``, ``agent`` or ``client`` (the side of a data channel), or ``sign-in``;
    ``subject`` is the node, session or user it is for; ``bearer`` is the principal it was given to.
    """

    token_hash: str
    kind: str
    subject: str
    bearer: str
    expires_at: datetime
