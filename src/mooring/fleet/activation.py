"""A hybrid activation: the code and id that let machines register as nodes.

Source of the limits: Systems Manager, CreateActivation (1..1000 registrations, 30 days).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mooring.secret import Secret

__all__ = [
    "DEFAULT_LIFETIME",
    "MAXIMUM_LIFETIME",
    "MAXIMUM_REGISTRATIONS",
    "NODE_TYPE_TAG",
    "Activation",
    "RegistrationRefused",
    "check_registration",
    "node_prefix",
]

DEFAULT_LIFETIME = timedelta(hours=24)
MAXIMUM_LIFETIME = timedelta(days=30)
MAXIMUM_REGISTRATIONS = 1000
NODE_TYPE_TAG = "mooring:node-type"


class RegistrationRefused(Exception):
    """The activation does not let this machine in; the text says why, for the log only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """An activation as stored; of the code only its SHA-256 in hex is kept."""

    account_id: str
    region: str
    activation_id: str
    code_hash: Secret
    description: str = ""
    default_instance_name: str = ""
    role_name: str
    registration_limit: int = 1
    registrations: int = 0
    created_at: datetime
    expires_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)

    def is_expired(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return now >= self.expires_at


def check_registration(activation: Activation, code_hash: Secret, now: datetime) -> None:
    """Let a machine register, or refuse.

    Raises:
        RegistrationRefused: wrong code, expired, or used up.
    """
    if activation.code_hash != code_hash:
        raise RegistrationRefused("the activation code does not match")
    if activation.is_expired(now):
        raise RegistrationRefused(
            f"the activation expired at {activation.expires_at:%Y-%m-%dT%H:%MZ}"
        )
    if activation.registrations >= activation.registration_limit:
        raise RegistrationRefused(f"all {activation.registration_limit} registrations are used")


def node_prefix(activation: Activation) -> str:
    """Say which kind of node this activation makes: ``i`` when tagged so, else ``mi``."""
    return "i" if activation.tags.get(NODE_TYPE_TAG) == "instance" else "mi"
