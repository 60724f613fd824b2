"""Certificates of our own, judged by OpenSSL and by X.509's rules, and the pinned download."""

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from tests.net.served import Door, certified, served
from tests.net.test_http import answering

from mooring.net.tls import (
    KeyPair,
    PinMismatch,
    TlsError,
    client_context,
    fetch_ca,
    fingerprint,
    issue_server_certificate,
    make_ca,
    pin_ca,
    server_context,
)
from mooring.secret import Secret

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> KeyPair:
    return make_ca("Mooring CA", now=NOW, serial=77)


def parsed(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate.encode())


def named(pem: str) -> str:
    """Fingerprint by the book: SHA-256 over the DER."""
    return "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def test_the_authority_lives_ten_years_and_signs_no_further_authority(authority: KeyPair) -> None:
    ca = parsed(authority)

    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert ca.not_valid_after_utc == NOW + timedelta(days=3650)
    assert (constraints.value.ca, constraints.value.path_length, constraints.critical) == (
        True,
        0,
        True,
    )
    assert ca.serial_number == 77
    public = ca.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"


def test_a_server_certificate_names_hosts_and_addresses(authority: KeyPair) -> None:
    pair = issue_server_certificate(
        authority, ["m.example", "*.r.m.example"], ["127.0.0.1", "::1"], now=NOW, serial=5
    )

    cert = parsed(pair)
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["m.example", "*.r.m.example"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("::1")]
    assert cert.not_valid_after_utc == NOW + timedelta(days=398)
    cert.verify_directly_issued_by(parsed(authority))


def test_a_server_certificate_ends_with_its_authority(authority: KeyPair) -> None:
    late = NOW + timedelta(days=3600)

    pair = issue_server_certificate(authority, ["m.example"], [], now=late, serial=5, days=825)

    assert parsed(pair).not_valid_after_utc == NOW + timedelta(days=3650)


@pytest.mark.parametrize(("names", "days"), [(["a"], 826), (["a"], 0), ([], 100)])
def test_a_certificate_without_name_or_sense_is_refused(
    authority: KeyPair, names: list[str], days: int
) -> None:
    with pytest.raises(ValueError, match="expected"):
        issue_server_certificate(authority, names, [], now=NOW, serial=5, days=days)


def test_the_key_does_not_print(authority: KeyPair) -> None:
    assert "PRIVATE" not in repr(authority)


def test_a_fingerprint_is_the_hash_of_the_der(authority: KeyPair) -> None:
    assert fingerprint(authority.certificate) == named(authority.certificate)


def test_the_pinned_authority_is_accepted_however_it_was_pasted(authority: KeyPair) -> None:
    digits = named(authority.certificate).removeprefix("sha256:").upper()
    pasted = "SHA256:" + ":".join(digits[i : i + 2] for i in range(0, 64, 2))

    assert pin_ca(authority.certificate, pasted) == authority.certificate


def test_another_authority_is_not_accepted(authority: KeyPair) -> None:
    other = make_ca("Mooring CA", now=NOW, serial=77)

    with pytest.raises(PinMismatch, match="expected the certificate `sha256:"):
        pin_ca(other.certificate, named(authority.certificate))


def test_a_certificate_appended_to_the_right_one_is_dropped(authority: KeyPair) -> None:
    other = make_ca("evil", now=NOW, serial=1)

    pinned = pin_ca(authority.certificate + other.certificate, named(authority.certificate))

    assert pinned == authority.certificate


def test_a_server_certificate_is_no_authority_even_if_it_was_pinned(authority: KeyPair) -> None:
    pair = issue_server_certificate(authority, ["m.example"], [], now=NOW, serial=5)

    with pytest.raises(PinMismatch, match="authority"):
        pin_ca(pair.certificate, named(pair.certificate))


@pytest.mark.parametrize("expected", ["", "sha256:", "sha1:" + "0" * 64, "0" * 64, "sha256:é" * 9])
def test_a_malformed_fingerprint_is_refused(authority: KeyPair, expected: str) -> None:
    with pytest.raises(TlsError, match="expected a fingerprint"):
        pin_ca(authority.certificate, expected)


def test_a_fingerprint_that_is_not_hex_matches_nothing(authority: KeyPair) -> None:
    with pytest.raises(TlsError):
        pin_ca(authority.certificate, "sha256:" + "é" * 64)


@pytest.mark.parametrize("pem", ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_text_that_is_no_certificate_is_refused(pem: str) -> None:
    with pytest.raises(TlsError, match="expected a certificate in pem"):
        pin_ca(pem, "sha256:" + "0" * 64)


def test_contexts_verify_and_speak_tls_1_2_at_least(tmp_path: Path) -> None:
    (certificate, key), context = certified(tmp_path)

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert server_context(certificate, key).minimum_version is ssl.TLSVersion.TLSv1_2
    assert client_context(None).verify_mode is ssl.CERT_REQUIRED


def test_the_environment_has_no_say_in_whom_to_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certified(tmp_path)
    before = client_context(None).get_ca_certs()

    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = client_context(None)

    assert context.get_ca_certs() == before
    assert context.keylog_filename is None


@pytest.mark.parametrize("text", [None, "", "garbage"])
def test_files_that_hold_no_certificate_are_named(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "file.pem"
    if text is not None:
        file.write_text(text)

    with pytest.raises(TlsError, match=r"file\.pem"):
        client_context(file)
    with pytest.raises(TlsError, match=r"file\.pem"):
        server_context(file, file)


async def test_the_authority_is_fetched_by_its_fingerprint_alone(authority: KeyPair) -> None:
    pem = authority.certificate
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(pem)}\r\n\r\n{pem}".encode()

    async with answering(answer) as url:
        fetched = await fetch_ca(url, named(pem), deadline_s=5)
        with pytest.raises(PinMismatch):
            await fetch_ca(url, "sha256:" + "0" * 64, deadline_s=5)

    assert fetched == pem


async def test_a_download_that_fails_is_a_tls_error(tmp_path: Path) -> None:
    certificate, _ = certified(tmp_path)

    async with served(Door(), certificate=certificate) as (port, _):
        # The server cannot be verified and answers 404: the connection itself worked.
        with pytest.raises(TlsError, match=r"expected status 200 .* got 404"):
            await fetch_ca(f"https://127.0.0.1:{port}/missing", "sha256:" + "0" * 64, deadline_s=5)
    with pytest.raises(TlsError, match="cannot fetch"):
        await fetch_ca(f"https://127.0.0.1:{port}/", "sha256:" + "0" * 64, deadline_s=5)


def test_a_key_of_another_kind_cannot_sign(authority: KeyPair) -> None:
    broken = KeyPair(certificate=authority.certificate, key=Secret("garbage"))

    with pytest.raises(ValueError, match=r"[Uu]nable|deserialize|parse|load"):
        issue_server_certificate(broken, ["m.example"], [], now=NOW, serial=5)
