"""Why a use case refused, in words of the domain; ``api`` gives each its AWS code and status.

::

    OperationRefused          a use case said no: ``problem`` says which kind
    +-- AccessDenied          the policies said no: ``decision`` says why
"""

from __future__ import annotations

from enum import StrEnum, auto

from mooring.iam.evaluate import Decision

__all__ = ["AccessDenied", "OperationRefused", "Problem"]


class Problem(StrEnum):
    """The kinds of refusal that callers can tell apart."""

    ACCESS_DENIED = auto()
    TARGET_NOT_CONNECTED = auto()
    INVALID_DOCUMENT = auto()
    INVALID_DOCUMENT_CONTENT = auto()
    INVALID_DOCUMENT_OPERATION = auto()
    INVALID_DOCUMENT_SCHEMA_VERSION = auto()
    INVALID_DOCUMENT_VERSION = auto()
    INVALID_PARAMETERS = auto()
    INVALID_RESOURCE_ID = auto()
    INVALID_RESOURCE_TYPE = auto()
    TOO_MANY_TAGS = auto()
    DOCUMENT_EXISTS = auto()
    DOCUMENT_LIMIT = auto()
    DOCUMENT_PERMISSION_LIMIT = auto()
    DOCUMENT_TOO_LARGE = auto()
    DOCUMENT_VERSION_LIMIT = auto()
    DUPLICATE_CONTENT = auto()
    DUPLICATE_VERSION_NAME = auto()
    INVALID_ACTIVATION = auto()
    INVALID_ACTIVATION_ID = auto()
    INVALID_NODE_ID = auto()
    INSTANCE_UNKNOWN = auto()
    INVALID_FILTER = auto()
    INVALID_FILTER_KEY = auto()
    INVALID_FILTER_VALUE = auto()
    INVALID_NEXT_TOKEN = auto()
    INVALID_LOOKUP_ATTRIBUTES = auto()
    INVALID_LOOKUP_TOKEN = auto()
    INVALID_TIME_RANGE = auto()
    INVALID_ROLE = auto()
    ORGANIZATION = auto()
    INVALID_VALUE = auto()
    INVALID_INPUT = auto()
    SESSION_UNKNOWN = auto()
    SESSION_TERMINATED = auto()
    RECORDING_UNKNOWN = auto()
    SUBJECT_UNKNOWN = auto()
    NO_SUCH_ENTITY = auto()
    ENTITY_EXISTS = auto()
    DELETE_CONFLICT = auto()
    LIMIT_EXCEEDED = auto()
    MALFORMED_POLICY = auto()
    REPORT_ABSENT = auto()
    REPORT_EXPIRED = auto()
    PACKED_POLICY_TOO_LARGE = auto()
    INVALID_AUTHORIZATION_MESSAGE = auto()
    INVALID_IDENTITY_TOKEN = auto()
    EXPIRED_IDENTITY_TOKEN = auto()
    REJECTED_CLAIM = auto()
    PROVIDER_UNREACHABLE = auto()
    UNMODIFIABLE = auto()
    TEMPORARILY_UNMODIFIABLE = auto()
    PASSWORD_POLICY = auto()
    INVALID_CODE = auto()
    INVALID_USER_TYPE = auto()
    UNKNOWN_KEY = auto()
    EXPIRED_TOKEN = auto()
    TOO_MANY_UPDATES = auto()
    UNAVAILABLE = auto()


class OperationRefused(Exception):
    """A use case refused; nothing was changed."""

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message


class AccessDenied(OperationRefused):
    """The policies do not allow it; the message is the one AWS would print."""

    def __init__(self, message: str, decision: Decision | None) -> None:
        super().__init__(Problem.ACCESS_DENIED, message)
        self.decision = decision
