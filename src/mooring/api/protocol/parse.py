"""A request into an operation's input, one reader per operation: read first, then validate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import OperationModel, StructureShape

from mooring.api.protocol.errors import InvalidInput
from mooring.api.protocol.parse_json import decode_json, json_reader
from mooring.api.protocol.parse_query import parse_form, read_form
from mooring.api.protocol.parse_rest import rest_reader
from mooring.api.protocol.request import HttpRequest
from mooring.api.protocol.route import form_of
from mooring.api.protocol.validate import compile_check, refuse_violations

__all__ = ["RequestReader", "request_reader"]

RequestReader = Callable[[HttpRequest], dict[str, Any]]


def request_reader(operation: OperationModel, protocol: str) -> RequestReader:
    """Return what makes the input of an operation from a request.

    The reader raises InvalidInput, and nothing else, for whatever a peer may send.
    """
    read = _PROTOCOLS[protocol](operation)
    shape = operation.input_shape
    check = None if shape is None else compile_check(shape)

    def read_and_check(request: HttpRequest) -> dict[str, Any]:
        try:
            found = read(request)
            violations: list[tuple[str, bool]] = []
            if check is not None:
                check(found, (), violations)
        except RecursionError as exc:
            raise InvalidInput("the input is nested too deep") from exc
        refuse_violations(violations, protocol=protocol)
        return found

    return read_and_check


def _json(operation: OperationModel) -> RequestReader:
    shape = operation.input_shape
    if shape is None:
        return _nothing
    read = json_reader(shape)
    return lambda request: dict(read(decode_json(request.body)))


def _nothing(request: HttpRequest) -> dict[str, Any]:
    del request
    return {}


def _query(operation: OperationModel) -> RequestReader:
    return _form(operation.input_shape, ec2=False)


def _ec2(operation: OperationModel) -> RequestReader:
    return _form(operation.input_shape, ec2=True)


def _form(shape: StructureShape | None, *, ec2: bool) -> RequestReader:
    if shape is None:
        return _nothing
    return lambda request: read_form(parse_form(form_of(request)), shape, ec2=ec2)


_PROTOCOLS: Mapping[str, Callable[[OperationModel], RequestReader]] = {
    "json": _json,
    "query": _query,
    "ec2": _ec2,
    "rest-json": rest_reader,
    "rest-xml": rest_reader,
}
