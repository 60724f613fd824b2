"""REST requests into values: labels of the path, query string, headers, and the body.

Bodies are JSON for both rest-json and rest-xml: of the rest-xml services only ``ssmmessages`` is
ours, and amazon-ssm-agent posts JSON to it and reads XML back.

Source: Smithy's HTTP bindings; botocore's ``BaseRestSerializer``; amazon-ssm-agent,
agent/session/service/service.go.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from mooring.api.protocol.errors import InvalidInput
from mooring.api.protocol.parse_json import decode_json, json_reader, structure_reader
from mooring.api.protocol.parse_query import parse_form
from mooring.api.protocol.request import HttpRequest
from mooring.api.protocol.route import uri_pattern
from mooring.api.protocol.scalars import text_reader

__all__ = ["rest_reader"]

_LABEL = re.compile(r"{([^}+]+)\+?}")
_Step = Callable[[HttpRequest, dict[str, Any]], None]


def rest_reader(operation: OperationModel) -> Callable[[HttpRequest], dict[str, Any]]:
    """Return what reads the input of one operation."""
    shape = operation.input_shape
    if shape is None:
        return _nothing
    steps = [_path_step(operation.http["requestUri"], shape)]
    located = {name: member.serialization.get("location") for name, member in shape.members.items()}
    steps += [
        _LOCATIONS[location](name, shape.members[name])
        for name, location in located.items()
        if location in _LOCATIONS
    ]
    plain = {name: shape.members[name] for name, location in located.items() if not location}
    steps.append(_body_step(shape, plain))

    def read(request: HttpRequest) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for step in steps:
            step(request, out)
        return out

    return read


def _nothing(request: HttpRequest) -> dict[str, Any]:
    del request
    return {}


def _path_step(request_uri: str, shape: StructureShape) -> _Step:
    pattern = uri_pattern(request_uri)
    names = {
        member.serialization.get("name", name): (name, text_reader(member))
        for name, member in shape.members.items()
        if member.serialization.get("location") == "uri"
    }
    readers = [names[label] for label in _LABEL.findall(request_uri.partition("?")[0])]

    def step(request: HttpRequest, out: dict[str, Any]) -> None:
        match = pattern.fullmatch(request.path)
        if match is None:
            raise InvalidInput("the path is not that of the operation")
        for (name, reader), label in zip(readers, match.groups(), strict=True):
            out[name] = reader(_decoded(label))

    return step


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as exc:
        raise InvalidInput("the path is not UTF-8") from exc


def _query_step(name: str, member: Shape) -> _Step:
    key = member.serialization.get("name", name)

    def step(request: HttpRequest, out: dict[str, Any]) -> None:
        texts = [value for found, value in _query_pairs(request.query_string) if found == key]
        if isinstance(member, ListShape) and texts:
            reader = text_reader(member.member)
            out[name] = [reader(text) for text in texts]
        elif texts:
            out[name] = text_reader(member)(texts[0])

    return step


def _query_pairs(query_string: str) -> list[tuple[str, str]]:
    # One pair at a time: a list is a repeated name here, which a form does not allow.
    return [pair for part in query_string.split("&") if part for pair in parse_form(part)]


def _header_step(name: str, member: Shape) -> _Step:
    key = str(member.serialization.get("name", name)).lower()

    def step(request: HttpRequest, out: dict[str, Any]) -> None:
        text = request.headers.get(key)
        if text is None:
            return
        if isinstance(member, ListShape):
            reader = text_reader(member.member)
            out[name] = [reader(item) for item in _listed(text)]
        else:
            out[name] = text_reader(member)(text)

    return step


def _listed(text: str) -> list[str]:
    try:
        return next(csv.reader([text], skipinitialspace=True, escapechar="\\"), [])
    except csv.Error as exc:
        raise InvalidInput("a header is no list of values") from exc


def _headers_step(name: str, member: Shape) -> _Step:
    if not isinstance(member, MapShape):
        raise TypeError(f"member `{name}` is bound to headers, but is no map")
    prefix = str(member.serialization.get("name", name)).lower()

    def step(request: HttpRequest, out: dict[str, Any]) -> None:
        found = {
            key[len(prefix) :]: value
            for key, value in request.headers.items()
            if key.startswith(prefix)
        }
        if found:
            out[name] = found

    return step


def _body_step(shape: StructureShape, plain: Mapping[str, Shape]) -> _Step:
    payload = shape.serialization.get("payload")
    if payload is None:
        read_members = structure_reader(shape, plain)

        def step(request: HttpRequest, out: dict[str, Any]) -> None:
            if plain:
                out.update(read_members(decode_json(request.body)))

        return step
    member = shape.members[payload]
    read_payload = _raw_reader(member) or _json_payload(member)

    def payload_step(request: HttpRequest, out: dict[str, Any]) -> None:
        if request.body:
            out[payload] = read_payload(request.body)

    return payload_step


def _raw_reader(member: Shape) -> Callable[[bytes], Any] | None:
    if member.type_name == "blob":
        return lambda body: body
    return _text_of if member.type_name == "string" else None


def _text_of(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        raise InvalidInput("the body is not UTF-8") from exc


def _json_payload(member: Shape) -> Callable[[bytes], Any]:
    reader = json_reader(member)
    return lambda body: reader(decode_json(body))


_LOCATIONS: Mapping[str | None, Callable[[str, Shape], _Step]] = {
    "querystring": _query_step,
    "header": _header_step,
    "headers": _headers_step,
}
