"""Refusals of use cases as AWS errors: one table, the only place that knows both.

Codes and statuses are those of the Systems Manager, IAM and EC2 API references. A problem that
a service does not know, and any error that is nobody's refusal, is an internal error with an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.api.organization_errors import organization_error
from mooring.api.protocol.errors import Fault, WireError
from mooring.api.protocol.protocols import Protocols
from mooring.operations.organization_problems import OrganizationRefused
from mooring.operations.problems import OperationRefused, Problem

__all__ = ["refused_error"]

_FAULTS: Mapping[Problem, Fault] = {
    Problem.ACCESS_DENIED: Fault.ACCESS_DENIED,
    Problem.UNKNOWN_KEY: Fault.UNKNOWN_KEY,
    Problem.EXPIRED_TOKEN: Fault.EXPIRED_TOKEN,
    Problem.INVALID_VALUE: Fault.INVALID_INPUT,
    Problem.TOO_MANY_UPDATES: Fault.THROTTLED,
    Problem.UNAVAILABLE: Fault.INTERNAL,
}

_CODES: Mapping[Problem, tuple[int, str]] = {
    Problem.TARGET_NOT_CONNECTED: (400, "TargetNotConnected"),
    Problem.INVALID_DOCUMENT: (400, "InvalidDocument"),
    Problem.INVALID_DOCUMENT_CONTENT: (400, "InvalidDocumentContent"),
    Problem.INVALID_DOCUMENT_OPERATION: (400, "InvalidDocumentOperation"),
    Problem.INVALID_DOCUMENT_SCHEMA_VERSION: (400, "InvalidDocumentSchemaVersion"),
    Problem.INVALID_DOCUMENT_VERSION: (400, "InvalidDocumentVersion"),
    Problem.INVALID_PARAMETERS: (400, "InvalidParameters"),
    Problem.INVALID_RESOURCE_ID: (400, "InvalidResourceId"),
    Problem.INVALID_RESOURCE_TYPE: (400, "InvalidResourceType"),
    Problem.TOO_MANY_TAGS: (400, "TooManyTagsError"),
    Problem.DOCUMENT_EXISTS: (400, "DocumentAlreadyExists"),
    Problem.DOCUMENT_LIMIT: (400, "DocumentLimitExceeded"),
    Problem.DOCUMENT_PERMISSION_LIMIT: (400, "DocumentPermissionLimit"),
    Problem.DOCUMENT_TOO_LARGE: (400, "MaxDocumentSizeExceeded"),
    Problem.DOCUMENT_VERSION_LIMIT: (400, "DocumentVersionLimitExceeded"),
    Problem.DUPLICATE_CONTENT: (400, "DuplicateDocumentContent"),
    Problem.DUPLICATE_VERSION_NAME: (400, "DuplicateDocumentVersionName"),
    Problem.INVALID_ACTIVATION: (400, "InvalidActivation"),
    Problem.INVALID_ACTIVATION_ID: (400, "InvalidActivationId"),
    Problem.INVALID_NODE_ID: (400, "InvalidInstanceId"),
    Problem.INSTANCE_UNKNOWN: (400, "InvalidInstanceID.NotFound"),
    Problem.INVALID_FILTER: (400, "InvalidFilter"),
    Problem.INVALID_FILTER_KEY: (400, "InvalidFilterKey"),
    Problem.INVALID_FILTER_VALUE: (400, "InvalidFilterValue"),
    Problem.INVALID_NEXT_TOKEN: (400, "InvalidNextToken"),
    Problem.INVALID_LOOKUP_ATTRIBUTES: (400, "InvalidLookupAttributesException"),
    Problem.INVALID_LOOKUP_TOKEN: (400, "InvalidNextTokenException"),
    Problem.INVALID_TIME_RANGE: (400, "InvalidTimeRangeException"),
    Problem.INVALID_ROLE: (400, "ValidationException"),
    Problem.SESSION_UNKNOWN: (400, "DoesNotExistException"),
    Problem.SESSION_TERMINATED: (400, "SessionTerminatedException"),
    Problem.RECORDING_UNKNOWN: (400, "ResourceNotFoundException"),
    Problem.SUBJECT_UNKNOWN: (400, "ResourceNotFoundException"),
    Problem.NO_SUCH_ENTITY: (404, "NoSuchEntity"),
    Problem.ENTITY_EXISTS: (409, "EntityAlreadyExists"),
    Problem.DELETE_CONFLICT: (409, "DeleteConflict"),
    Problem.LIMIT_EXCEEDED: (409, "LimitExceeded"),
    Problem.INVALID_INPUT: (400, "InvalidInput"),
    Problem.REPORT_ABSENT: (410, "ReportNotPresent"),
    Problem.REPORT_EXPIRED: (410, "ReportExpired"),
    Problem.MALFORMED_POLICY: (400, "MalformedPolicyDocument"),
    Problem.PACKED_POLICY_TOO_LARGE: (400, "PackedPolicyTooLarge"),
    Problem.INVALID_AUTHORIZATION_MESSAGE: (400, "InvalidAuthorizationMessageException"),
    Problem.INVALID_IDENTITY_TOKEN: (400, "InvalidIdentityToken"),
    Problem.EXPIRED_IDENTITY_TOKEN: (400, "ExpiredTokenException"),
    Problem.REJECTED_CLAIM: (403, "IDPRejectedClaim"),
    Problem.PROVIDER_UNREACHABLE: (400, "IDPCommunicationError"),
    Problem.UNMODIFIABLE: (400, "UnmodifiableEntity"),
    Problem.TEMPORARILY_UNMODIFIABLE: (409, "EntityTemporarilyUnmodifiable"),
    Problem.PASSWORD_POLICY: (400, "PasswordPolicyViolation"),
    Problem.INVALID_CODE: (403, "InvalidAuthenticationCode"),
    Problem.INVALID_USER_TYPE: (400, "InvalidUserType"),
}

_EC2_DENIED = "You are not authorized to perform this operation. "
_NO_FIELDS: Mapping[str, Any] = {}


def refused_error(protocols: Protocols, service: str, refused: OperationRefused) -> WireError:
    """Return what a refusal is on the wire of a service."""
    if isinstance(refused, OrganizationRefused):
        return organization_error(refused)
    fault = _FAULTS.get(refused.problem)
    if fault is None:
        status, code = _CODES[refused.problem]
        return WireError(code=code, message=refused.message, status=status, fields=_NO_FIELDS)
    message = refused.message
    if service == "ec2" and fault is Fault.ACCESS_DENIED:
        message = _EC2_DENIED + message
    return protocols.fault_error(service, fault, message)
