"""Who this node is: its id, its RSA key, and where its server is; one file, replaced whole.

The key, the id and the key that may follow are in one file, so that no crash can leave an
id without its key. A new key is written down before the server hears of it, and the old one stays
until the new one has worked.

Source: amazon-ssm-agent, agent/managedInstances: RSA-2048, PKCS 1 DER in base64 for the private
and SubjectPublicKeyInfo DER in base64 for the public key.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from mooring.agent.state import StateDir
from mooring.secret import Secret
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.ids import NodeId, parse_node_id
from mooring.wire.json_object import JsonObject, JsonValue, write_json

__all__ = [
    "NotRegistered",
    "Registration",
    "check_keys",
    "load_registration",
    "new_private_key",
    "public_key",
    "save_registration",
    "sign",
]

_FILE = "registration.json"
_KEY_BITS = 2048
_EXPONENT = 65537
_SALT_BYTES = 32


class NotRegistered(Exception):
    """This node has no registration, or none that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One node at one server. ``next_private_key`` is a rotation that has not worked yet."""

    node_id: NodeId
    region: str
    endpoint: str
    fingerprint: str
    private_key: Secret
    next_private_key: Secret | None = None

    @property
    def keys(self) -> tuple[Secret, ...]:
        """The keys that may be the right one, the newest first."""
        following = () if self.next_private_key is None else (self.next_private_key,)
        return (*following, self.private_key)

    def settled_on(self, key: Secret) -> Registration:
        """Return the registration after ``key`` has worked."""
        if key == self.private_key:
            return self
        return replace(self, private_key=key, next_private_key=None)


def new_private_key() -> Secret:
    """Make a key; takes a moment."""
    key = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_KEY_BITS)
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return Secret(base64.b64encode(der).decode())


def public_key(private_key: Secret) -> str:
    """Return the public half as servers take it."""
    public = _load(private_key).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def sign(private_key: Secret, text: str) -> str:
    """Sign a text: RSASSA-PSS with SHA-256 and a salt of 32 bytes, in base64."""
    scheme = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=_SALT_BYTES)
    return base64.b64encode(_load(private_key).sign(text.encode(), scheme, SHA256())).decode()


def check_keys(registration: Registration) -> None:
    """See whether the keys are keys; not done by loading, since it costs a process 5 MB.

    Raises:
        NotRegistered: one of them is damaged.
    """
    for key in registration.keys:
        try:
            _load(key)
        except ValueError as error:
            raise NotRegistered(f"the private key of this node is damaged: {error}") from error


def load_registration(state: StateDir) -> Registration:
    """Read the registration.

    Raises:
        NotRegistered: there is none, or the file is damaged.
    """
    text = state.read(_FILE)
    if text is None:
        raise NotRegistered(f"no registration in `{state.path}`; run `mooring-agent register`")
    try:
        return _parse(text)
    except RemoteProtocolError as error:
        raise NotRegistered(f"`{state.path / _FILE}` cannot be read: {error}") from error


def save_registration(state: StateDir, registration: Registration) -> None:
    """Write the registration down."""
    fields: dict[str, JsonValue] = {
        "NodeId": registration.node_id,
        "Region": registration.region,
        "Endpoint": registration.endpoint,
        "Fingerprint": registration.fingerprint,
        "PrivateKey": registration.private_key.reveal(),
    }
    if registration.next_private_key is not None:
        fields["NextPrivateKey"] = registration.next_private_key.reveal()
    state.write(_FILE, write_json(fields))


def _parse(text: bytes) -> Registration:
    body = JsonObject.parse(text, what="registration")
    following = body.text_or("NextPrivateKey", "")
    return Registration(
        node_id=parse_node_id(body.text("NodeId")),
        region=body.text("Region"),
        endpoint=body.text("Endpoint"),
        fingerprint=body.text("Fingerprint"),
        private_key=Secret(body.text("PrivateKey")),
        next_private_key=Secret(following) if following else None,
    )


def _load(private_key: Secret) -> rsa.RSAPrivateKey:
    key = load_der_private_key(base64.b64decode(private_key.reveal()), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("expected an RSA key")  # noqa: TRY004  # a bad value, not a bad type
    return key
