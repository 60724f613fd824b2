"""WebAuthn by py_webauthn: no attestation is wanted, a verified user always is."""

from __future__ import annotations

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException

from mooring.ports.passkeys import Ceremony, NewPasskey, PasskeyRefused

__all__ = ["WebauthnVerifier"]

# What a library of parsers raises on hostile bytes beside its own errors.
_FAULTS = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError)


class WebauthnVerifier:
    """Implements ``ports.passkeys.PasskeyVerifier``."""

    def verify_registration(self, credential: str, asked: Ceremony) -> NewPasskey:
        """Return the new passkey.

        Raises:
            PasskeyRefused: it is none.
        """
        try:
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=asked.challenge,
                expected_rp_id=asked.rp_id,
                expected_origin=asked.origin,
                require_user_verification=True,
            )
        except _FAULTS as exc:
            raise PasskeyRefused(str(exc)) from exc
        return NewPasskey(
            credential_id=bytes_to_base64url(verified.credential_id),
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
        )

    def verify_assertion(
        self, credential: str, asked: Ceremony, *, public_key: bytes, sign_count: int
    ) -> int:
        """Return the authenticator's new counter.

        Raises:
            PasskeyRefused: not signed by that key, not for this, or the counter went back.
        """
        try:
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=asked.challenge,
                expected_rp_id=asked.rp_id,
                expected_origin=asked.origin,
                credential_public_key=public_key,
                credential_current_sign_count=sign_count,
                require_user_verification=True,
            )
        except _FAULTS as exc:
            raise PasskeyRefused(str(exc)) from exc
        return verified.new_sign_count
