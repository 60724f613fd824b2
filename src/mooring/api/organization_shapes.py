"""Values of organizations in the spelling of the Organizations model, and pages of its lists."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from mooring.api.registry import Input
from mooring.iam.organization import (
    FULL_ACCESS_ID,
    AccountRequest,
    ControlPolicy,
    MemberAccount,
    Membership,
    Organization,
    OrganizationalUnit,
    RequestState,
)
from mooring.operations.call import Call
from mooring.operations.organization_policies import CONTROLS
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused
from mooring.operations.organizations import Page, arn_of

__all__ = [
    "account",
    "account_status",
    "kind_of",
    "organization",
    "page_of",
    "place_of",
    "policy_summary",
    "refuse_tags",
    "root",
    "turned",
    "unit",
]

_LIMIT = 20
_ENABLED = {"Type": CONTROLS, "Status": "ENABLED"}
_PARENT_KINDS = {"r-": "ROOT", "ou": "ORGANIZATIONAL_UNIT"}


def page_of(given: Input) -> Page:
    """Return where a list goes on; a token is the id that the page before ended with.

    Raises:
        OrganizationRefused: INVALID_INPUT.
    """
    token = given.get("NextToken", "")
    try:
        after = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise OrganizationRefused(
            OrganizationProblem.INVALID_INPUT,
            "The value for the NextToken parameter is not valid.",
            reason="INVALID_NEXT_TOKEN",
        ) from None
    return Page(after=after, limit=given.get("MaxResults", _LIMIT))


def turned(output: Mapping[str, Any], *, last_id: str, has_more: bool) -> Mapping[str, Any]:
    """Return a page with the token of the next one, when there is one."""
    if not has_more:
        return output
    return {**output, "NextToken": base64.urlsafe_b64encode(last_id.encode()).decode()}


def refuse_tags(given: Input) -> None:
    """Refuse what would be lost silently.

    Raises:
        OrganizationRefused: INVALID_INPUT.
    """
    if given.get("Tags"):
        raise OrganizationRefused(
            OrganizationProblem.INVALID_INPUT,
            "Tags of an organization's parts are not kept by this server.",
            reason="INVALID_SYSTEM_TAGS_PARAMETER",
        )


async def place_of(call: Call) -> Membership | None:
    """Return where the caller's account stands, for the ARNs of an answer."""
    return await call.glance(lambda tx: tx.memberships.get())


def kind_of(target_id: str) -> str:
    """Return what the model calls a root, a unit or an account."""
    return _PARENT_KINDS.get(target_id[:2], "ACCOUNT")


def organization(place: Membership, *, domain: str) -> dict[str, Any]:
    """Return an Organization, as every one of its accounts may see it."""
    management_id = place.management_id
    return {
        "Id": place.organization_id,
        "Arn": f"arn:aws:organizations::{management_id}:organization/{place.organization_id}",
        "FeatureSet": "ALL",
        "MasterAccountArn": arn_of(place, management_id),
        "MasterAccountId": management_id,
        "MasterAccountEmail": f"{management_id}@{domain}",
        "AvailablePolicyTypes": [_ENABLED],
    }


def root(value: Organization) -> dict[str, Any]:
    """Return a Root."""
    home = f"arn:aws:organizations::{value.account_id}:root"
    return {
        "Id": value.root_id,
        "Arn": f"{home}/{value.organization_id}/{value.root_id}",
        "Name": "Root",
        "PolicyTypes": [_ENABLED] if value.controls else [],
    }


def unit(place: Membership | None, value: OrganizationalUnit) -> dict[str, Any]:
    """Return an OrganizationalUnit."""
    return {"Id": value.unit_id, "Arn": arn_of(place, value.unit_id), "Name": value.name}


def account(place: Membership | None, value: MemberAccount) -> dict[str, Any]:
    """Return an Account."""
    return {
        "Id": value.member_id,
        "Arn": arn_of(place, value.member_id),
        "Email": value.email,
        "Name": value.name,
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "JoinedMethod": "CREATED" if value.was_created else "INVITED",
        "JoinedTimestamp": value.joined_at,
    }


def account_status(value: AccountRequest) -> dict[str, Any]:
    """Return a CreateAccountStatus."""
    status: dict[str, Any] = {
        "Id": value.request_id,
        "AccountName": value.name,
        "State": value.state.value,
        "RequestedTimestamp": value.requested_at,
    }
    if value.completed_at is not None:
        status["CompletedTimestamp"] = value.completed_at
    if value.state is RequestState.FAILED:
        status["FailureReason"] = value.failure
    else:
        status["AccountId"] = value.member_id
    return status


def policy_summary(place: Membership | None, value: ControlPolicy) -> dict[str, Any]:
    """Return a PolicySummary."""
    return {
        "Id": value.policy_id,
        "Arn": arn_of(place, value.policy_id),
        "Name": value.name,
        "Description": value.description,
        "Type": CONTROLS,
        "AwsManaged": value.policy_id == FULL_ACCESS_ID,
    }
