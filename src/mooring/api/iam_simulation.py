"""IAM: simulations of policies, and the context keys that policies ask for."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.iam import PAGE
from mooring.api.registry import Input, Operation, Output
from mooring.iam.evaluate import Match
from mooring.iam.simulate import ANY_RESOURCE, Simulated, policy_id
from mooring.operations.call import Call
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.simulation import (
    ContextEntry,
    Exclusion,
    Page,
    SimulationRequest,
    custom_context_keys,
    principal_context_keys,
    simulate_custom,
    simulate_principal,
)

__all__ = ["OPERATIONS"]

_POLICY_TYPE = "IAM Policy"
_RESOURCE_POLICY = "ResourcePolicy"
_MARKER_DIGITS = 9


def _asked(given: Input) -> SimulationRequest:
    return SimulationRequest(
        actions=tuple(given["ActionNames"]),
        resources=tuple(given.get("ResourceArns") or (ANY_RESOURCE,)),
        policies=tuple(given.get("PolicyInputList", ())),
        boundaries=tuple(given.get("PermissionsBoundaryPolicyInputList", ())),
        control_levels=tuple(
            tuple(level.get("ServiceControlPolicyInputList", ()))
            for level in given.get("OrderedOrganizationPolicyInputList", ())
        ),
        resource_policy=given.get("ResourcePolicy", ""),
        resource_owner=given.get("ResourceOwner", ""),
        caller_arn=given.get("CallerArn", ""),
        context=tuple(_entry(entry) for entry in given.get("ContextEntries", ())),
        handling=given.get("ResourceHandlingOption", ""),
        exclusions=tuple(_exclusion(entry) for entry in given.get("PolicyExclusionList", ())),
        start=_start(given.get("Marker", "")),
        limit=given.get("MaxItems", PAGE),
    )


def _entry(entry: Input) -> ContextEntry:
    name = entry.get("ContextKeyName", "")
    kind = entry.get("ContextKeyType", "")
    if not name or not kind:
        raise OperationRefused(
            Problem.INVALID_INPUT, "A context entry needs ContextKeyName and ContextKeyType."
        )
    values = tuple(entry.get("ContextKeyValues", ()))
    return ContextEntry(name=name, values=values, is_list=kind.endswith("List"))


def _exclusion(entry: Input) -> Exclusion:
    inline = entry.get("InlinePolicyIdentifier")
    return Exclusion(
        arn=entry.get("PolicyArn", ""),
        type=entry.get("PolicyType", ""),
        inline=(inline["AttachmentType"], inline["AttachmentName"], inline["PolicyName"])
        if inline
        else None,
    )


def _start(marker: str) -> int:
    if not marker:
        return 0
    if not (marker.isascii() and marker.isdigit() and len(marker) <= _MARKER_DIGITS):
        raise OperationRefused(Problem.INVALID_INPUT, "Invalid Marker.")
    return int(marker)


def _match(match: Match) -> dict[str, object]:
    statement = match.source.policy.statements[match.statement]
    is_resource = match.source.name == _RESOURCE_POLICY
    return {
        "SourcePolicyId": policy_id(match.source),
        "SourcePolicyType": "Resource Policy" if is_resource else _POLICY_TYPE,
        "StartPosition": {"Line": statement.start.line, "Column": statement.start.column},
        "EndPosition": {"Line": statement.end.line, "Column": statement.end.column},
    }


def _result(simulated: Simulated) -> dict[str, object]:
    """Return one answer; the same again as that of its resource, where one was named."""
    details: dict[str, object] = {
        "MatchedStatements": [_match(match) for match in simulated.matched],
        "MissingContextValues": list(simulated.missing),
    }
    if simulated.by_kind:
        details["EvalDecisionDetails"] = {
            kind: decision.value for kind, decision in simulated.by_kind.items()
        }
    if simulated.by_boundary is not None:
        details["PermissionsBoundaryDecisionDetail"] = {
            "AllowedByPermissionsBoundary": simulated.by_boundary
        }
    result: dict[str, object] = {
        "EvalActionName": simulated.action,
        "EvalResourceName": simulated.resource,
        "EvalDecision": simulated.decision.value,
        **details,
    }
    if simulated.by_organization is not None:
        result["OrganizationsDecisionDetail"] = {
            "AllowedByOrganizations": simulated.by_organization
        }
    if simulated.resource != ANY_RESOURCE:
        specific = {
            "EvalResourceName": simulated.resource,
            "EvalResourceDecision": simulated.decision.value,
            **details,
        }
        result["ResourceSpecificResults"] = [specific]
    return result


def _page(asked: SimulationRequest, page: Page) -> Output:
    results, has_more = page
    output: dict[str, object] = {
        "EvaluationResults": [_result(result) for result in results],
        "IsTruncated": has_more,
    }
    return output | ({"Marker": str(asked.start + asked.limit)} if has_more else {})


async def _simulate_custom(call: Call, given: Input) -> Output:
    asked = _asked(given)
    return _page(asked, await simulate_custom(call, asked))


async def _simulate_principal(call: Call, given: Input) -> Output:
    asked = _asked(given)
    return _page(asked, await simulate_principal(call, given["PolicySourceArn"], asked))


async def _custom_keys(call: Call, given: Input) -> Output:
    return {"ContextKeyNames": list(await custom_context_keys(call, given["PolicyInputList"]))}


async def _principal_keys(call: Call, given: Input) -> Output:
    arn, documents = given["PolicySourceArn"], given.get("PolicyInputList", ())
    return {"ContextKeyNames": list(await principal_context_keys(call, arn, documents))}


OPERATIONS: Mapping[str, Operation] = {
    "SimulateCustomPolicy": Operation(handler=_simulate_custom, is_read_only=True),
    "SimulatePrincipalPolicy": Operation(handler=_simulate_principal, is_read_only=True),
    "GetContextKeysForCustomPolicy": Operation(handler=_custom_keys, is_read_only=True),
    "GetContextKeysForPrincipalPolicy": Operation(handler=_principal_keys, is_read_only=True),
}
