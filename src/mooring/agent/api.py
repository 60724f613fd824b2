"""Signed calls to the server: JSON operations, and the token that opens a channel.

=====================================  =================================================
RegisterManagedInstance                not signed; the activation code is the proof
RequestManagedInstanceRoleToken,       signed with the node's RSA key, the node id in
UpdateManagedInstancePublicKey         place of an access key id
all else, and both channels            signed with the role credentials got by these
=====================================  =================================================

Source: amazon-ssm-agent, agent/ssm and agent/session/service; ``mooring.wire.sigv4``.
"""

from __future__ import annotations

import html
import re
import ssl as ssl_module
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from mooring.agent.identity import Registration, sign
from mooring.agent.world import World
from mooring.net.http import Response, request
from mooring.secret import Secret
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, JsonValue, write_json
from mooring.wire.sigv4 import (
    SignedRequest,
    SigningIdentity,
    authorization_header,
    draft,
    sign_headers,
)

__all__ = [
    "Api",
    "ApiRefused",
    "ChannelKind",
    "ChannelToken",
    "Endpoint",
    "RoleKeys",
    "Signer",
    "retry_after_s",
    "role_signer",
    "rsa_signer",
    "unsigned",
]

_TIMEOUT_S = 15.0
_MAX_ANSWER = 1024 * 1024
_JSON = "application/x-amz-json-1.1"
_TOKEN = re.compile(rb"<TokenValue>([^<]{1,8192})</TokenValue>")
_RETRY_AFTER = "x-mooring-retry-after-ms"
_MOST_RETRY_AFTER_MS = 24 * 3600 * 1000

Signer: TypeAlias = Callable[[SignedRequest, World], Mapping[str, str]]


class ApiRefused(Exception):
    """The server answered, and the answer is no."""

    def __init__(
        self, *, status: int, code: str, message: str, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s


class ChannelKind(StrEnum):
    """The two kinds of channel, as they stand in paths."""

    CONTROL = "control-channel"
    DATA = "data-channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleKeys:
    """Keys of the node's role, as SigV4 wants them."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelToken:
    """What opens a channel once, and over what time to come back when it breaks, if said."""

    value: Secret
    spread_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server's services are, given the one URL that people know."""

    url: str

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Check an URL.

        Raises:
            ValueError: it is not http or https with a host and nothing behind it.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ValueError(f"expected an http:// or https:// url, got `{url}`")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(f"expected an url without a path, got `{url}`")
        return cls(url=f"{parts.scheme}://{parts.netloc}")

    @property
    def is_secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.url.startswith("https:")

    @property
    def messages_url(self) -> str:
        """The message gateway: where `ssm.` names the service, `ssmmessages.` names it."""
        return self.url.replace("://ssm.", "://ssmmessages.", 1)

    def channel_url(self, kind: ChannelKind, name: str) -> str:
        """Return where the token of a channel is to be had."""
        return f"{self.messages_url}/v1/{kind}/{quote(name, safe='')}"

    def websocket_url(self, kind: ChannelKind, name: str) -> str:
        """Return where a channel is opened."""
        query = {
            ChannelKind.CONTROL: "role=subscribe&stream=input",
            ChannelKind.DATA: "role=publish_subscribe",
        }[kind]
        return f"ws{self.channel_url(kind, name).removeprefix('http')}?{query}"


def unsigned(request: SignedRequest, world: World) -> Mapping[str, str]:  # noqa: ARG001
    """Sign nothing."""
    return {}


def role_signer(keys: RoleKeys, *, region: str, service: str) -> Signer:
    """Sign as the node's role."""
    identity = SigningIdentity(
        access_key_id=keys.access_key_id,
        secret_access_key=keys.secret_access_key.reveal(),
        security_token=keys.session_token.reveal() or None,
        region=region,
        service=service,
    )
    return lambda request, world: sign_headers(request, identity, world.datetime())


def rsa_signer(registration: Registration, key: Secret) -> Signer:
    """Sign as the node itself."""
    identity = SigningIdentity(
        access_key_id=registration.node_id, region=registration.region, service="ssm"
    )

    def signer(request: SignedRequest, world: World) -> Mapping[str, str]:
        added, credential, text = draft(request, identity, world.datetime())
        return {**added, "authorization": authorization_header(credential, sign(key, text))}

    return signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A server, and how to trust it."""

    endpoint: Endpoint
    ssl: ssl_module.SSLContext | None
    world: World
    version: str

    async def call(
        self, operation: str, fields: Mapping[str, JsonValue], signer: Signer
    ) -> JsonObject:
        """Call an operation of `ssm`.

        Raises:
            ApiRefused: the server says no.
            HttpError: it does not answer, or not in HTTP.
            RemoteProtocolError: its answer is no JSON object.
        """
        headers = {"content-type": _JSON, "x-amz-target": f"AmazonSSM.{operation}"}
        response = await self._post(f"{self.endpoint.url}/", headers, write_json(fields), signer)
        if response.status != 200:
            raise _refusal(response)
        return JsonObject.parse(response.body or b"{}", what=f"answer to {operation}")

    async def channel_token(self, kind: ChannelKind, name: str, signer: Signer) -> ChannelToken:
        """Get the token that opens a channel once; raises like ``call``."""
        fields: dict[str, JsonValue] = {
            "MessageSchemaVersion": "1.0",
            "RequestId": str(self.world.new_id()),
        }
        if kind is ChannelKind.DATA:
            fields["ClientId"] = ""
        response = await self._post(
            self.endpoint.channel_url(kind, name),
            {"content-type": "application/json"},
            write_json(fields),
            signer,
        )
        if response.status != 201:
            raise _refusal(response)
        token = _TOKEN.search(response.body)
        if token is None:
            raise RemoteProtocolError("answer has no `TokenValue`")
        return ChannelToken(
            value=Secret(html.unescape(token[1].decode("utf-8", "replace"))),
            spread_s=retry_after_s(response.headers),
        )

    def websocket_headers(self, url: str, signer: Signer) -> Mapping[str, str]:
        """Return the signed headers of an upgrade."""
        return self._signed("GET", url, {}, b"", signer)

    async def _post(
        self, url: str, headers: Mapping[str, str], body: bytes, signer: Signer
    ) -> Response:
        return await request(
            "POST",
            url,
            headers=self._signed("POST", url, headers, body, signer),
            body=body,
            ssl=self.ssl,
            deadline_s=_TIMEOUT_S,
            max_body=_MAX_ANSWER,
        )

    def _signed(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, signer: Signer
    ) -> Mapping[str, str]:
        parts = urlsplit(url)
        signed = SignedRequest(
            method=method,
            path=parts.path,
            query_string=parts.query,
            headers={**headers, "host": parts.netloc},
            body=body,
        )
        agent = {"user-agent": f"mooring-agent/{self.version}"}
        return {**headers, **agent, **signer(signed, self.world)}


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read how long the server asks us to wait, at most a day."""
    text = headers.get(_RETRY_AFTER, "")
    if not text.isdecimal() or len(text) > 12:
        return None
    return min(int(text), _MOST_RETRY_AFTER_MS) / 1000


def _refusal(response: Response) -> ApiRefused:
    """Read a refusal, in JSON or in XML, or say what came instead."""
    wait_s = retry_after_s(response.headers)
    text = response.body.decode("utf-8", "replace")
    try:
        body = JsonObject.parse(response.body, what="error")
        code = body.text_or("__type", "").rpartition("#")[2]
        message = body.text_or("message", "") or body.text_or("Message", "")
    except RemoteProtocolError:
        found = re.search(r"<Code>([^<]{1,128})</Code>", text)
        said = re.search(r"<Message>([^<]{0,1024})</Message>", text)
        code = found[1] if found else ""
        message = html.unescape(said[1]) if said else text[:200]
    return ApiRefused(
        status=response.status,
        code=code or f"http status {response.status}",
        message=message,
        retry_after_s=wait_s,
    )
