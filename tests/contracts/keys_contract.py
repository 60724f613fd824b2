"""What every KeyRing keeps to. A test module subclasses it and gives a fixture ``ring``."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mooring.ports.world import KeyRing

CONTEXT = {"purpose": "access-key", "id": "AKIAIOSFODNN7EXAMPLE"}


class KeysContract:
    """Seal, open, sign."""

    @given(
        plaintext=st.binary(max_size=200),
        context=st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3),
    )
    @settings(
        max_examples=50,
        deadline=None,
        # A ring has no state that examples could disturb, and each subclass runs them anew.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    def test_what_is_sealed_opens_in_its_context(
        self, ring: KeyRing, plaintext: bytes, context: dict[str, str]
    ) -> None:
        sealed = ring.seal(plaintext, context=context)

        assert ring.open(sealed, context=dict(reversed(context.items()))) == plaintext

    def test_the_same_text_is_never_sealed_alike(self, ring: KeyRing) -> None:
        first = ring.seal(b"secret", context=CONTEXT)
        second = ring.seal(b"secret", context=CONTEXT)

        assert first != second
        assert b"secret" not in first

    @pytest.mark.parametrize(
        "context", [{}, {"purpose": "access-key"}, {**CONTEXT, "id": "other"}, {"": ""}]
    )
    def test_another_context_does_not_open(self, ring: KeyRing, context: dict[str, str]) -> None:
        sealed = ring.seal(b"secret", context=CONTEXT)

        with pytest.raises(ValueError, match="context"):
            ring.open(sealed, context=context)

    def test_no_altered_or_shortened_text_opens(self, ring: KeyRing) -> None:
        sealed = ring.seal(b"secret", context=CONTEXT)
        altered = [
            sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
            for place in range(len(sealed))
        ]
        shortened = [sealed[:length] for length in range(len(sealed))]

        for text in [*altered, *shortened, sealed + b"\0"]:
            with pytest.raises(ValueError, match=r"sealed|altered"):
                ring.open(text, context=CONTEXT)

    def test_the_signature_holds_under_the_named_key(self, ring: KeyRing) -> None:
        signature = ring.sign(b"segment")

        public = ring.public_keys()[ring.signing_key_id]
        Ed25519PublicKey.from_public_bytes(public).verify(signature, b"segment")

    def test_a_signing_keys_id_is_the_hash_of_its_public_half(self, ring: KeyRing) -> None:
        for key_id, public in ring.public_keys().items():
            assert key_id == hashlib.sha256(public).hexdigest()[:16]
