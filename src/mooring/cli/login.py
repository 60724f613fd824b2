"""``mooring login``: ask for a grant, wait for a person's consent, keep it for ``credentials``.

The flow is RFC 8628's. What is kept is one file per profile, for its owner alone; what the AWS CLI
gets is a profile whose ``credential_process`` reads that file and fetches keys of an hour.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mooring.net.http import HttpConnection, HttpError
from mooring.net.tls import TlsError, client_context
from mooring.secret import Secret

__all__ = [
    "Asked",
    "Login",
    "LoginError",
    "LoginServer",
    "credentials_of",
    "login_path",
    "read_login",
    "wait_for_consent",
    "write_login",
]

_DEADLINE_S = 30.0
_MAX_ANSWER = 64 * 1024
_OK = 200
_SLOWER_S = 5
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_PROFILE = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_WORDS = {
    "access_denied": "the request was refused in the browser",
    "expired_token": "the time is over, log in again",
    "invalid_grant": "the login is not good any more, log in again",
    "temporarily_unavailable": "too many wait to log in, try again soon",
}


class LoginError(Exception):
    """There is no login, or none any more."""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a login; ``refresh_token`` is the secret."""

    endpoint_url: str
    ca_file: str
    region: str
    account_id: str
    user_name: str
    refresh_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the server told a program that asks."""

    device_code: Secret
    user_code: str
    url: str
    url_with_code: str
    interval_s: float
    lifetime_s: float


class LoginServer:
    """The sign-in endpoints of one server. For one task."""

    def __init__(self, endpoint_url: str, *, ca_file: str) -> None:
        parts = urlsplit(endpoint_url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise LoginError(f"expected an https url, got `{endpoint_url}`: a secret comes back")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        try:
            self._connection = HttpConnection(
                endpoint_url,
                ssl=client_context(Path(ca_file) if ca_file else None),
                deadline_s=_DEADLINE_S,
                max_body=_MAX_ANSWER,
            )
        except (TlsError, ValueError) as error:
            raise LoginError(str(error)) from error

    async def __aenter__(self) -> LoginServer:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    async def ask(self, client: str) -> Asked:
        """Ask for a grant.

        Raises:
            LoginError: the server said no, or is none of ours.
        """
        told = await self._send("device_authorization", {"client_name": client})
        asked = _read(
            lambda: Asked(
                device_code=Secret(str(told["device_code"])),
                user_code=str(told["user_code"]),
                url=str(told["verification_uri"]),
                url_with_code=str(told["verification_uri_complete"]),
                interval_s=float(told["interval"]),
                lifetime_s=float(told["expires_in"]),
            )
        )
        for url in (asked.url, asked.url_with_code):
            if not url.startswith(f"{self._origin}/"):
                raise LoginError(f"expected a page of `{self._origin}`, got `{url}`")
        return asked

    async def poll(self, asked: Asked) -> Mapping[str, Any] | str:
        """Return the grant, or why there is none (yet)."""
        status, told = await self._exchange(
            "token", {"grant_type": _DEVICE_CODE, "device_code": asked.device_code.reveal()}
        )
        return told if status == _OK else str(told.get("error", "invalid_request"))

    async def keys(self, refresh_token: Secret) -> Mapping[str, Any]:
        """Fetch keys.

        Raises:
            LoginError: the login is not good any more.
        """
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
        return await self._send("token", fields)

    async def revoke(self, refresh_token: Secret) -> None:
        """Give a grant back.

        Raises:
            LoginError: the server cannot be reached.
        """
        await self._send("revoke", {"token": refresh_token.reveal()})

    async def _send(self, name: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        status, told = await self._exchange(name, fields)
        if status != _OK:
            error = str(told.get("error", ""))
            raise LoginError(_WORDS.get(error) or str(told.get("message") or error or status))
        return told

    async def _exchange(
        self, name: str, fields: Mapping[str, str]
    ) -> tuple[int, Mapping[str, Any]]:
        headers = {"content-type": "application/json", "user-agent": "mooring-cli"}
        body = json.dumps(fields).encode()
        try:
            response = await self._connection.request(
                "POST", f"/console/auth/{name}", headers=headers, body=body
            )
        except HttpError as error:
            raise LoginError(str(error)) from error
        try:
            told = json.loads(response.body)
        except ValueError as error:
            raise LoginError(f"expected json, got status {response.status}") from error
        if not isinstance(told, dict):
            raise LoginError("expected a json object, got another value")
        return response.status, told


def _read(make: Callable[[], Asked]) -> Asked:
    try:
        return make()
    except (KeyError, ValueError, TypeError) as error:
        raise LoginError(f"expected a device authorization, got another answer: {error}") from error


async def wait_for_consent(
    server: LoginServer, asked: Asked, *, sleep: Callable[[float], Awaitable[None]]
) -> Mapping[str, Any]:
    """Poll as often as the server wants until a person has said yes.

    Raises:
        LoginError: they said no, or did not say anything in time.
    """
    interval, waited = asked.interval_s, 0.0
    while waited < asked.lifetime_s:
        await sleep(interval)
        waited += interval
        outcome = await server.poll(asked)
        if not isinstance(outcome, str):
            return outcome
        if outcome == "slow_down":
            interval += _SLOWER_S
        elif outcome != "authorization_pending":
            raise LoginError(_WORDS.get(outcome, outcome))
    raise LoginError(_WORDS["expired_token"])


def login_path(folder: Path, profile: str) -> Path:
    """Name the file of a profile's login.

    Raises:
        LoginError: that is no name for a profile here.
    """
    if not _PROFILE.fullmatch(profile):
        raise LoginError(f"expected letters, digits and _.@- as a profile, got `{profile}`")
    return folder / f"{profile}.json"


def write_login(path: Path, login: Login) -> None:
    """Keep a login, whole or not at all, for its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(login))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def read_login(path: Path) -> Login:
    """Read a login back.

    Raises:
        LoginError: there is none, or others could read it.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise LoginError(f"`{path}` can be read by others, expected mode 0600; log in again")
        return msgspec.json.decode(path.read_bytes(), type=Login)
    except FileNotFoundError as error:
        raise LoginError(f"profile `{path.stem}` is not logged in, use `mooring login`") from error
    except msgspec.DecodeError as error:
        raise LoginError(f"`{path}` is damaged; log in again") from error


async def credentials_of(login: Login) -> Mapping[str, object]:
    """Fetch keys in the shape that ``credential_process`` prints.

    Raises:
        LoginError: the login is not good any more.
    """
    async with LoginServer(login.endpoint_url, ca_file=login.ca_file) as server:
        keys = await server.keys(Secret(login.refresh_token))
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    return {"Version": 1, **{name: keys[name] for name in names if name in keys}}
