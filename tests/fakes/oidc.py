"""Identity providers in memory, and one that listens: tokens, keys, codes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from mooring.ports.oidc import CodeGrant, ProviderUnreachable, TokenInvalid

__all__ = ["FakeProviders", "ListeningProvider", "listening", "token_of"]


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token_of(issuer: str, **claims: object) -> str:
    """Return a token that ``FakeProviders`` takes for the issuer's."""
    body = f"{_part({'alg': 'RS256'})}.{_part({'iss': issuer, **claims})}"
    return f"{body}.{_signature(issuer, body)}"


def _signature(issuer: str, body: str) -> str:
    return hashlib.sha256(f"{issuer} {body}".encode()).hexdigest()


class FakeProviders:
    """Implements ``ports.oidc.IdentityProviders``; knows every issuer that is not ``down``.

    ``codes`` are the tokens that codes stand for, once each; ``redeemed`` is what was asked.
    """

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.codes: dict[str, str] = {}
        self.redeemed: list[CodeGrant] = []

    async def claims(self, issuer: str, token: str) -> Mapping[str, object]:
        """Return the claims of a token of ``token_of``."""
        self._reach(issuer)
        body, _, signature = token.rpartition(".")
        if signature != _signature(issuer, body):
            raise TokenInvalid("not signed by the provider")
        payload = body.partition(".")[2]
        found: Mapping[str, object] = json.loads(
            base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        )
        return found

    async def authorization_endpoint(self, issuer: str) -> str:
        """Return a page of the issuer's."""
        self._reach(issuer)
        return f"{issuer}/authorize"

    async def redeem(self, issuer: str, grant: CodeGrant) -> str:
        """Return the code's token, once."""
        self._reach(issuer)
        self.redeemed.append(grant)
        token = self.codes.pop(grant.code.reveal(), None)
        if token is None:
            raise TokenInvalid("no such code")
        return token

    def _reach(self, issuer: str) -> None:
        if issuer in self.down:
            raise ProviderUnreachable(issuer)


class ListeningProvider:
    """A provider behind TLS on loopback. ``pages`` and ``status`` can be changed by a test."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"})
        self.status = 200
        self.id_token = "a.b.c"  # noqa: S105 - no token at all
        self.asked: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.authorizations: list[str] = []
        self.discovery: dict[str, object] = {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/keys",
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
        }
        self.keys: list[dict[str, object]] = [
            dict(self.rsa.as_dict(private=False)),
            dict(self.ec.as_dict(private=False)),
        ]

    def token(self, algorithm: str = "RS256", *, kid: str = "", **claims: object) -> str:
        """Sign claims."""
        key = self.ec if algorithm == "ES256" else self.rsa
        header = {"alg": algorithm, "kid": kid or str(key.kid)}
        payload = json.dumps({"iss": self.issuer, **claims})
        return jws.serialize_compact(header, payload, key, algorithms=[algorithm])

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and hang up."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")
        path = lines[0].split(" ")[1]
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(path)
        content = json.dumps(self._page(path, headers, body)).encode()
        writer.write(
            f"HTTP/1.1 {self.status} x\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content
        )
        await writer.drain()
        writer.close()

    def _page(self, path: str, headers: Mapping[str, str], body: bytes) -> object:
        if path.endswith("/.well-known/openid-configuration"):
            return self.discovery
        if path.endswith("/keys"):
            return {"keys": self.keys}
        self.forms.append(parse_qs(body.decode()))
        self.authorizations.append(headers.get("authorization", ""))
        return {"access_token": "x", "id_token": self.id_token}


@asynccontextmanager
async def listening(context: ssl.SSLContext) -> AsyncIterator[ListeningProvider]:
    """Serve a provider on loopback."""
    found: list[ListeningProvider] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await found[0].answer(reader, writer)

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found.append(ListeningProvider(f"https://127.0.0.1:{port}/realm"))
        yield found[0]
