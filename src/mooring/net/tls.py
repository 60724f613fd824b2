"""TLS for both ends: contexts that verify, and the pinned download of a private CA.

TLS 1.2 at least. There is no flag to switch verification off; the one connection that cannot
verify yet (``fetch_ca``) returns nothing but a certificate whose SHA-256 the caller named.
"""

from __future__ import annotations

import hmac
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mooring.net.http import HttpError, request
from mooring.secret import Secret

__all__ = [
    "KeyPair",
    "PinMismatch",
    "TlsError",
    "client_context",
    "fetch_ca",
    "fingerprint",
    "issue_server_certificate",
    "make_ca",
    "pin_ca",
    "server_context",
]

PREFIX = "sha256:"

MAX_PEM = 64 * 1024

CA_DAYS = 3650
SERVER_DAYS = 398
MAX_SERVER_DAYS = 825

CLOCK_SKEW = timedelta(hours=1)
"""Certificates are valid from a little before ``now``: a node's clock may be behind."""


class TlsError(Exception):
    """A certificate is missing or unreadable."""


class PinMismatch(TlsError):
    """A certificate is not the one that was named."""


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Verify servers against ``ca_file`` alone, or against the machine's authorities if None.

    Reads nothing from the environment, unlike ``ssl.create_default_context``. Raises ``TlsError``
    when the file holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        paths = ssl.get_default_verify_paths()
        file = paths.openssl_cafile if Path(paths.openssl_cafile).is_file() else None
        folder = paths.openssl_capath if Path(paths.openssl_capath).is_dir() else None
        if file or folder:
            context.load_verify_locations(file, folder)
        return context
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise TlsError(f"cannot read certificates from `{ca_file}`: {error}") from error
    return context


def server_context(cert_file: Path, key_file: Path) -> ssl.SSLContext:
    """Serve with a certificate chain and its key, both in PEM; raises ``TlsError``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert_file, key_file)
    except OSError as error:
        raise TlsError(f"cannot serve with `{cert_file}` and `{key_file}`: {error}") from error
    return context


def fingerprint(pem: str) -> str:
    """Name the first certificate in ``pem``: ``sha256:`` and the hash of its DER in hex."""
    return PREFIX + certificate(pem).fingerprint(SHA256()).hex()


def certificate(pem: str) -> x509.Certificate:
    """Parse the first certificate in ``pem``; raises ``TlsError``."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise TlsError("expected a certificate in pem") from error


def pin_ca(pem: str, expected: str) -> str:
    """Return the one certificate in ``pem`` if it is the CA named ``sha256:…``, and nothing else.

    Whatever else the text held is dropped, so that nobody can append a certificate to a good one.
    Colons and capitals in the fingerprint are as people paste them. Raises ``PinMismatch``, or
    ``TlsError`` when either text is malformed.
    """
    digits = expected.lower().removeprefix(PREFIX).replace(":", "").strip()
    if not expected.lower().startswith(PREFIX) or not re.fullmatch("[0-9a-f]{64}", digits):
        raise TlsError(f"expected a fingerprint `sha256:` and 64 hex digits, got `{expected}`")
    found = certificate(pem)
    if not hmac.compare_digest(found.fingerprint(SHA256()).hex(), digits):
        raise PinMismatch(f"expected the certificate `{PREFIX}{digits}`, got `{fingerprint(pem)}`")
    try:
        constraints = found.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        constraints = None
    if constraints is None or not constraints.value.ca:
        raise PinMismatch("expected the certificate of an authority, got another kind")
    return found.public_bytes(Encoding.PEM).decode()


async def fetch_ca(url: str, expected: str, *, deadline_s: float) -> str:
    """Download a CA certificate in PEM from ``url`` and return it if it is the one expected.

    The server cannot be verified yet, so this sends nothing but a GET, and what comes back is
    worth exactly its fingerprint: anything else raises ``PinMismatch``. Raises ``TlsError`` when
    the download fails.
    """
    try:
        response = await request(
            "GET",
            url,
            headers={},
            body=b"",
            ssl=unverified_context(),
            deadline_s=deadline_s,
            max_body=MAX_PEM,
        )
    except HttpError as error:
        raise TlsError(f"cannot fetch the authority's certificate: {error}") from error
    if response.status != 200:
        raise TlsError(f"expected status 200 from `{url}`, got {response.status}")
    return pin_ca(response.body.decode("ascii", "replace"), expected)


def unverified_context() -> ssl.SSLContext:
    """For ``fetch_ca`` alone, which checks what it gets by another way."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A certificate and its private key, both in PEM; the key is PKCS 8, not encrypted."""

    certificate: str
    key: Secret


def make_ca(name: str, *, now: datetime, serial: int) -> KeyPair:
    """Make a certificate authority of our own: ECDSA P-256, 10 years from ``now``.

    It may sign servers only, not further authorities. ``serial`` is a random positive number of
    at most 159 bits.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        start(subject, subject, key.public_key(), serial=serial)
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(authority=True), critical=True)
    )
    return key_pair(builder.sign(key, SHA256()), key)


def issue_server_certificate(  # noqa: PLR0913  # time and serial are arguments by rule
    authority: KeyPair,
    names: Sequence[str],
    ips: Sequence[str],
    *,
    now: datetime,
    serial: int,
    days: int = SERVER_DAYS,
) -> KeyPair:
    """Issue a certificate for a server's DNS names (wildcards too) and IP addresses.

    ``days`` is at most 825: stock clients on macOS trust nothing longer. It ends with its
    authority at the latest. Raises ``ValueError`` if there is nothing to name, or too long.
    """
    if not names and not ips:
        raise ValueError("expected at least one name or address, got none")
    if not 0 < days <= MAX_SERVER_DAYS:
        raise ValueError(f"expected 1 to {MAX_SERVER_DAYS} days, got {days}")
    issuer = certificate(authority.certificate)
    signer = load_pem_private_key(authority.key.reveal().encode(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TlsError("expected an elliptic curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    # RFC 5280 bounds a common name to 64 characters; the names that count are in the extension.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (*names, *ips)[0][:64])])
    end = min(now + timedelta(days=days), issuer.not_valid_after_utc)
    builder = (
        start(subject, issuer.subject, key.public_key(), serial=serial)
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(end)
        .add_extension(alternative_names(names, ips), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
    )
    return key_pair(builder.sign(signer, SHA256()), key)


def start(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, *, serial: int
) -> x509.CertificateBuilder:
    """Begin a certificate with what every kind has."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def alternative_names(names: Sequence[str], ips: Sequence[str]) -> x509.SubjectAlternativeName:
    """List the names and addresses a server answers to."""
    return x509.SubjectAlternativeName(
        [
            *(x509.DNSName(name) for name in names),
            *(x509.IPAddress(ip_address(ip)) for ip in ips),
        ]
    )


def key_usage(*, authority: bool) -> x509.KeyUsage:
    """Allow an authority to sign certificates, and a server to sign handshakes."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def key_pair(found: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    """Write both down in PEM."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(certificate=found.public_bytes(Encoding.PEM).decode(), key=Secret(pem.decode()))
