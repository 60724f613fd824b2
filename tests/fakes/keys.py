"""A key ring in memory: one sealing key, one signing key, both the same in every run."""

import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.fakes.entropy import FakeEntropy

__all__ = ["FakeKeyRing"]

NONCE = 12


class FakeKeyRing:
    """Implements ``ports.world.KeyRing``."""

    def __init__(self, seed: int = 0) -> None:
        self._entropy = FakeEntropy(seed)
        self._sealing = AESGCM(self._entropy.bytes(32))
        self._signing = Ed25519PrivateKey.from_private_bytes(self._entropy.bytes(32))

    def seal(self, plaintext: bytes, *, context: Mapping[str, str]) -> bytes:
        """Encrypt; the same context is needed to open it."""
        nonce = self._entropy.bytes(NONCE)
        return nonce + self._sealing.encrypt(nonce, plaintext, bound(context))

    def open(self, sealed: bytes, *, context: Mapping[str, str]) -> bytes:
        """Decrypt, or raise ValueError."""
        try:
            return self._sealing.decrypt(sealed[:NONCE], sealed[NONCE:], bound(context))
        except (InvalidTag, ValueError) as exc:
            raise ValueError("not sealed by this ring, for another context, or altered") from exc

    @property
    def signing_key_id(self) -> str:
        """The id of the one signing key."""
        return hashlib.sha256(self._signing.public_key().public_bytes_raw()).hexdigest()[:16]

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of ``message``."""
        return self._signing.sign(message)

    def public_keys(self) -> Mapping[str, bytes]:
        """Return the one public half by its id."""
        return {self.signing_key_id: self._signing.public_key().public_bytes_raw()}


def bound(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), sort_keys=True).encode()
