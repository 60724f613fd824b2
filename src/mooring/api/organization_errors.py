"""Refusals about organizations as AWS errors; codes as in the Organizations API reference."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.protocol.errors import WireError
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused

__all__ = ["organization_error"]

_CODES: Mapping[OrganizationProblem, str] = {
    OrganizationProblem.NOT_IN_USE: "AWSOrganizationsNotInUseException",
    OrganizationProblem.ALREADY_IN_ORGANIZATION: "AlreadyInOrganizationException",
    OrganizationProblem.NOT_MANAGEMENT: "AccessDeniedException",
    OrganizationProblem.NOT_EMPTY: "OrganizationNotEmptyException",
    OrganizationProblem.MANAGEMENT_STAYS: "MasterCannotLeaveOrganizationException",
    OrganizationProblem.ACCOUNT_UNKNOWN: "AccountNotFoundException",
    OrganizationProblem.CHILD_UNKNOWN: "ChildNotFoundException",
    OrganizationProblem.DESTINATION_UNKNOWN: "DestinationParentNotFoundException",
    OrganizationProblem.PARENT_UNKNOWN: "ParentNotFoundException",
    OrganizationProblem.POLICY_UNKNOWN: "PolicyNotFoundException",
    OrganizationProblem.REQUEST_UNKNOWN: "CreateAccountStatusNotFoundException",
    OrganizationProblem.ROOT_UNKNOWN: "RootNotFoundException",
    OrganizationProblem.SOURCE_UNKNOWN: "SourceParentNotFoundException",
    OrganizationProblem.TARGET_UNKNOWN: "TargetNotFoundException",
    OrganizationProblem.UNIT_UNKNOWN: "OrganizationalUnitNotFoundException",
    OrganizationProblem.DUPLICATE_ACCOUNT: "DuplicateAccountException",
    OrganizationProblem.DUPLICATE_ATTACHMENT: "DuplicatePolicyAttachmentException",
    OrganizationProblem.DUPLICATE_POLICY: "DuplicatePolicyException",
    OrganizationProblem.DUPLICATE_UNIT: "DuplicateOrganizationalUnitException",
    OrganizationProblem.NOT_ATTACHED: "PolicyNotAttachedException",
    OrganizationProblem.POLICY_IN_USE: "PolicyInUseException",
    OrganizationProblem.UNIT_NOT_EMPTY: "OrganizationalUnitNotEmptyException",
    OrganizationProblem.MALFORMED_POLICY: "MalformedPolicyDocumentException",
    OrganizationProblem.TYPE_ENABLED: "PolicyTypeAlreadyEnabledException",
    OrganizationProblem.TYPE_NOT_ENABLED: "PolicyTypeNotEnabledException",
    OrganizationProblem.TYPE_NOT_AVAILABLE: "PolicyTypeNotAvailableForOrganizationException",
    OrganizationProblem.CONSTRAINT: "ConstraintViolationException",
    OrganizationProblem.INVALID_INPUT: "InvalidInputException",
}


def organization_error(refused: OrganizationRefused) -> WireError:
    """Return what a refusal is on the wire."""
    fields = {"Reason": refused.reason} if refused.reason else {}
    return WireError(code=_CODES[refused.kind], message=refused.message, status=400, fields=fields)
