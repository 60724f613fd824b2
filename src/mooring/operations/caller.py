"""Who calls and from where: required by every use case, made only after authentication."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mooring.iam.principal import Principal
from mooring.iam.session_facts import SessionFacts
from mooring.secret import Secret

__all__ = ["Caller", "Origin"]


_NO_TOKEN = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a call came from, as the listener saw it, never as a header claims.

    ``host`` is the Host header, used only after a check against the hosts we serve.
    """

    address: str
    secure: bool
    host: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated caller, or the anonymous one with an empty account.

    ``node_id`` is set for a node that signs with its own key or with its role's credentials.
    ``issued_at`` is set for temporary credentials, and ``session_token`` is theirs: everything
    that a session which is started now needs to be asked about again later. ``session`` is what
    they carry.
    """

    account_id: str
    region: str
    principal: Principal
    origin: Origin
    access_key_id: str = ""
    node_id: str = ""
    issued_at: datetime | None = None
    session: SessionFacts | None = None
    session_token: Secret = _NO_TOKEN
