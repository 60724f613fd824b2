"""Make this machine a node: one unsigned call that proves itself by an activation code.

The new key exists before the call, and what was there before stays until the call has
succeeded: a wrong code costs nothing.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mooring import __version__
from mooring.agent.api import Api, Endpoint, unsigned
from mooring.agent.identity import (
    NotRegistered,
    Registration,
    load_registration,
    new_private_key,
    public_key,
    save_registration,
)
from mooring.agent.setup import trust
from mooring.agent.state import StateDir
from mooring.agent.world import World
from mooring.net.tls import fetch_ca, pin_ca
from mooring.secret import Secret
from mooring.wire.ids import parse_node_id

__all__ = ["CA_PATH", "AlreadyRegistered", "RegisterRequest", "register"]

CA_PATH = "/mooring/ca.pem"
"""Where a server hands out its authority's certificate; it is worth what its fingerprint says."""

_DEFAULT_REGION = "us-east-1"
_REGION_IN_HOST = re.compile(r"(?:ssm|ssmmessages)\.([a-z0-9-]{1,100})\..+")
_FETCH_S = 15.0


class AlreadyRegistered(Exception):
    """There is a registration, and nobody said that it may go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRequest:
    """What a person gives to make a node."""

    endpoint: Endpoint
    activation_id: str
    activation_code: Secret
    region: str = ""
    """Empty: as the host says, else as the server says."""
    ca_file: Path | None = None
    ca_fingerprint: str = ""
    force: bool = False


async def register(request: RegisterRequest, state: StateDir, world: World) -> Registration:
    """Register this machine and write the registration down.

    Raises:
        AlreadyRegistered: it is a node already.
        ApiRefused: the server does not take the activation.
        HttpError: the server does not answer.
        TlsError: its authority is not the one that was named.
        OSError: the state cannot be written.
    """
    state.create()
    _refuse_overwriting(request, state)
    pem = await _authority(request)
    private_key = new_private_key()
    # Seen before the code is spent: a state that cannot be written must not cost a registration.
    state.write("ca.pem.new", pem.encode())
    try:
        context = trust(request.endpoint, state.path / "ca.pem.new" if pem else None)
        api = Api(endpoint=request.endpoint, ssl=context, world=world, version=__version__)
        fingerprint = str(world.new_id())
        answer = await api.call(
            "RegisterManagedInstance",
            {
                "ActivationCode": request.activation_code.reveal(),
                "ActivationId": request.activation_id,
                "PublicKey": public_key(private_key),
                "PublicKeyType": "Rsa",
                "Fingerprint": fingerprint,
            },
            unsigned,
        )
    finally:
        state.remove("ca.pem.new")
    registration = Registration(
        node_id=parse_node_id(answer.text("InstanceId")),
        region=_region(request) or answer.text_or("Region", "") or _DEFAULT_REGION,
        endpoint=request.endpoint.url,
        fingerprint=fingerprint,
        private_key=private_key,
    )
    _settle(state, registration, pem)
    return registration


def _refuse_overwriting(request: RegisterRequest, state: StateDir) -> None:
    with contextlib.suppress(NotRegistered):
        existing = load_registration(state)
        if not request.force:
            raise AlreadyRegistered(
                f"this machine is `{existing.node_id}` already; `--force` makes it a new node"
            )


async def _authority(request: RegisterRequest) -> str:
    """Return the certificate to trust, in PEM; empty for the machine's authorities."""
    if not request.endpoint.is_secure:
        return ""
    if request.ca_file is not None:
        pem = request.ca_file.read_text("ascii", "replace")
        return pin_ca(pem, request.ca_fingerprint) if request.ca_fingerprint else pem
    if request.ca_fingerprint:
        url = f"{request.endpoint.url}{CA_PATH}"
        return await fetch_ca(url, request.ca_fingerprint, deadline_s=_FETCH_S)
    return ""


def _region(request: RegisterRequest) -> str:
    if request.region:
        return request.region
    found = _REGION_IN_HOST.fullmatch(urlsplit(request.endpoint.url).hostname or "")
    return found[1] if found else ""


def _settle(state: StateDir, registration: Registration, pem: str) -> None:
    # Credentials of a former node are worth nothing to this one.
    state.remove("credentials.json")
    if pem:
        state.write("ca.pem", pem.encode())
    else:
        state.remove("ca.pem")
    save_registration(state, registration)
