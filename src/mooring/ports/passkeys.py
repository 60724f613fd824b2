"""Checking what authenticators say: WebAuthn, level 2, sections 7.1 and 7.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Ceremony", "NewPasskey", "PasskeyRefused", "PasskeyVerifier"]


class PasskeyRefused(Exception):
    """What the authenticator said does not prove it; the text is for the log only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """What was asked: the challenge, by whom, on which page. The user must have been verified."""

    challenge: bytes
    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """What is kept of a new passkey; ``credential_id`` is base64url."""

    credential_id: str
    public_key: bytes
    sign_count: int


class PasskeyVerifier(Protocol):
    """Checks the JSON that a browser makes of an authenticator's answer."""

    def verify_registration(self, credential: str, asked: Ceremony) -> NewPasskey:
        """Return the new passkey.

        Raises:
            PasskeyRefused: it is none.
        """

    def verify_assertion(
        self, credential: str, asked: Ceremony, *, public_key: bytes, sign_count: int
    ) -> int:
        """Return the authenticator's new counter.

        Raises:
            PasskeyRefused: not signed by that key, not for this, or the counter went back.
        """
