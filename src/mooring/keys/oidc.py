"""OpenID Connect providers over HTTPS: discovery, signing keys, and the exchange of codes.

Only https is spoken, to servers whose certificate is verified; no redirect is followed, and every
answer has a deadline and a bound. Keys are kept for an hour; a token signed with a key that is
not among them has them fetched again, at most twice a minute. RS256 and ES256 are the only
algorithms: a token that names another, ``none`` included, is refused before any key is tried.

Source: OpenID Connect Discovery 1.0; RFC 7515, 7517 and 7519; RFC 6749 and 7636.
"""

from __future__ import annotations

import base64
import logging
import ssl
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import anyio
import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from mooring.net.http import HttpError, request
from mooring.ports.oidc import CodeGrant, ProviderUnreachable, TokenInvalid
from mooring.ports.world import Clock

__all__ = ["HttpProviders"]

_DISCOVERY = "/.well-known/openid-configuration"
_DEADLINE_S = 5.0
_MAX_BODY = 256 * 1024
_MAX_TOKEN = 20_000
_MAX_KEYS = 100
_MAX_PROVIDERS = 256
_KEEP = timedelta(hours=1)
_AGAIN = timedelta(seconds=30)
_LEAST_RSA_BITS = 2048
_BITS_PER_LETTER = 6
_OK = 200
_CURVE = "P-256"
_log = logging.getLogger(__name__)

_Key = RSAKey | ECKey
_T = TypeVar("_T", bound=msgspec.Struct)


class _Discovery(msgspec.Struct, frozen=True):
    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Jwks(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, object], ...]


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str = ""


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


@dataclass(frozen=True, slots=True)
class _VerifyingKey:
    kid: str
    algorithm: str
    key: _Key


@dataclass(slots=True)
class _Provider:
    """What is known of one provider; ``failed_at`` keeps a dead one from being asked each time."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    discovery: _Discovery | None = None
    keys: Sequence[_VerifyingKey] = ()
    fetched_at: datetime | None = None
    failed_at: datetime | None = None


class HttpProviders:
    """Implements ``ports.oidc.IdentityProviders``."""

    def __init__(self, clock: Clock, *, trust: ssl.SSLContext) -> None:
        self._clock = clock
        self._trust = trust
        self._providers: OrderedDict[str, _Provider] = OrderedDict()

    async def claims(self, issuer: str, token: str) -> Mapping[str, object]:
        """Return the claims of an ID token that the provider signed; no claim is judged.

        Raises:
            ProviderUnreachable: its keys could not be fetched.
            TokenInvalid: it did not sign the token by RS256 or ES256.
        """
        header = _header(token)
        provider = await self._find(issuer)
        candidates = _candidates(provider.keys, header)
        if not candidates:
            provider = await self._find(issuer, older_than=_AGAIN)
            candidates = _candidates(provider.keys, header)
        for candidate in candidates:
            payload = _verified(token, candidate)
            if payload is not None:
                return payload
        raise TokenInvalid("no key of the provider signed the token")

    async def authorization_endpoint(self, issuer: str) -> str:
        """Return where browsers are sent to sign in.

        Raises:
            ProviderUnreachable: it does not say.
        """
        return _endpoint((await self._discovered(issuer)).authorization_endpoint)

    async def redeem(self, issuer: str, grant: CodeGrant) -> str:
        """Change a code for an ID token.

        Raises:
            ProviderUnreachable: it did not answer.
            TokenInvalid: it refused the code.
        """
        discovery = await self._discovered(issuer)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        form = {
            "grant_type": "authorization_code",
            "code": grant.code.reveal(),
            "redirect_uri": grant.redirect_uri,
            "code_verifier": grant.verifier.reveal(),
            "client_id": grant.client_id,
        }
        secret = grant.client_secret.reveal()
        if "client_secret_basic" in discovery.token_endpoint_auth_methods_supported:
            pair = f"{quote(grant.client_id, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_secret"] = secret
        status, body = await self._ask(
            "POST",
            _endpoint(discovery.token_endpoint),
            headers=headers,
            body=urlencode(form).encode(),
        )
        if status != _OK:
            raise TokenInvalid(f"the provider refused the code with status {status}")
        return _decoded(body, _Tokens).id_token

    async def _discovered(self, issuer: str) -> _Discovery:
        discovery = (await self._find(issuer)).discovery
        if discovery is None:
            raise ProviderUnreachable(f"{issuer} did not answer")
        return discovery

    async def _find(self, issuer: str, *, older_than: timedelta = _KEEP) -> _Provider:
        """Return a provider; what is known of it is fetched anew when it is as old as that."""
        provider = self._providers.setdefault(issuer, _Provider())
        self._providers.move_to_end(issuer)
        while len(self._providers) > _MAX_PROVIDERS:
            self._providers.popitem(last=False)
        async with provider.lock:
            now = self._clock.now()
            if provider.fetched_at is None or now - provider.fetched_at >= older_than:
                await self._fetch(issuer, provider, now)
        return provider

    async def _fetch(self, issuer: str, provider: _Provider, now: datetime) -> None:
        if provider.failed_at is not None and now - provider.failed_at < _AGAIN:
            raise ProviderUnreachable(f"{issuer} did not answer")
        try:
            discovery = await self._discover(issuer)
            keys = _keys(_decoded(await self._get(discovery.jwks_uri), _Jwks))
        except ProviderUnreachable as exc:
            provider.failed_at = now
            _log.warning("identity_provider_failed", extra={"issuer": issuer, "reason": str(exc)})
            raise
        provider.discovery, provider.keys = discovery, keys
        provider.fetched_at, provider.failed_at = now, None

    async def _discover(self, issuer: str) -> _Discovery:
        found = _decoded(await self._get(issuer.rstrip("/") + _DISCOVERY), _Discovery)
        if found.issuer != issuer:
            raise ProviderUnreachable(f"{issuer} says it is `{found.issuer}`")
        return found

    async def _get(self, url: str) -> bytes:
        status, body = await self._ask("GET", url, headers={}, body=b"")
        if status != _OK:
            raise ProviderUnreachable(f"{url} answered with status {status}")
        return body

    async def _ask(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        _endpoint(url)
        try:
            response = await request(
                method,
                url,
                headers={"accept": "application/json", **headers},
                body=body,
                ssl=self._trust,
                deadline_s=_DEADLINE_S,
                max_body=_MAX_BODY,
            )
        except (HttpError, ValueError) as exc:
            raise ProviderUnreachable(str(exc)) from exc
        return response.status, response.body


def _endpoint(url: str) -> str:
    """Return an endpoint that may be called."""
    try:
        parts = urlsplit(url)
    except ValueError as exc:
        raise ProviderUnreachable("a provider names an endpoint that is no URL") from exc
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise ProviderUnreachable(f"a provider names an endpoint `{url}`, expected https")
    return url


def _decoded(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as exc:
        raise ProviderUnreachable(f"a provider's answer cannot be read: {exc}") from exc


def _header(token: str) -> _Header:
    head, _, rest = token.partition(".")
    if len(token) > _MAX_TOKEN or rest.count(".") != 1:
        raise TokenInvalid("not a signed token in compact form")
    try:
        text = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
        return msgspec.json.decode(text, type=_Header)
    except (ValueError, msgspec.DecodeError, RecursionError) as exc:
        raise TokenInvalid("the token's header cannot be read") from exc


def _keys(jwks: _Jwks) -> Sequence[_VerifyingKey]:
    """Return the keys that verify by RS256 or ES256; others are none of ours."""
    found = (_verifying(raw) for raw in jwks.keys[:_MAX_KEYS])
    return [key for key in found if key is not None]


def _verifying(raw: dict[str, object]) -> _VerifyingKey | None:
    kid, kind = raw.get("kid", ""), raw.get("kty")
    if not isinstance(kid, str) or raw.get("use", "sig") != "sig":
        return None
    public = {name: value for name, value in raw.items() if isinstance(value, str) and name != "d"}
    try:
        if kind == "RSA" and len(public["n"]) * _BITS_PER_LETTER >= _LEAST_RSA_BITS:
            rsa = RSAKey.import_key({"kty": "RSA", "n": public["n"], "e": public["e"]})
            is_strong = rsa.raw_value.key_size >= _LEAST_RSA_BITS
            return _VerifyingKey(kid, "RS256", rsa) if is_strong else None
        if kind == "EC" and raw.get("crv") == _CURVE:
            ec = ECKey.import_key({"kty": "EC", "crv": _CURVE, "x": public["x"], "y": public["y"]})
            return _VerifyingKey(kid, "ES256", ec)
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return None


def _candidates(keys: Sequence[_VerifyingKey], header: _Header) -> list[_VerifyingKey]:
    fitting = [key for key in keys if key.algorithm == header.alg]
    return [key for key in fitting if key.kid == header.kid] if header.kid else fitting


def _verified(token: str, candidate: _VerifyingKey) -> dict[str, object] | None:
    try:
        signed = jws.deserialize_compact(token, candidate.key, algorithms=[candidate.algorithm])
    except (JoseError, ValueError):
        return None
    try:
        return msgspec.json.decode(signed.payload, type=dict[str, object])
    except msgspec.DecodeError as exc:
        raise TokenInvalid("the token's claims cannot be read") from exc
