"""A node's signature is RSA-PSS with SHA-256 and a salt of 32 bytes, and nothing else."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mooring.keys.node_signature import verify_node_signature

KEY = generate_private_key(public_exponent=65537, key_size=2048)
TEXT = "AWS4-HMAC-SHA256\n20260102T030405Z\n…"


def public(key: RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def signed(key: RSAPrivateKey, salt: int = 32) -> bytes:
    return key.sign(TEXT.encode(), PSS(mgf=MGF1(SHA256()), salt_length=salt), SHA256())


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def test_the_nodes_own_signature_is_right() -> None:
    assert verify_node_signature(public(KEY), encoded(signed(KEY)), TEXT)


def test_another_text_key_or_padding_is_not() -> None:
    other = generate_private_key(public_exponent=65537, key_size=2048)
    plain = KEY.sign(TEXT.encode(), PKCS1v15(), SHA256())
    weak = KEY.sign(TEXT.encode(), PSS(mgf=MGF1(SHA1()), salt_length=32), SHA1())  # noqa: S303

    assert not verify_node_signature(public(KEY), encoded(signed(KEY)), TEXT + " ")
    assert not verify_node_signature(public(other), encoded(signed(KEY)), TEXT)
    for raw in (plain, weak, signed(KEY, salt=20), signed(KEY)[:-1], b""):
        assert not verify_node_signature(public(KEY), encoded(raw), TEXT)


def test_every_bit_counts() -> None:
    raw = bytearray(signed(KEY))
    raw[100] ^= 1

    assert not verify_node_signature(public(KEY), encoded(bytes(raw)), TEXT)


def test_every_character_counts_also_where_bits_are_spare() -> None:
    text = encoded(signed(KEY))
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    respelled = text[:-3] + last[last.index(text[-3]) ^ 1] + "=="

    assert base64.b64decode(respelled) == base64.b64decode(text)
    assert not verify_node_signature(public(KEY), respelled, TEXT)


def test_a_short_key_is_no_key() -> None:
    short = generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is it

    assert not verify_node_signature(public(short), encoded(signed(short)), TEXT)


@pytest.mark.parametrize(
    "key",
    ["", "é", "not base64", encoded(b"no key"), public(ec.generate_private_key(ec.SECP256R1()))],
)
def test_what_is_no_rsa_key_signs_nothing(key: str) -> None:
    assert not verify_node_signature(key, encoded(signed(KEY)), TEXT)


@pytest.mark.parametrize("signature", ["", "é", "not base64!", "====", encoded(b"x" * 300)])
def test_what_is_no_signature_is_not_right(signature: str) -> None:
    assert not verify_node_signature(public(KEY), signature, TEXT)
