"""An operation's output into a response, one writer per operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec.json
from botocore.model import OperationModel, Shape, StructureShape

from mooring.api.protocol.request import HttpResponse
from mooring.api.protocol.serialize_json import compile_json, compile_members, time_text
from mooring.api.protocol.serialize_xml import (
    compile_xml,
    ec2_document,
    query_document,
    structure_writer,
)

__all__ = ["ResponseWriter", "response_writer"]

ResponseWriter = Callable[[Mapping[str, Any], str], HttpResponse]
_Headers = list[tuple[str, str]]


def response_writer(operation: OperationModel, protocol: str) -> ResponseWriter:
    """Return what makes the response of an operation from its output and the request id."""
    return _PROTOCOLS[protocol](operation)


def _response(
    status: int, content_type: str, body: bytes, request_id: str, more: _Headers | None = None
) -> HttpResponse:
    headers = [
        ("x-amzn-requestid", request_id),
        ("content-type", content_type),
        ("content-length", str(len(body))),
    ]
    return HttpResponse(status=status, headers=tuple(headers + (more or [])), body=body)


def _json(operation: OperationModel) -> ResponseWriter:
    content_type = f"application/x-amz-json-{operation.metadata.get('jsonVersion', '1.1')}"
    shape = operation.output_shape
    write = compile_members({}) if shape is None else compile_json(shape)
    encode = msgspec.json.Encoder().encode

    def respond(output: Mapping[str, Any], request_id: str) -> HttpResponse:
        return _response(200, content_type, encode(write(output)), request_id)

    return respond


def _query(operation: OperationModel) -> ResponseWriter:
    document = query_document(operation)

    def respond(output: Mapping[str, Any], request_id: str) -> HttpResponse:
        return _response(200, "text/xml", document(output, request_id).encode(), request_id)

    return respond


def _ec2(operation: OperationModel) -> ResponseWriter:
    document = ec2_document(operation)

    def respond(output: Mapping[str, Any], request_id: str) -> HttpResponse:
        body = document(output, request_id).encode()
        return _response(200, "text/xml;charset=UTF-8", body, request_id)

    return respond


_BodyWriter = Callable[[Mapping[str, Any]], bytes]


def _rest_json(operation: OperationModel) -> ResponseWriter:
    return _rest(operation, "application/json", _json_members, _json_payload)


def _rest_xml(operation: OperationModel) -> ResponseWriter:
    return _rest(operation, "application/xml", _xml_members, _xml_payload)


def _rest(
    operation: OperationModel,
    content_type: str,
    members_writer: Callable[[StructureShape, Mapping[str, Shape]], _BodyWriter],
    payload_writer: Callable[[str, Shape], _BodyWriter],
) -> ResponseWriter:
    shape = operation.output_shape
    usual = int(operation.http.get("responseCode", 200))
    located: dict[str, Shape] = {}
    write_body: _BodyWriter = lambda output: b""  # noqa: ARG005, E731 - an output without members
    if shape is not None:
        located = {n: m for n, m in shape.members.items() if m.serialization.get("location")}
        payload = shape.serialization.get("payload")
        plain = {n: m for n, m in shape.members.items() if n not in located}
        write_body = (
            payload_writer(payload, shape.members[payload])
            if payload is not None
            else members_writer(shape, plain)
        )

    def respond(output: Mapping[str, Any], request_id: str) -> HttpResponse:
        status, headers = usual, []
        for name, member in located.items():
            value = output.get(name)
            if value is not None and member.serialization["location"] == "statusCode":
                status = int(value)
            elif value is not None:
                headers += _header_lines(name, member, value)
        body = write_body({n: v for n, v in output.items() if n not in located})
        return _response(status, content_type, body, request_id, headers)

    return respond


def _header_lines(name: str, member: Shape, value: Any) -> _Headers:  # noqa: ANN401 - modelled
    key = str(member.serialization.get("name", name)).lower()
    if member.type_name == "map":
        return [(f"{key}{part}".lower(), str(text)) for part, text in value.items()]
    if member.type_name == "timestamp":
        return [(key, time_text(value, member.serialization.get("timestampFormat", "rfc822")))]
    if member.type_name == "boolean":
        return [(key, "true" if value else "false")]
    if member.type_name == "list":
        return [(key, ",".join(str(item) for item in value))]
    return [(key, str(value))]


def _json_members(shape: StructureShape, plain: Mapping[str, Shape]) -> _BodyWriter:
    del shape
    write = compile_members(plain)
    return lambda output: msgspec.json.encode(write(output))


def _json_payload(name: str, member: Shape) -> _BodyWriter:
    if member.type_name in ("blob", "string"):
        return lambda output: _raw(output.get(name, b""))
    write = compile_json(member)
    return lambda output: msgspec.json.encode(write(output.get(name, {})))


def _raw(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _xml_members(shape: StructureShape, plain: Mapping[str, Shape]) -> _BodyWriter:
    root = str(shape.serialization.get("name", shape.name))
    write = structure_writer(plain)

    def body(output: Mapping[str, Any]) -> bytes:
        out = [f'<?xml version="1.0" encoding="UTF-8"?><{root}>']
        write(output, out)
        out.append(f"</{root}>")
        return "".join(out).encode()

    return body


def _xml_payload(name: str, member: Shape) -> _BodyWriter:
    if member.type_name in ("blob", "string"):
        return lambda output: _raw(output.get(name, b""))
    write = compile_xml(member, str(member.serialization.get("name", name)))

    def body(output: Mapping[str, Any]) -> bytes:
        out: list[str] = []
        if name in output:
            write(output[name], out)
        return "".join(out).encode()

    return body


_PROTOCOLS: Mapping[str, Callable[[OperationModel], ResponseWriter]] = {
    "json": _json,
    "query": _query,
    "ec2": _ec2,
    "rest-json": _rest_json,
    "rest-xml": _rest_xml,
}
