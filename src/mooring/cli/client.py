"""A small signed client: JSON 1.1 calls to the services that we serve.

Errors keep the code and the words of the server, as every AWS client shows them.

Source: AWS JSON 1.1 protocol (smithy.io); botocore for how an error is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from mooring.cli.account import Account
from mooring.net.http import HttpConnection, HttpError, Response
from mooring.net.tls import TlsError, client_context
from mooring.wire.sigv4 import SignedRequest, SigningIdentity, sign_headers

__all__ = ["MOORING", "SSM", "ApiError", "Client", "Service", "Unreachable"]

_DEADLINE_S = 30.0
_MAX_ANSWER = 64 * 1024 * 1024
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service: how its targets begin, and for what name requests are signed."""

    target_prefix: str
    signing_name: str


SSM = Service(target_prefix="AmazonSSM", signing_name="ssm")
MOORING = Service(target_prefix="Mooring_20261124", signing_name="mooring")


class ApiError(Exception):
    """The server said no."""

    def __init__(self, code: str, message: str, *, status: int, operation: str) -> None:
        super().__init__(
            f"An error occurred ({code}) when calling the {operation} operation: {message}"
        )
        self.code = code
        self.status = status


class Unreachable(Exception):
    """No answer came that could be read."""


class Client:
    """Calls one server over one connection. For one task."""

    def __init__(self, account: Account, *, now: Callable[[], datetime]) -> None:
        self._account = account
        self._now = now
        try:
            ssl = client_context(Path(account.ca_file) if account.ca_file else None)
            self._connection = HttpConnection(
                account.endpoint_url, ssl=ssl, deadline_s=_DEADLINE_S, max_body=_MAX_ANSWER
            )
        except (TlsError, ValueError) as error:
            raise Unreachable(str(error)) from error

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    async def call(
        self, service: Service, operation: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Call one operation.

        Raises:
            ApiError: the server refused.
            Unreachable: there is no server, or not one of these.
        """
        response = await self._send("POST", "/", service, operation, json.dumps(body).encode())
        if response.status != _OK:
            raise _error(response, operation)
        return _object(response.body)

    async def get(self, path: str) -> bytes:
        """Read a public page of the server."""
        try:
            response = await self._connection.request("GET", path, headers={}, body=b"")
        except HttpError as error:
            raise Unreachable(str(error)) from error
        if response.status != _OK:
            raise Unreachable(f"expected status 200 from `{path}`, got {response.status}")
        return response.body

    async def _send(
        self, method: str, path: str, service: Service, operation: str, body: bytes
    ) -> Response:
        key = self._account.key()
        headers = {
            "host": urlsplit(self._account.endpoint_url).netloc.rpartition("@")[2],
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{service.target_prefix}.{operation}",
        }
        identity = SigningIdentity(
            access_key_id=key.access_key_id,
            secret_access_key=key.secret_access_key.reveal(),
            security_token=key.session_token.reveal() if key.session_token else None,
            region=self._account.region,
            service=service.signing_name,
        )
        request = SignedRequest(method=method, path=path, headers=headers, body=body)
        signed = headers | sign_headers(request, identity, self._now())
        try:
            return await self._connection.request(method, path, headers=signed, body=body)
        except HttpError as error:
            raise Unreachable(str(error)) from error


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise Unreachable("expected an answer in json, got another kind") from error
    if not isinstance(value, dict):
        raise Unreachable("expected a json object as the answer, got another value")
    return value


def _error(response: Response, operation: str) -> ApiError:
    try:
        body = _object(response.body)
    except Unreachable:
        body = {}
    kind = str(body.get("__type") or response.headers.get("x-amzn-errortype") or "")
    code = kind.rpartition("#")[2].partition(":")[0] or str(response.status)
    message = body.get("message") or body.get("Message") or f"status {response.status}"
    return ApiError(code, str(message), status=response.status, operation=operation)
