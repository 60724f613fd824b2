"""How people prove who they are: passwords and what they must be, devices, passkeys, as values.

Source of the rules and defaults: IAM User Guide, "Setting an account password policy"; the
wording of a violation follows IAM's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

__all__ = [
    "DEFAULT_POLICY",
    "LoginProfile",
    "MfaDevice",
    "Passkey",
    "PasswordPolicy",
    "violations",
]

_SYMBOLS = "!@#$%^&*()_+-=[]{}|'"
_MIX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginProfile:
    """A user's password, kept as its hash; ``previous`` are earlier hashes, newest first."""

    account_id: str
    user_name: str
    user_id: str
    password_hash: str
    previous: tuple[str, ...] = ()
    reset_required: bool = False
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """What a password must be; zero days or passwords mean that the rule is off.

    ``mixed`` is the rule of accounts that set no policy: three of the four kinds of characters.
    """

    minimum_length: int = 6
    require_symbols: bool = False
    require_numbers: bool = False
    require_uppercase: bool = False
    require_lowercase: bool = False
    allow_change: bool = False
    max_age_days: int = 0
    reuse_prevention: int = 0
    hard_expiry: bool = False
    mixed: bool = False

    def is_expired(self, changed_at: datetime, now: datetime) -> bool:
        """Say whether a password of that age must be changed."""
        return bool(self.max_age_days) and now >= changed_at + timedelta(days=self.max_age_days)


DEFAULT_POLICY = PasswordPolicy(minimum_length=8, mixed=True)
"""What holds where an account has set none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MfaDevice:
    """A virtual device; assigned to nobody while ``user_name`` is empty.

    ``last_step`` is the step of the last code that was taken, ``drift`` by how many steps the
    device's clock is ahead of ours.
    """

    account_id: str
    serial: str
    sealed_seed: bytes
    created_at: datetime
    user_name: str = ""
    user_id: str = ""
    enabled_at: datetime | None = None
    last_step: int = -1
    drift: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A WebAuthn credential; ``credential_id`` is its base64url text."""

    account_id: str
    credential_id: str
    user_name: str
    user_id: str
    name: str
    rp_id: str
    public_key: bytes
    sign_count: int
    created_at: datetime
    used_at: datetime | None = None

    @property
    def serial(self) -> str:
        """The ARN under which IAM lists a security key among a user's devices."""
        owner = f"u2f/user/{self.user_name}"
        return f"arn:aws:iam::{self.account_id}:{owner}/{self.name}-{self.credential_id[:16]}"


def violations(policy: PasswordPolicy, password: str, *, user_name: str) -> tuple[str, ...]:
    """Return what is wrong with a password, in IAM's words; nothing when it may be used."""
    has_upper = any(character.isupper() for character in password)
    has_lower = any(character.islower() for character in password)
    has_digit = any(character in "0123456789" for character in password)
    has_symbol = any(character in _SYMBOLS for character in password)
    found = []
    if len(password) < policy.minimum_length:
        found.append(f"Password should have a minimum length of {policy.minimum_length}")
    wanted = (
        (policy.require_uppercase and not has_upper, "one uppercase letter"),
        (policy.require_lowercase and not has_lower, "one lowercase letter"),
        (policy.require_numbers and not has_digit, "one number"),
        (
            policy.require_symbols and not has_symbol,
            f"one of the following symbols: {' '.join(_SYMBOLS)}",
        ),
    )
    found += [f"Password should have at least {what}" for lacks, what in wanted if lacks]
    has_other = any(not character.isalnum() for character in password)
    if policy.mixed and sum((has_upper, has_lower, has_digit, has_other)) < _MIX:
        found.append(
            "Password should have at least three of these: uppercase letters, lowercase letters, "
            "numbers, symbols"
        )
    if password.lower() == user_name.lower():
        found.append("Password should not be identical to the user name")
    return tuple(found)
