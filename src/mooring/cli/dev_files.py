"""The files of ``mooring dev``: what it remembers, and what it tells other programs.

::

    state.json           keys and activations of the last run; for us alone
    server/              the server's data directory
    nodes/NAME/          a sample node's state
    logs/NAME.log        what a program printed
    aws/config           profiles, with the endpoint in them
    aws/credentials      their keys
    dev.json             the contract for scripts; it is there only while everything runs
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mooring.cli.dev_account import KeyPair

__all__ = ["DevDir", "DevState", "InUse", "Running", "SampleNode", "command_line"]

ADMIN, LIMITED = "admin", "limited"


class InUse(Exception):
    """The folder is another's: one that runs, or one whose keys are gone."""


class DevState(msgspec.Struct, kw_only=True):
    """What must outlive a run; JSON in ``state.json``."""

    account_id: str
    region: str
    domain: str
    ca_file: str
    sign_in_url_path: str
    admin: KeyPair
    limited: KeyPair | None = None
    activations: dict[str, str] = msgspec.field(default_factory=dict)
    """The id of the activation by the node's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleNode:
    """A node as ``dev.json`` names it."""

    name: str
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Where everything is while it runs: the content of ``dev.json``."""

    endpoint_url: str
    tls_endpoint_url: str
    console_url: str
    sign_in_url: str
    region: str
    account_id: str
    ca_file: str
    service_domain: str
    aws_config_file: str
    aws_shared_credentials_file: str
    profiles: Mapping[str, str]
    nodes: list[SampleNode]


class DevDir:
    """The folder of one ``mooring dev``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.server = path / "server"
        self.contract = path / "dev.json"
        self.aws_config = path / "aws" / "config"
        self.aws_credentials = path / "aws" / "credentials"
        self._state = path / "state.json"
        self._begun = path / "server.begun"

    def node(self, name: str) -> Path:
        """Where a sample node keeps its state."""
        return self.path / "nodes" / name

    def log(self, name: str) -> Path:
        """Where a program's output goes."""
        return self.path / "logs" / f"{name}.log"

    def lock(self) -> int:
        """Make the folder and keep others out until the handle is closed.

        Raises:
            InUse: another one runs here.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise InUse(
                f"`mooring dev` runs in `{self.path}` already, choose another with --data-dir"
            ) from error
        return handle

    def read_state(self) -> DevState | None:
        """Return what the last run left, None for a new folder."""
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=DevState)
        except FileNotFoundError:
            return None

    def write_state(self, state: DevState) -> None:
        """Remember; from now on the server's folder is whole."""
        replace(self._state, msgspec.json.format(msgspec.json.encode(state)))
        self._begun.unlink(missing_ok=True)

    def begin_server(self) -> None:
        """Note that the server's folder is being made; what an interrupted try left goes away.

        Raises:
            InUse: there is a whole one, whose keys we do not have.
        """
        if self._begun.exists():
            shutil.rmtree(self.server, ignore_errors=True)
        elif self.server.exists():
            raise InUse(
                f"`{self.server}` holds a server, but `{self._state}` with its keys is gone;"
                " choose another folder with --data-dir"
            )
        self._begun.touch()

    def write_profiles(self, state: DevState, endpoint_url: str) -> None:
        """Write both AWS files."""
        keys = {ADMIN: state.admin, LIMITED: state.limited}
        config, credentials = [], []
        for name, key in keys.items():
            if key is not None:
                config.append(
                    f"[profile {name}]\nregion = {state.region}\nendpoint_url = {endpoint_url}\n"
                )
                credentials.append(
                    f"[{name}]\naws_access_key_id = {key.access_key_id}\n"
                    f"aws_secret_access_key = {key.secret_access_key}\n"
                )
        replace(self.aws_config, "\n".join(config).encode())
        replace(self.aws_credentials, "\n".join(credentials).encode())

    def write_contract(self, running: Running) -> None:
        """Tell scripts that everything is ready."""
        replace(self.contract, msgspec.json.format(msgspec.json.encode(running)) + b"\n")

    def remove_contract(self) -> None:
        """Tell scripts that it no longer is."""
        self.contract.unlink(missing_ok=True)


def replace(path: Path, data: bytes) -> None:
    """Replace a file as a whole; for us alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.unlink(missing_ok=True)
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    aside.replace(path)


def command_line(running: Running) -> str:
    """Return the one line that opens a shell on the first node."""
    programs = Path(sys.executable).parent
    return (
        f"PATH={shlex.quote(str(programs))}:$PATH"
        f" AWS_CONFIG_FILE={shlex.quote(running.aws_config_file)}"
        f" AWS_SHARED_CREDENTIALS_FILE={shlex.quote(running.aws_shared_credentials_file)}"
        f" aws --profile {running.profiles[LIMITED]}"
        f" ssm start-session --target {running.nodes[0].instance_id}"
    )
