"""A software authenticator: ES256, CBOR, a counter. Written from WebAuthn level 2, section 6."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["Authenticator", "spelled"]

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def spelled(data: bytes) -> str:
    """Write bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Authenticator:
    """Holds one credential; what it says can be bent by its attributes."""

    def __init__(self, *, credential_id: bytes = b"c" * 32) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = credential_id
        self.count = 0
        self.flags = USER_PRESENT | USER_VERIFIED
        self.handle = ""

    def create(self, options: Mapping[str, Any], origin: str) -> str:
        """Answer ``navigator.credentials.create``, as JSON."""
        self.handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        attested = (
            bytes(16)
            + struct.pack(">H", len(self.credential_id))
            + self.credential_id
            + cbor2.dumps(cose)
        )
        data = self._data(options["rp"]["id"], self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            {
                "clientDataJSON": spelled(client_data("webauthn.create", options, origin)),
                "attestationObject": spelled(attestation),
                "transports": ["internal"],
            }
        )

    def get(self, options: Mapping[str, Any], origin: str) -> str:
        """Answer ``navigator.credentials.get``, as JSON."""
        self.count += 1
        data = self._data(options["rpId"], self.flags)
        client = client_data("webauthn.get", options, origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": spelled(client),
                "authenticatorData": spelled(data),
                "signature": spelled(signature),
                "userHandle": self.handle,
            }
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _credential(self, response: Mapping[str, Any]) -> str:
        name = spelled(self.credential_id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "authenticatorAttachment": "platform",
                "clientExtensionResults": {},
                "response": response,
            }
        )


def client_data(kind: str, options: Mapping[str, Any], origin: str) -> bytes:
    challenge = options["challenge"]
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()
