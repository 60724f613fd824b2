"""The front door as clients knock at it: botocore makes and signs requests, and reads answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.model import OperationModel
from tests.api.protocol.shapes import MODELS, read_by_botocore, sent_by_botocore
from tests.fakes.world import REGION, FakeWorld

from mooring.api.chain import Chain
from mooring.api.operations import OPERATIONS
from mooring.api.protocol.models import load_extra_models
from mooring.api.protocol.protocols import Protocols
from mooring.api.protocol.request import HttpRequest, HttpResponse
from mooring.iam.identity import User

__all__ = ["PROTOCOLS", "Answer", "Door", "Keys", "sign_at", "signed", "unsigned"]

PROTOCOLS = Protocols(load_extra_models())


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What a client signs with."""

    access_key_id: str
    secret: str
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a client reads; ``code`` is empty for a success."""

    status: int
    code: str
    message: str
    output: Mapping[str, Any]
    response: HttpResponse


def sign_at(signer: Any, request: AWSRequest, now: datetime) -> None:  # noqa: ANN401 - either
    """Do what the signer's ``add_auth`` does, at a time of ours."""
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))


def unsigned(service: str, operation: str, given: Mapping[str, Any]) -> HttpRequest:
    """Return the request that botocore makes of an input."""
    model = MODELS[service]
    is_agents_own = model.protocol == "rest-xml"
    made = (_sent_by_agent if is_agents_own else sent_by_botocore)(
        model.operation_model(operation), given
    )
    host = f"{model.endpoint_prefix}.{REGION}.mooring.example:8443"
    return replace(made, headers={**made.headers, "host": host})


def _sent_by_agent(operation: OperationModel, given: Mapping[str, Any]) -> HttpRequest:
    """Agents send these bodies as JSON, although they read XML."""
    shape = operation.input_shape
    assert shape is not None
    in_path = {name for name in given if shape.members[name].serialization.get("location") == "uri"}
    body = {name: value for name, value in given.items() if name not in in_path}
    return HttpRequest(
        method=operation.http["method"],
        path=operation.http["requestUri"].format(**given),
        headers={"content-type": "application/json"},
        body=json.dumps(body).encode(),
        secure=True,
        peer="127.0.0.1",
    )


def _read_by_agent(response: HttpResponse) -> dict[str, str]:
    """Agents know an error by the name of the body's root."""
    found = re.fullmatch(r"<(\w+)><Message>(.*)</Message></\1>", response.body.decode(), re.DOTALL)
    assert found is not None, response.body
    return {"Code": found[1], "Message": found[2]}


def signed(
    request: HttpRequest,
    keys: Keys,
    *,
    name: str,
    now: datetime,
    region: str = REGION,
    presigned_for_s: int | None = None,
) -> HttpRequest:
    """Return the request with botocore's signature for the service that signs as ``name``."""
    query = f"?{request.query_string}" if request.query_string else ""
    theirs = AWSRequest(
        method=request.method,
        url=f"https://{request.headers['host']}{request.path}{query}",
        headers=dict(request.headers),
        data=request.body,
    )
    credentials = Credentials(keys.access_key_id, keys.secret, keys.token)
    if presigned_for_s is None:
        sign_at(SigV4Auth(credentials, name, region), theirs, now)
    else:
        signer = SigV4QueryAuth(credentials, name, region, expires=presigned_for_s)
        sign_at(signer, theirs, now)
    return replace(
        request,
        query_string=urlsplit(str(theirs.url)).query,
        headers={key.lower(): value for key, value in theirs.headers.items()},
    )


class Door:
    """The chain of a world, and the clients before it."""

    def __init__(self, world: FakeWorld) -> None:
        self.world = world
        self.chain = Chain(world.world, PROTOCOLS, OPERATIONS)

    async def keys(self, user: User) -> Keys:
        """Make a key for a user."""
        key_id, secret = await self.world.access_key(user)
        return Keys(access_key_id=key_id, secret=secret)

    async def send(self, request: HttpRequest, service: str, operation: str) -> Answer:
        """Send a request and read the answer as the operation's."""
        response = await self.chain.answer(request)
        model = MODELS[service]
        shape = None
        if operation in model.operation_names:
            shape = model.operation_model(operation).output_shape
        parsed = read_by_botocore(model.protocol, response, shape)
        error = parsed.get("Error", {}) if response.status >= 300 else {}
        if error and model.protocol == "rest-xml":
            error = _read_by_agent(response)
        return Answer(
            status=response.status,
            code=error.get("Code", ""),
            message=error.get("Message", ""),
            output=parsed,
            response=response,
        )

    async def call(
        self, keys: Keys | None, service: str, operation: str, given: Mapping[str, Any]
    ) -> Answer:
        """Call an operation, unsigned when there are no keys."""
        request = unsigned(service, operation, given)
        if keys is not None:
            name = MODELS[service].signing_name
            request = signed(request, keys, name=name, now=self.world.clock.now())
        return await self.send(request, service, operation)
