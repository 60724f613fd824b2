"""The signature of a node's own key: RSASSA-PSS, SHA-256, MGF1-SHA-256, salt of 32 bytes.

Source: amazon-ssm-agent, common/identity and agent/managedInstances/auth.
"""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

__all__ = ["verify_node_signature"]

_SALT_BYTES = 32
_LEAST_BITS = 2048


def verify_node_signature(public_key: str, signature: str, text: str) -> bool:
    """Whether ``signature`` (base64) of ``text`` was made with the key (base64 DER)."""
    try:
        key = load_der_public_key(base64.b64decode(public_key, validate=True))
        raw = base64.b64decode(signature, validate=True)
    except (ValueError, UnsupportedAlgorithm):
        return False
    # The last character has bits that nothing reads: one spelling only is the signature.
    if base64.b64encode(raw).decode() != signature:
        return False
    if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_BITS:
        return False
    padding = PSS(mgf=MGF1(SHA256()), salt_length=_SALT_BYTES)
    try:
        key.verify(raw, text.encode(), padding, SHA256())
    except InvalidSignature:
        return False
    return True
