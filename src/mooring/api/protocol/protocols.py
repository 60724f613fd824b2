"""The door between HTTP and operations: name the call, read its input, write its output.

Readers and writers are made when an operation is first called and kept: there are no more of them
than operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import ServiceModel

from mooring.api.protocol.error_bodies import error_response
from mooring.api.protocol.errors import (
    Fault,
    InvalidInput,
    UnknownOperation,
    WireError,
    fault_error,
)
from mooring.api.protocol.models import load_service_models
from mooring.api.protocol.parse import RequestReader, request_reader
from mooring.api.protocol.request import HttpRequest, HttpResponse
from mooring.api.protocol.route import Call, Router
from mooring.api.protocol.serialize import ResponseWriter, response_writer

__all__ = ["Protocols"]

# What a peer speaks is unknown when no service is meant; every AWS client can read this.
_FALLBACK = "json"


class Protocols:
    """All services that the models describe.

    Args:
        extra_models: our own models by service name, see ``models.load_extra_models``.
    """

    def __init__(self, extra_models: Mapping[str, Mapping[str, Any]]) -> None:
        self._models = load_service_models(extra_models)
        self._router = Router(self._models)
        self._readers: dict[tuple[str, str], RequestReader] = {}
        self._writers: dict[tuple[str, str], ResponseWriter] = {}

    def service_model(self, service: str) -> ServiceModel:
        """Return the model of a service."""
        return self._models[service]

    def call(self, service: str, operation: str) -> Call:
        """Return the call of that name, for whoever needs no HTTP request to name it.

        Raises:
            UnknownOperation: the service lacks it.
        """
        return self._router.call(service, operation)

    def identify(self, request: HttpRequest) -> Call:
        """Return which operation of which service a request means.

        Raises:
            UnknownOperation: none that the models know.
        """
        return self._router.identify(request)

    def parse_input(self, call: Call, request: HttpRequest) -> dict[str, Any]:
        """Return the input, in the model's spelling and Python's types.

        Raises:
            InvalidInput: the request does not fit the model.
        """
        key = (call.service, call.operation)
        reader = self._readers.get(key)
        if reader is None:
            reader = self._readers[key] = request_reader(call.model, call.protocol)
        return reader(request)

    def serialize_output(
        self, call: Call, output: Mapping[str, Any], request_id: str
    ) -> HttpResponse:
        """Return the response that carries an output.

        Raises:
            LocalProtocolError: the output does not fit the model.
        """
        key = (call.service, call.operation)
        writer = self._writers.get(key)
        if writer is None:
            writer = self._writers[key] = response_writer(call.model, call.protocol)
        return writer(output, request_id)

    def fault_error(
        self, service: str | None, fault: Fault, message: str | None = None
    ) -> WireError:
        """Return a fault in the words of a service; ``None`` when no service is meant."""
        return fault_error(self._protocol_of(service), fault, message)

    def refusal_error(
        self, service: str | None, refusal: InvalidInput | UnknownOperation
    ) -> WireError:
        """Return what a refusal of this package is on the wire."""
        fault = refusal.fault
        return self.fault_error(service, fault, str(refusal))

    def serialize_error(
        self, service: str | None, error: WireError, request_id: str
    ) -> HttpResponse:
        """Return the response that carries an error; ``None`` when no service is meant."""
        model = None if service is None else self._models[service]
        return error_response(self._protocol_of(service), model, error, request_id)

    def _protocol_of(self, service: str | None) -> str:
        return _FALLBACK if service is None else self._models[service].protocol
