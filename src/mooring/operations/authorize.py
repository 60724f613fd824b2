"""The only door to the policy engine: every use case asks here before it looks or acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from mooring.iam.context import request_context
from mooring.iam.denial import denial_message
from mooring.iam.evaluate import Decision, PolicySet, PolicySource, Request, decide
from mooring.iam.organization import Membership
from mooring.operations.authorization_messages import encoded
from mooring.operations.call import Call
from mooring.operations.policies import policies_of
from mooring.operations.problems import AccessDenied
from mooring.operations.service_control import organization_context
from mooring.ports.tables import Transaction

__all__ = ["Question", "ask", "require", "without_resource"]

ANY = "*"
_ARN_PARTS = 6
_EC2 = "ec2:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May the caller do this to that?

    ``resources`` are the names of ONE resource; the first is shown in messages. ``tags`` are the
    resource's, ``request_tags`` those that the call carries, ``extra`` further context keys of
    the request. ``trust`` is the trust policy of a role that the caller wants to assume, who may
    be of another account; ``mfa_at`` is when this very call proved a second factor.
    """

    action: str
    resources: tuple[str, ...] = (ANY,)
    tags: Mapping[str, str] = field(default_factory=dict)
    request_tags: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trust: PolicySource | None = None
    mfa_at: datetime | None = None


def without_resource(call: Call, action: str = "") -> Question:
    """Ask for an action that has no resource type: ``*``, shown as the account's ARN."""
    action = action or call.action
    service = action.partition(":")[0]
    caller = call.caller
    named = f"arn:aws:{service}:{caller.region}:{caller.account_id}:*"
    return Question(action=action, resources=(named, ANY))


async def ask(call: Call, question: Question) -> Decision:
    """Decide, and raise nothing."""
    return (await _decide(call, question))[1]


async def _decide(call: Call, question: Question) -> tuple[Request, Decision]:
    caller = call.caller

    def look(tx: Transaction) -> tuple[PolicySet, Membership | None]:
        return policies_of(tx, caller.principal, caller.session), tx.memberships.get()

    policies, place = await call.glance(look)
    if question.trust is not None:
        policies = replace(policies, trust=question.trust)
    request = _request(call, question, place)
    return request, decide(request, policies)


async def require(call: Call, question: Question) -> None:
    """Return when the caller may.

    Raises:
        AccessDenied: it may not; the message names principal, action, resource and reason.
    """
    for name in question.resources[:1]:
        if name not in call.resources:
            call.resources.append(name)
    request, decision = await _decide(call, question)
    if decision.allowed:
        return
    shown = _shown(question)
    message = denial_message(call.caller.principal, question.action, shown, decision)
    if shown is not None and question.action.startswith(_EC2):
        text = encoded(call.world, call.caller.account_id, request, decision)
        message += f". Encoded authorization failure message: {text}"
    raise AccessDenied(message, decision)


def _shown(question: Question) -> str | None:
    """EC2 names no resource when it refuses a read."""
    is_ec2_read = question.action.startswith("ec2:") and ANY in question.resources
    return None if is_ec2_read else question.resources[0]


def _owner(call: Call, question: Question) -> str:
    """Return the account in the resource's ARN: none for what comes with the service."""
    parts = question.resources[0].split(":", 5)
    return parts[4] if len(parts) == _ARN_PARTS else call.caller.account_id


def _node_keys(call: Call) -> Mapping[str, tuple[str, ...]]:
    """Return the keys of what a node signs, with its own key or its role's credentials."""
    caller = call.caller
    if not caller.node_id:
        return {}
    is_instance = caller.node_id.startswith("i-")
    kind = ("ec2", "instance") if is_instance else ("ssm", "managed-instance")
    arn = f"arn:aws:{kind[0]}:{caller.region}:{caller.account_id}:{kind[1]}/{caller.node_id}"
    return {f"{service}:SourceInstanceARN": (arn,) for service in ("ssm", "ec2")}


def _request(call: Call, question: Question, place: Membership | None) -> Request:
    caller = call.caller
    session, owner = caller.session, _owner(call, question)
    context = request_context(
        principal=caller.principal,
        now=call.time,
        source_ip=caller.origin.address,
        secure=caller.origin.secure,
        user_agent=caller.origin.user_agent,
        region=caller.region,
        token_issued_at=caller.issued_at,
        mfa_at=question.mfa_at or (session.mfa_at if session is not None else None),
        resource_tags=question.tags,
        resource_account=owner,
        request_tags=question.request_tags,
        extra={
            **question.extra,
            **_node_keys(call),
            **(session.context() if session is not None else {}),
            **organization_context(place, resource_account=owner),
        },
    )
    return Request(
        action=question.action,
        resources=question.resources,
        principal=caller.principal,
        context=context,
        resource_account=owner if question.trust is not None else caller.account_id,
    )
