"""What can be wrong with a call about an organization: the kinds, and AWS's words for them.

Source: the Organizations API reference, errors of each call.
"""

from __future__ import annotations

from enum import StrEnum, auto

from mooring.operations.problems import OperationRefused, Problem

__all__ = ["OrganizationProblem", "OrganizationRefused"]


class OrganizationProblem(StrEnum):
    """The kinds of refusal that callers can tell apart."""

    NOT_IN_USE = auto()
    ALREADY_IN_ORGANIZATION = auto()
    NOT_MANAGEMENT = auto()
    NOT_EMPTY = auto()
    MANAGEMENT_STAYS = auto()
    ACCOUNT_UNKNOWN = auto()
    CHILD_UNKNOWN = auto()
    DESTINATION_UNKNOWN = auto()
    PARENT_UNKNOWN = auto()
    POLICY_UNKNOWN = auto()
    REQUEST_UNKNOWN = auto()
    ROOT_UNKNOWN = auto()
    SOURCE_UNKNOWN = auto()
    TARGET_UNKNOWN = auto()
    UNIT_UNKNOWN = auto()
    DUPLICATE_ACCOUNT = auto()
    DUPLICATE_ATTACHMENT = auto()
    DUPLICATE_POLICY = auto()
    DUPLICATE_UNIT = auto()
    NOT_ATTACHED = auto()
    POLICY_IN_USE = auto()
    UNIT_NOT_EMPTY = auto()
    MALFORMED_POLICY = auto()
    TYPE_ENABLED = auto()
    TYPE_NOT_ENABLED = auto()
    TYPE_NOT_AVAILABLE = auto()
    CONSTRAINT = auto()
    INVALID_INPUT = auto()


_TEXTS = {
    OrganizationProblem.NOT_IN_USE: "Your account is not a member of an organization.",
    OrganizationProblem.ALREADY_IN_ORGANIZATION: (
        "The provided account is already a member of an organization."
    ),
    OrganizationProblem.NOT_MANAGEMENT: "You don't have permissions to access this resource.",
    OrganizationProblem.NOT_EMPTY: (
        "To delete an organization you must first remove all accounts but the management account."
    ),
    OrganizationProblem.MANAGEMENT_STAYS: (
        "The management account can't leave the organization; delete the organization instead."
    ),
    OrganizationProblem.ACCOUNT_UNKNOWN: "You specified an account that doesn't exist.",
    OrganizationProblem.CHILD_UNKNOWN: "You specified a child that doesn't exist.",
    OrganizationProblem.DESTINATION_UNKNOWN: (
        "You specified a destination parent that doesn't exist."
    ),
    OrganizationProblem.PARENT_UNKNOWN: "You specified a parent that doesn't exist.",
    OrganizationProblem.POLICY_UNKNOWN: "You specified a policy that doesn't exist.",
    OrganizationProblem.REQUEST_UNKNOWN: (
        "You specified a create account request that doesn't exist."
    ),
    OrganizationProblem.ROOT_UNKNOWN: "You specified a root that doesn't exist.",
    OrganizationProblem.SOURCE_UNKNOWN: "You specified a source parent that doesn't exist.",
    OrganizationProblem.TARGET_UNKNOWN: "You specified a target that doesn't exist.",
    OrganizationProblem.UNIT_UNKNOWN: "You specified an organizational unit that doesn't exist.",
    OrganizationProblem.DUPLICATE_ACCOUNT: "The account is already present in the destination.",
    OrganizationProblem.DUPLICATE_ATTACHMENT: (
        "The selected policy is already attached to the specified target."
    ),
    OrganizationProblem.DUPLICATE_POLICY: "A policy with the same name already exists.",
    OrganizationProblem.DUPLICATE_UNIT: "An OU with the same name already exists.",
    OrganizationProblem.NOT_ATTACHED: "The policy isn't attached to the specified target.",
    OrganizationProblem.POLICY_IN_USE: "The policy is attached to one or more entities.",
    OrganizationProblem.UNIT_NOT_EMPTY: "The specified OU is not empty.",
    OrganizationProblem.TYPE_ENABLED: (
        "The specified policy type is already enabled in the specified root."
    ),
    OrganizationProblem.TYPE_NOT_ENABLED: (
        "This operation can be performed only for enabled policy types."
    ),
    OrganizationProblem.TYPE_NOT_AVAILABLE: (
        "You can't use the specified policy type with the feature set of your organization."
    ),
}


class OrganizationRefused(OperationRefused):
    """A call about an organization was refused; ``reason`` is AWS's word where it has one."""

    def __init__(self, kind: OrganizationProblem, message: str = "", *, reason: str = "") -> None:
        super().__init__(Problem.ORGANIZATION, message or _TEXTS[kind])
        self.kind = kind
        self.reason = reason
