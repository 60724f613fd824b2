"""The text a denied caller reads: who, what, on which resource, and which kind of policy.

Source: IAM User Guide, "Troubleshoot access denied error messages".
"""

from __future__ import annotations

from collections.abc import Mapping

from mooring.iam.evaluate import Decision
from mooring.iam.policy import PolicyKind
from mooring.iam.principal import Principal

__all__ = ["denial_message"]

_NAMES: Mapping[PolicyKind, str] = {
    PolicyKind.IDENTITY: "identity-based policy",
    PolicyKind.RESOURCE: "resource-based policy",
    PolicyKind.BOUNDARY: "permissions boundary",
    PolicyKind.SESSION: "session policy",
    PolicyKind.SCP: "service control policy",
    PolicyKind.RCP: "resource control policy",
    PolicyKind.ENDPOINT: "VPC endpoint policy",
    PolicyKind.TRUST: "role trust policy",
}
_ARTICLES: Mapping[PolicyKind, str] = {PolicyKind.IDENTITY: "an", PolicyKind.TRUST: "the"}


def denial_message(
    principal: Principal, action: str, resource: str | None, decision: Decision
) -> str:
    """Return the message for a denied request.

    Args:
        principal: the caller.
        action: in the service's spelling.
        resource: the ARN to name; None leaves the part out, as EC2's read calls do.
        decision: what was decided.

    Raises:
        ValueError: nothing was denied.
    """
    kind = decision.policy_type
    if decision.allowed or kind is None:
        raise ValueError(f"`{action}` was not denied")
    where = "" if resource is None else f" on resource: {resource}"
    if decision.explicit:
        why = f"with an explicit deny in {_ARTICLES.get(kind, 'a')} {_NAMES[kind]}"
    else:
        why = f"because no {_NAMES[kind]} allows the {action} action"
    return f"User: {principal.arn} is not authorized to perform: {action}{where} {why}"
