"""The data directory: what lies where, and how it is made.

::

    mooring.toml     settings
    mooring.db       everything but recordings
    keys/            sealing and signing keys
    tls/             our authority and the server's certificate
    spool/           recordings of sessions that run
    recordings/      sealed segments
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mooring.net.tls import fingerprint, issue_server_certificate, make_ca

__all__ = ["DataDir", "DataDirError", "make_certificates", "server_names"]

_READY = "ready"
_SERVICES = (
    "ssm",
    "ssmmessages",
    "ec2messages",
    "ec2",
    "iam",
    "sts",
    "cloudtrail",
    "organizations",
)


class DataDirError(Exception):
    """The directory is not one of ours, or is one already."""


@dataclass(frozen=True, slots=True)
class DataDir:
    """Names the places below one path."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.path / "mooring.db"

    @property
    def keys(self) -> Path:
        """The key ring."""
        return self.path / "keys"

    @property
    def spool(self) -> Path:
        """Recordings being written."""
        return self.path / "spool"

    @property
    def recordings(self) -> Path:
        """Sealed recordings."""
        return self.path / "recordings"

    @property
    def ca_certificate(self) -> Path:
        """The certificate that clients and nodes trust."""
        return self.path / "tls" / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """The authority's key."""
        return self.path / "tls" / "ca.key"

    @property
    def server_certificate(self) -> Path:
        """The server's certificate."""
        return self.path / "tls" / "server.pem"

    @property
    def server_key(self) -> Path:
        """The server's key."""
        return self.path / "tls" / "server.key"

    def create(self) -> None:
        """Make the directories, for us alone.

        Raises:
            DataDirError: there is a finished data directory already.
        """
        if (self.path / _READY).exists():
            raise DataDirError(f"`{self.path}` is a data directory already")
        if self.path.exists() and any(self.path.iterdir()):
            raise DataDirError(f"`{self.path}` is not empty, expected a new or empty directory")
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.chmod(0o700)
        for place in (self.spool, self.recordings, self.ca_key.parent):
            place.mkdir(mode=0o700)

    def finish(self) -> None:
        """Note that everything is made."""
        (self.path / _READY).touch()

    def check(self) -> None:
        """Return when the directory is whole.

        Raises:
            DataDirError: it is not.
        """
        if not (self.path / _READY).exists():
            raise DataDirError(
                f"`{self.path}` is no data directory, make one by `mooring-server init`"
            )

    def ca_fingerprint(self) -> str:
        """Name our authority's certificate as ``register --ca-fingerprint`` wants it."""
        return fingerprint(self.ca_certificate.read_text())


def server_names(domain: str, region: str) -> tuple[str, ...]:
    """Return the DNS names that the server's certificate holds."""
    private = tuple(f"*.{service}.{region}.vpce.{domain}" for service in _SERVICES)
    return (domain, f"*.{region}.{domain}", f"*.s3.{region}.{domain}", *private, "localhost")


def make_certificates(data_dir: DataDir, *, domain: str, region: str, now: datetime) -> None:
    """Make our own authority and the server's certificate."""
    authority = make_ca("Mooring CA", now=now, serial=secrets.randbits(158) + 1)
    server = issue_server_certificate(
        authority,
        server_names(domain, region),
        ("127.0.0.1", "::1"),
        now=now,
        serial=secrets.randbits(158) + 1,
    )
    data_dir.ca_certificate.write_text(authority.certificate)
    data_dir.server_certificate.write_text(server.certificate)
    for path, key in ((data_dir.ca_key, authority.key), (data_dir.server_key, server.key)):
        path.touch(mode=0o600)
        path.write_text(key.reveal())
