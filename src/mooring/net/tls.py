"""TLS for both ends: contexts that verify, and the pinned download of a private CA.

TLS 1.2 at least. There is no flag to switch verification off; the one connection that cannot
verify yet (``fetch_ca``) returns nothing but a certificate whose SHA-256 the caller named.
"""

from __future__ import annotations

import hmac
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from mooring.net.http import HttpError, request

__all__ = [
    "PinMismatch",
    "TlsError",
    "client_context",
    "fetch_ca",
    "fingerprint",
    "pin_ca",
    "server_context",
]

PREFIX = "sha256:"

MAX_PEM = 64 * 1024


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
    if not expected.lower().startswith(PREFIX) or len(digits) != 64:
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
