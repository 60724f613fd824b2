"""An error's bytes: body, status and headers, per protocol.

Sources: the AWS JSON, query, EC2 and REST protocol pages of Smithy, and responses recorded from
AWS. amazon-ssm-agent searches the REST-XML body for the literal ``<AccessDeniedException>``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec.json
from botocore.model import ServiceModel, StructureShape

from mooring.api.protocol.errors import WireError
from mooring.api.protocol.request import HttpResponse
from mooring.api.protocol.serialize_json import compile_members
from mooring.api.protocol.xml_text import escape

__all__ = ["error_response"]


def error_response(
    protocol: str, model: ServiceModel | None, error: WireError, request_id: str
) -> HttpResponse:
    """Return the response that carries an error; ``model`` is absent when no service is meant."""
    body, headers = _WRITERS[protocol](model, error, request_id)
    every = (*headers, ("x-amzn-requestid", request_id), ("content-length", str(len(body))))
    return HttpResponse(status=error.status, headers=every, body=body)


_Headers = tuple[tuple[str, str], ...]


def _members(model: ServiceModel | None, error: WireError) -> dict[str, Any]:
    """Return the message and the further members under the names that the model gives them."""
    shape = None if model is None else _error_shape(model, error.code)
    if shape is None:
        key = "Message" if error.code.startswith("AccessDenied") else "message"
        return {key: error.message}
    key = next((name for name in shape.members if name.lower() == "message"), "message")
    further = {name: member for name, member in shape.members.items() if name != key}
    return {key: error.message, **compile_members(further)(error.fields)}


def _error_shape(model: ServiceModel, code: str) -> StructureShape | None:
    for shape in model.error_shapes:
        if isinstance(shape, StructureShape) and code in (shape.error_code, shape.name):
            return shape
    return None


def _json(model: ServiceModel | None, error: WireError, request_id: str) -> tuple[bytes, _Headers]:
    del request_id
    version = "1.1" if model is None else model.metadata.get("jsonVersion", "1.1")
    body = {"__type": error.code, **_members(model, error)}
    return msgspec.json.encode(body), (("content-type", f"application/x-amz-json-{version}"),)


def _rest_json(
    model: ServiceModel | None, error: WireError, request_id: str
) -> tuple[bytes, _Headers]:
    del request_id
    body = msgspec.json.encode(_members(model, error))
    return body, (("content-type", "application/json"), ("x-amzn-errortype", error.code))


def _query(model: ServiceModel | None, error: WireError, request_id: str) -> tuple[bytes, _Headers]:
    namespace = "" if model is None else model.metadata.get("xmlNamespace", "")
    side = "Sender" if error.status < 500 else "Receiver"
    text = (
        f'<ErrorResponse xmlns="{escape(namespace)}"><Error><Type>{side}</Type>'
        f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{escape(request_id)}</RequestId></ErrorResponse>"
    )
    return text.encode(), (("content-type", "text/xml"),)


def _ec2(model: ServiceModel | None, error: WireError, request_id: str) -> tuple[bytes, _Headers]:
    del model
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
        f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        f"</Error></Errors><RequestID>{escape(request_id)}</RequestID></Response>"
    )
    return text.encode(), (("content-type", "text/xml;charset=UTF-8"),)


def _rest_xml(
    model: ServiceModel | None, error: WireError, request_id: str
) -> tuple[bytes, _Headers]:
    del model, request_id
    code = escape(error.code)
    text = f"<{code}><Message>{escape(error.message)}</Message></{code}>"
    headers = (("content-type", "application/xml"), ("x-amzn-errortype", error.code))
    return text.encode(), headers


_WRITERS: Mapping[str, Callable[[ServiceModel | None, WireError, str], tuple[bytes, _Headers]]] = {
    "json": _json,
    "query": _query,
    "ec2": _ec2,
    "rest-json": _rest_json,
    "rest-xml": _rest_xml,
}
