"""The data directory: made once, for its owner alone, with certificates for all our names."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography.x509 import DNSName, IPAddress, SubjectAlternativeName, load_pem_x509_certificate

from mooring.data_dir import DataDir, DataDirError, make_certificates, server_names

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def made(path: Path) -> DataDir:
    data_dir = DataDir(path / "data")
    data_dir.create()
    return data_dir


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_is_for_its_owner_alone(tmp_path: Path) -> None:
    data_dir = made(tmp_path)
    make_certificates(data_dir, domain="mooring.example", region="eu-1", now=NOW)

    places = [data_dir.path, data_dir.spool, data_dir.recordings, data_dir.ca_key.parent]
    assert {mode(place) for place in places} == {0o700}
    assert {mode(data_dir.ca_key), mode(data_dir.server_key)} == {0o600}


def test_it_is_whole_only_when_it_is_finished(tmp_path: Path) -> None:
    data_dir = made(tmp_path)

    with pytest.raises(DataDirError, match="mooring-server init"):
        data_dir.check()
    data_dir.finish()
    data_dir.check()
    with pytest.raises(DataDirError, match="is a data directory already"):
        data_dir.create()


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")

    with pytest.raises(DataDirError, match="is not empty"):
        DataDir(tmp_path).create()

    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


def test_an_empty_directory_is_taken_and_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    DataDir(tmp_path).create()

    assert mode(tmp_path) == 0o700


def test_the_certificate_holds_every_name_that_clients_use(tmp_path: Path) -> None:
    data_dir = made(tmp_path)
    make_certificates(data_dir, domain="mooring.example", region="eu-1", now=NOW)

    certificate = load_pem_x509_certificate(data_dir.server_certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    assert set(names.get_values_for_type(DNSName)) == {
        "mooring.example",
        "*.eu-1.mooring.example",
        "*.s3.eu-1.mooring.example",
        "*.ssm.eu-1.vpce.mooring.example",
        "*.ssmmessages.eu-1.vpce.mooring.example",
        "*.ec2messages.eu-1.vpce.mooring.example",
        "*.ec2.eu-1.vpce.mooring.example",
        "*.iam.eu-1.vpce.mooring.example",
        "*.sts.eu-1.vpce.mooring.example",
        "*.cloudtrail.eu-1.vpce.mooring.example",
        "*.organizations.eu-1.vpce.mooring.example",
        "localhost",
    }
    assert set(server_names("mooring.example", "eu-1")) == set(names.get_values_for_type(DNSName))
    addresses = set(names.get_values_for_type(IPAddress))
    assert addresses == {ip_address("127.0.0.1"), ip_address("::1")}
    assert certificate.not_valid_before_utc <= NOW < certificate.not_valid_after_utc
    assert certificate.not_valid_after_utc > NOW + timedelta(days=300)


def test_the_pair_is_a_servers_and_the_authority_signed_it(tmp_path: Path) -> None:
    data_dir = made(tmp_path)
    make_certificates(data_dir, domain="mooring.example", region="eu-1", now=NOW)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(data_dir.server_certificate, data_dir.server_key)
    authority = load_pem_x509_certificate(data_dir.ca_certificate.read_bytes())
    server = load_pem_x509_certificate(data_dir.server_certificate.read_bytes())
    server.verify_directly_issued_by(authority)
    assert data_dir.ca_fingerprint().startswith("sha256:")
