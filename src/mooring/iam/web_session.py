"""What a person's sign-in leaves behind: cookie sessions, and grants to command lines, as values.

Tokens are kept by their SHA-256 only. The shape of device grants is RFC 8628's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = ["DeviceGrant", "GrantStatus", "LoginGrant", "Method", "Stage", "WebSession"]


class Stage(StrEnum):
    """What a session is still good for; the words are those of the sign-in answer's ``next``."""

    MFA = "mfa"
    NEW_PASSWORD = "new-password"  # noqa: S105  # a stage, not a password
    ENROLL = "enroll"
    DONE = "done"


class Method(StrEnum):
    """How a person came in."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105  # a method, not a password
    PASSKEY = "passkey"
    OIDC = "oidc"
    """At the site's identity provider, which makes them a role."""
    GRANT = "grant"
    """A command line that a person has let act for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A browser that knows a cookie; only at stage ``done`` it is somebody.

    ``authenticated_at`` is when the person last proved themselves, ``mfa_at`` when with a
    second factor. A role's has no user: its key id and session token say who it is; without the
    secret, which nobody keeps, they are good for nothing else.
    """

    account_id: str
    token_hash: str
    stage: Stage
    method: Method
    user_name: str
    user_id: str
    created_at: datetime
    authenticated_at: datetime
    mfa_at: datetime | None = None
    last_seen: datetime
    expires_at: datetime
    address: str
    user_agent: str
    access_key_id: str = ""
    session_token: str = field(default="", repr=False)


class GrantStatus(StrEnum):
    """What became of a request for a grant."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGrant:
    """A command line that asks to act for somebody; whose it is, is known when it is approved."""

    device_hash: str
    user_hash: str
    client: str
    address: str
    user_agent: str
    created_at: datetime
    expires_at: datetime
    polled_at: datetime | None = None
    status: GrantStatus = GrantStatus.PENDING
    account_id: str = ""
    user_name: str = ""
    user_id: str = ""
    mfa_at: datetime | None = None
    access_key_id: str = ""
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginGrant:
    """A command line that may fetch short-lived keys of one user, until it expires.

    One that acts for a role session knows it as a ``WebSession`` does, and ends with it.
    """

    account_id: str
    grant_id: str
    secret_hash: str
    user_name: str
    user_id: str
    client: str
    address: str
    mfa_at: datetime | None = None
    created_at: datetime
    used_at: datetime | None = None
    expires_at: datetime
    access_key_id: str = ""
    session_token: str = field(default="", repr=False)
