"""The node's role credentials: asked for with its RSA key, renewed at half of their life.

They lie in a file for the session processes, which outlive the agent and then renew them
themselves. A rotation of the key goes through these steps, each of which may be the last before a
power cut:

1. the new key is written down beside the old one
2. the server is told, signed with the old key; it takes both until the new one is used
3. a token is asked for with the new key; when that works, the old key is forgotten

So whoever finds two keys tries the new one, and the old one when it is refused; if the old one
works, the server has never heard of the new one, and step 2 is due.

Source: amazon-ssm-agent, agent/managedInstances/rolecreds and common/identity/.../onpremprovider.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from mooring.agent.api import Api, ApiRefused, RoleKeys, Signer, role_signer, rsa_signer
from mooring.agent.identity import (
    Registration,
    load_registration,
    new_private_key,
    public_key,
    save_registration,
)
from mooring.agent.state import StateDir
from mooring.secret import Secret
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, write_json

__all__ = ["CredentialSource", "Credentials"]

logger = logging.getLogger(__name__)

_FILE = "credentials.json"
_SPARE_S = 60.0
_FRESH_S = 30.0
_SHORTEST_S = 1.0
_LONGEST_LIFE_S = 366 * 24 * 3600
_REFUSED = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Keys of the node's role, and when they begin and end in seconds since the epoch."""

    keys: RoleKeys
    issued_at: int
    expires_at: int

    @property
    def renew_at(self) -> float:
        """When half of their life is over."""
        return (self.issued_at + self.expires_at) / 2

    def are_usable(self, now: float) -> bool:
        """Tell whether a request signed now will be taken."""
        return now < self.expires_at - _SPARE_S


class CredentialSource:
    """Keeps credentials for one process, and shares them with the others through the state."""

    def __init__(self, api: Api, state: StateDir, *, rotates_key: bool) -> None:
        """Of all processes of a node, one rotates its key: the agent's main process."""
        self._api = api
        self._state = state
        self._rotates_key = rotates_key
        self._current: Credentials | None = None

    async def signer(self, service: str) -> Signer:
        """Return what signs requests to a service now; may ask the server for credentials.

        Raises:
            ApiRefused: the server refuses this node.
            HttpError: it does not answer.
            NotRegistered: the registration is gone.
        """
        now = self._api.world.now()
        if self._current is None or now >= self._current.renew_at:
            self._current = self._load() or self._current
        if self._current is None or not self._current.are_usable(now):
            self._current = await self.renew()
        return self._signer(self._current, service)

    async def renewed_signer(self, service: str) -> Signer:
        """Return what signs with credentials that are brand new; raises like ``signer``."""
        return self._signer(await self.renew(), service)

    def may_be_stale(self) -> bool:
        """Tell whether our credentials are so old that a refusal may be due to them."""
        current = self._current
        return current is None or self._api.world.now() - current.issued_at > _FRESH_S

    def _signer(self, credentials: Credentials, service: str) -> Signer:
        region = load_registration(self._state).region
        return role_signer(credentials.keys, region=region, service=service)

    async def keep_fresh(self) -> float:
        """Renew when half of their life is over; return the seconds until then."""
        now = self._api.world.now()
        current = self._current or self._load()
        if current is None or now >= current.renew_at:
            current = await self.renew()
        self._current = current
        return max(_SHORTEST_S, current.renew_at - self._api.world.now())

    async def renew(self) -> Credentials:
        """Ask for new credentials, and settle a rotation of the key; raises like ``signer``."""
        registration = load_registration(self._state)
        key, answer = await self._ask(registration)
        if self._rotates_key:
            wanted = registration.next_private_key is not None or answer.is_true("UpdateKeyPair")
            if key == registration.private_key and wanted and await self._rotate(registration):
                registration = load_registration(self._state)
                key, answer = await self._ask(registration)
            if key != registration.private_key:
                save_registration(self._state, registration.settled_on(key))
                logger.info("key_rotated", extra={"node_id": registration.node_id})
        credentials = _credentials(answer, int(self._api.world.now()))
        self._state.write(_FILE, _written(credentials))
        self._current = credentials
        return credentials

    async def _ask(self, registration: Registration) -> tuple[Secret, JsonObject]:
        """Ask with each key that may be the right one; return the one that is."""
        refusal: ApiRefused | None = None
        for key in registration.keys:
            try:
                return key, await self._api.call(
                    "RequestManagedInstanceRoleToken",
                    {"Fingerprint": registration.fingerprint},
                    rsa_signer(registration, key),
                )
            except ApiRefused as error:
                if error.status not in _REFUSED:
                    raise
                refusal = refusal or error
        assert refusal is not None  # noqa: S101  # there is always one key
        raise refusal

    async def _rotate(self, registration: Registration) -> bool:
        """Tell the server of a new key; tells whether it knows it now."""
        following = registration.next_private_key
        if following is None:
            following = new_private_key()
            save_registration(self._state, replace(registration, next_private_key=following))
        try:
            await self._api.call(
                "UpdateManagedInstancePublicKey",
                {"NewPublicKey": public_key(following), "NewPublicKeyType": "Rsa"},
                rsa_signer(registration, registration.private_key),
            )
        except ApiRefused as error:
            # The credentials at hand are good; the next renewal tries again.
            logger.warning(
                "key_rotation_refused",
                extra={"node_id": registration.node_id, "error_code": error.code},
            )
            return False
        return True

    def _load(self) -> Credentials | None:
        text = self._state.read(_FILE)
        if text is None:
            return None
        try:
            body = JsonObject.parse(text, what="credentials")
            return Credentials(
                keys=_keys(body),
                issued_at=body.integer("IssuedAt"),
                expires_at=body.integer("ExpiresAt"),
            )
        except RemoteProtocolError:
            return None


def _credentials(answer: JsonObject, now: int) -> Credentials:
    expires_at = answer.value("TokenExpirationDate")
    if isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
        raise RemoteProtocolError("`TokenExpirationDate` is not a time")
    if not now < expires_at < now + _LONGEST_LIFE_S:
        raise RemoteProtocolError(f"`TokenExpirationDate` is {expires_at:g}, and now is {now}")
    return Credentials(keys=_keys(answer), issued_at=now, expires_at=int(expires_at))


def _keys(body: JsonObject) -> RoleKeys:
    return RoleKeys(
        access_key_id=body.text("AccessKeyId"),
        secret_access_key=Secret(body.text("SecretAccessKey")),
        session_token=Secret(body.text("SessionToken")),
    )


def _written(credentials: Credentials) -> bytes:
    return write_json(
        {
            "AccessKeyId": credentials.keys.access_key_id,
            "SecretAccessKey": credentials.keys.secret_access_key.reveal(),
            "SessionToken": credentials.keys.session_token.reveal(),
            "IssuedAt": credentials.issued_at,
            "ExpiresAt": credentials.expires_at,
        }
    )
