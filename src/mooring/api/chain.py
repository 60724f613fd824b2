"""The life of a request, the same for every operation.

1. parse: which service and operation is meant
2. authenticate: who signed it
3. read its input, as the service model says
4. authorize and dispatch: the use case asks the policies before it looks or acts
5. audit: the use case wrote its event with its change; otherwise it is written here
6. serialize the output, or the error

Whatever goes wrong at any step becomes an error of the caller's own protocol in one place.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from mooring.api.audit_text import audit_text
from mooring.api.authenticate import authenticate
from mooring.api.errors import refused_error
from mooring.api.protocol.errors import Fault, InvalidInput, UnknownOperation, WireError
from mooring.api.protocol.protocols import Protocols
from mooring.api.protocol.request import HttpRequest, HttpResponse
from mooring.api.protocol.route import Call as NamedCall
from mooring.api.registry import Operation
from mooring.operations.call import Call
from mooring.operations.caller import Caller
from mooring.operations.problems import OperationRefused
from mooring.operations.session_use import check_use
from mooring.operations.world import World
from mooring.ports.store import StoreUnavailable
from mooring.wire.errors import LocalProtocolError
from mooring.wire.sigv4 import Refusal, SignatureRefused

__all__ = ["Chain"]

_SIGNATURE_FAULTS = {
    Refusal.MISSING: Fault.MISSING_AUTH,
    Refusal.MALFORMED: Fault.MALFORMED_AUTH,
    Refusal.SKEWED: Fault.SKEWED,
}
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Progress:
    """How far a request has come, for the error that may end it."""

    request_id: str
    service: str | None = None
    call: Call | None = None


class Chain:
    """Answers requests."""

    def __init__(
        self,
        world: World,
        protocols: Protocols,
        operations: Mapping[str, Mapping[str, Operation]],
    ) -> None:
        self._world = world
        self._protocols = protocols
        self._operations = operations

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Return the response; never raises but for cancellation."""
        progress = _Progress(str(self._world.entropy.uuid()))
        try:
            named, operation = self._parse(request, progress)
            caller = await self._authenticate(request, named, operation)
            call = progress.call = self._open(named, operation, caller, progress)
            given = self._protocols.parse_input(named, request)
            call.request = audit_text(given, named.model.input_shape)
            check_use(call)
            output = await operation.handler(call, given)
            await call.record()
            return self._protocols.serialize_output(named, output, progress.request_id)
        except Exception as exc:  # noqa: BLE001 - the one place where every error is answered
            return await self._refuse(exc, progress)

    def _parse(self, request: HttpRequest, progress: _Progress) -> tuple[NamedCall, Operation]:
        named = self._protocols.identify(request)
        progress.service = named.service
        operation = self._operations.get(named.service, {}).get(named.operation)
        if operation is None:
            raise UnknownOperation(named.service, f"Operation {named.operation} is not known.")
        return named, operation

    async def _authenticate(
        self, request: HttpRequest, named: NamedCall, operation: Operation
    ) -> Caller:
        signing_name = self._protocols.service_model(named.service).signing_name
        return await authenticate(
            self._world, request, signing_name=signing_name, proof=operation.proof
        )

    def _open(
        self, named: NamedCall, operation: Operation, caller: Caller, progress: _Progress
    ) -> Call:
        return Call(
            world=self._world,
            caller=caller,
            service=named.service,
            name=named.operation,
            request_id=progress.request_id,
            event_id=str(self._world.entropy.uuid()),
            time=self._world.clock.now(),
            read_only=operation.is_read_only,
        )

    async def _refuse(self, exc: Exception, progress: _Progress) -> HttpResponse:
        if isinstance(exc, UnknownOperation):
            progress.service = exc.service  # as far as it was clear, for the answer's protocol
        error = self._error(exc, progress)
        if progress.call is not None:
            try:
                await progress.call.record(error_code=error.code, error_message=error.message)
            except StoreUnavailable:
                _log.exception("audit_unavailable", extra={"request_id": progress.request_id})
        return self._protocols.serialize_error(progress.service, error, progress.request_id)

    def _error(self, exc: Exception, progress: _Progress) -> WireError:
        protocols, service = self._protocols, progress.service
        if isinstance(exc, OperationRefused) and service is not None:
            return refused_error(protocols, service, exc)
        if isinstance(exc, InvalidInput | UnknownOperation):
            return protocols.refusal_error(service, exc)
        if isinstance(exc, SignatureRefused):
            fault = _SIGNATURE_FAULTS.get(exc.reason, Fault.BAD_SIGNATURE)
            return protocols.fault_error(service, fault, str(exc) or None)
        _log.error("request_failed", extra={"request_id": progress.request_id}, exc_info=exc)
        what = "store" if isinstance(exc, StoreUnavailable) else "server"
        text = f"The {what} could not answer. Request id: {progress.request_id}"
        if isinstance(exc, LocalProtocolError):
            text = f"The answer could not be written. Request id: {progress.request_id}"
        return protocols.fault_error(service, Fault.INTERNAL, text)
