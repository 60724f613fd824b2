"""What goes wrong at the door, and its name in each protocol.

One table says which code, status and text a fault has in each protocol family; AWS's services
differ in all three. Sources: responses recorded from AWS and the "Common Errors" pages of the
Systems Manager, IAM, STS and EC2 API references; texts keep AWS's wording.

``InvalidInput`` and ``UnknownOperation`` are raised by this package; ``WireError`` is a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from mooring.wire.errors import RemoteProtocolError

__all__ = ["Fault", "InvalidInput", "UnknownOperation", "WireError", "fault_error"]


class Fault(StrEnum):
    """A refusal or failure that any operation can answer with."""

    ACCESS_DENIED = "access_denied"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    SKEWED = "skewed"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of a fault
    BAD_TOKEN = "bad_token"  # noqa: S105 - the name of a fault
    MISSING_AUTH = "missing_auth"
    MALFORMED_AUTH = "malformed_auth"
    UNKNOWN_OPERATION = "unknown_operation"
    INVALID_INPUT = "invalid_input"
    MISSING_INPUT = "missing_input"
    MALFORMED_INPUT = "malformed_input"
    INTERNAL = "internal"
    THROTTLED = "throttled"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireError:
    """An error as it goes to the peer; ``fields`` are the error's further modelled members."""

    code: str
    message: str
    status: int
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class InvalidInput(RemoteProtocolError):
    """The request cannot be read as its operation's input; ``str()`` is the text for the peer."""

    def __init__(self, message: str, fault: Fault = Fault.MALFORMED_INPUT) -> None:
        super().__init__(message)
        self.fault = fault


class UnknownOperation(RemoteProtocolError):
    """No operation of ours is meant; ``service`` is the one addressed, if that much is clear."""

    fault = Fault.UNKNOWN_OPERATION

    def __init__(self, service: str | None, message: str = "") -> None:
        super().__init__(message)
        self.service = service


# Columns: json, query, ec2, rest (rest-json and rest-xml alike).
_COLUMNS = {"json": 0, "query": 1, "ec2": 2, "rest-json": 3, "rest-xml": 3}
_AUTH_FAILURE = (401, "AuthFailure")
_ROWS: Mapping[Fault, tuple[tuple[int, str], ...]] = {
    Fault.ACCESS_DENIED: (
        (400, "AccessDeniedException"),
        (403, "AccessDenied"),
        (403, "UnauthorizedOperation"),
        (403, "AccessDeniedException"),
    ),
    Fault.UNKNOWN_KEY: (
        (400, "UnrecognizedClientException"),
        (403, "InvalidClientTokenId"),
        _AUTH_FAILURE,
        (403, "UnrecognizedClientException"),
    ),
    Fault.BAD_SIGNATURE: (
        (400, "InvalidSignatureException"),
        (403, "SignatureDoesNotMatch"),
        _AUTH_FAILURE,
        (403, "InvalidSignatureException"),
    ),
    Fault.SKEWED: (
        (400, "InvalidSignatureException"),
        (403, "SignatureDoesNotMatch"),
        _AUTH_FAILURE,
        (403, "InvalidSignatureException"),
    ),
    Fault.EXPIRED_TOKEN: (
        (400, "ExpiredTokenException"),
        (403, "ExpiredToken"),
        (400, "RequestExpired"),
        (403, "ExpiredTokenException"),
    ),
    Fault.BAD_TOKEN: (
        (400, "UnrecognizedClientException"),
        (403, "InvalidClientTokenId"),
        _AUTH_FAILURE,
        (403, "UnrecognizedClientException"),
    ),
    Fault.MISSING_AUTH: (
        (400, "MissingAuthenticationTokenException"),
        (403, "MissingAuthenticationToken"),
        _AUTH_FAILURE,
        (403, "MissingAuthenticationTokenException"),
    ),
    Fault.MALFORMED_AUTH: (
        (400, "IncompleteSignatureException"),
        (400, "IncompleteSignature"),
        _AUTH_FAILURE,
        (403, "IncompleteSignatureException"),
    ),
    Fault.UNKNOWN_OPERATION: (
        (400, "UnknownOperationException"),
        (400, "InvalidAction"),
        (400, "InvalidAction"),
        (404, "UnknownOperationException"),
    ),
    Fault.INVALID_INPUT: (
        (400, "ValidationException"),
        (400, "ValidationError"),
        (400, "InvalidParameterValue"),
        (400, "ValidationException"),
    ),
    Fault.MISSING_INPUT: (
        (400, "ValidationException"),
        (400, "ValidationError"),
        (400, "MissingParameter"),
        (400, "ValidationException"),
    ),
    Fault.MALFORMED_INPUT: (
        (400, "SerializationException"),
        (400, "MalformedInput"),
        (400, "InvalidParameterValue"),
        (400, "SerializationException"),
    ),
    Fault.INTERNAL: (
        (500, "InternalServerError"),
        (500, "ServiceFailure"),
        (500, "InternalError"),
        (500, "InternalServerException"),
    ),
    Fault.THROTTLED: (
        (400, "ThrottlingException"),
        (400, "Throttling"),
        (503, "RequestLimitExceeded"),
        (429, "ThrottlingException"),
    ),
}

_INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 - a text
_TEXTS: Mapping[Fault, str] = {
    Fault.ACCESS_DENIED: "You are not authorized to perform this operation.",
    Fault.UNKNOWN_KEY: _INVALID_TOKEN,
    Fault.BAD_SIGNATURE: (
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details."
    ),
    Fault.SKEWED: "Signature expired",
    Fault.EXPIRED_TOKEN: "The security token included in the request is expired",
    Fault.BAD_TOKEN: _INVALID_TOKEN,
    Fault.MISSING_AUTH: "Missing Authentication Token",
    Fault.MALFORMED_AUTH: "The request signature does not conform to AWS standards.",
    Fault.UNKNOWN_OPERATION: "",
    Fault.INVALID_INPUT: "The input fails to satisfy the constraints of the operation.",
    Fault.MISSING_INPUT: "A required parameter is missing.",
    Fault.MALFORMED_INPUT: "The input could not be read.",
    Fault.INTERNAL: "An internal error occurred.",
    Fault.THROTTLED: "Rate exceeded",
}

# EC2 tells nobody what was wrong with a signature, so these stand whatever the caller says.
_NOT_VALIDATED = "AWS was not able to validate the provided access credentials"
_EC2_TEXTS: Mapping[Fault, str] = {
    Fault.UNKNOWN_KEY: _NOT_VALIDATED,
    Fault.BAD_SIGNATURE: _NOT_VALIDATED,
    Fault.SKEWED: _NOT_VALIDATED,
    Fault.BAD_TOKEN: _NOT_VALIDATED,
    Fault.MISSING_AUTH: _NOT_VALIDATED,
    Fault.MALFORMED_AUTH: _NOT_VALIDATED,
    Fault.EXPIRED_TOKEN: "Request has expired.",
    Fault.THROTTLED: "Request limit exceeded.",
}


def fault_error(protocol: str, fault: Fault, message: str | None = None) -> WireError:
    """Return a fault in the words of a protocol; ``message`` replaces the usual text.

    Args:
        protocol: a botocore protocol name.
        fault: what happened.
        message: the particular text, where the protocol lets one through.
    """
    status, code = _ROWS[fault][_COLUMNS[protocol]]
    text = message if message is not None else _TEXTS[fault]
    if protocol == "ec2":
        text = _EC2_TEXTS.get(fault, text)
    elif protocol == "query" and fault is Fault.MISSING_AUTH:
        text = "Request is missing Authentication Token"
    return WireError(code=code, message=text, status=status)
