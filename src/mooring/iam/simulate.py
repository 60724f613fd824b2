"""Simulation: what policies would decide for requests that nobody made, with the reasons.

The context is exactly what the simulation was given; a key that is mentioned and was not given is
missing for the decision too, and is listed. Only a named caller adds keys: its ARN, its user name
and its user id.

Source: IAM API, SimulateCustomPolicy and SimulatePrincipalPolicy; ids and positions as in published
replies (``PolicyInputList.1``, ``role_NAME_POLICY``, a managed policy by its name).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from mooring.iam.evaluate import Decision, Match, PolicySet, PolicySource, Request, decide
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal, PrincipalType
from mooring.iam.simulate_keys import keys_for_action

__all__ = [
    "ANY_RESOURCE",
    "NOBODY",
    "EvalDecision",
    "Simulated",
    "Simulation",
    "caller_of",
    "is_action_name",
    "policy_id",
    "simulate",
    "simulate_all",
]

ANY_RESOURCE = "*"
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_USER_ARN = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):user(/(?:.*/)?)([^/]+)")
_ARN_PARTS = 6
_EVERYTHING = PolicySource(
    name="everything",
    policy=parse_policy(
        '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}', kind=PolicyKind.IDENTITY
    ),
)

NOBODY = Principal(
    account_id="", type=PrincipalType.USER, arn="", principal_arn="", user_id="", user_name=None
)
"""The caller of a simulation that names none: an identity without names."""


class EvalDecision(StrEnum):
    """The answers, as AWS spells them."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What to ask for each pair of an action and a resource.

    Attributes:
        policies: all that bear on the request.
        caller: with the names that it adds to the context.
        context: what was given, over whatever the caller adds.
        resource_owner: 12 digits; of the resources whose ARN names no account. Empty where
            neither an owner nor a resource policy was given: then no account matters.
    """

    policies: PolicySet
    caller: Principal = NOBODY
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resource_owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """One answer.

    Attributes:
        matched: the statements that decided; none for an implicit deny.
        missing: context keys that the policies ask for and that were not given.
        by_boundary, by_organization: whether they allow; None where there are none.
        by_kind: what identity and resource policies say by themselves, across accounts only.
    """

    action: str
    resource: str
    decision: EvalDecision
    matched: tuple[Match, ...]
    missing: tuple[str, ...]
    by_boundary: bool | None = None
    by_organization: bool | None = None
    by_kind: Mapping[str, EvalDecision] = field(default_factory=dict)


def is_action_name(text: str) -> bool:
    """Tell whether a text can be an action: any service, any name."""
    return _ACTION.fullmatch(text) is not None


def caller_of(arn: str, *, user_id: str = "") -> Principal | None:
    """Return the user that a caller's ARN names; None when it names no user."""
    found = _USER_ARN.fullmatch(arn)
    if found is None:
        return None
    account_id, path, name = found.groups()
    return Principal.user(account_id, name, user_id=user_id, path=path)


def policy_id(source: PolicySource) -> str:
    """Name a policy as the simulator does: managed ones by name, inline ones with their owner."""
    if source.name.startswith("arn:"):
        return source.name.rpartition("/")[2]
    if source.owner:
        return f"{source.type}_{source.owner}_{source.name}"
    return source.name


def simulate_all(simulation: Simulation, pairs: Iterable[tuple[str, str]]) -> tuple[Simulated, ...]:
    """Decide each pair of an action and a resource."""
    parsed = [source.policy for source in simulation.policies.sources()]
    keys: dict[str, tuple[str, ...]] = {}
    found = []
    for action, resource in pairs:
        if action not in keys:
            keys[action] = keys_for_action(parsed, action)
        found.append(_simulate(simulation, action, resource, keys[action]))
    return tuple(found)


def simulate(simulation: Simulation, action: str, resource: str) -> Simulated:
    """Decide one action on one resource."""
    return simulate_all(simulation, [(action, resource)])[0]


def _simulate(
    simulation: Simulation, action: str, resource: str, keys: tuple[str, ...]
) -> Simulated:
    caller, policies = simulation.caller, simulation.policies
    context = {**_names_of(caller), **simulation.context}
    owner = _owner(simulation, resource)
    request = Request(
        action=action,
        resources=(resource,),
        principal=caller,
        context=context,
        resource_account=owner or None,
    )
    decision = decide(request, policies)
    given = {key.lower() for key, values in context.items() if values}
    return Simulated(
        action=action,
        resource=resource,
        decision=_named(decision),
        matched=decision.matched,
        missing=tuple(key for key in keys if key.lower() not in given),
        by_boundary=_by_boundary(request, policies),
        by_organization=_by_organization(request, policies),
        by_kind=_by_kind(request, policies) if owner not in {"", caller.account_id} else {},
    )


def _names_of(caller: Principal) -> dict[str, tuple[str, ...]]:
    names = {
        "aws:PrincipalArn": caller.principal_arn,
        "aws:username": caller.user_name or "",
        "aws:userid": caller.user_id,
    }
    return {key: (value,) for key, value in names.items() if value}


def _owner(simulation: Simulation, resource: str) -> str:
    if not simulation.resource_owner:
        return ""
    parts = resource.split(":", _ARN_PARTS - 1)
    named = parts[4] if len(parts) == _ARN_PARTS else ""
    return named or simulation.resource_owner


def _named(decision: Decision) -> EvalDecision:
    if decision.allowed:
        return EvalDecision.ALLOWED
    return EvalDecision.EXPLICIT_DENY if decision.explicit else EvalDecision.IMPLICIT_DENY


def _alone(request: Request, policies: PolicySet) -> Decision:
    """Decide as if everything lay in one account."""
    return decide(replace(request, resource_account=None), policies)


def _by_boundary(request: Request, policies: PolicySet) -> bool | None:
    if policies.boundary is None:
        return None
    return _alone(request, PolicySet(identity=(policies.boundary,))).allowed


def _by_organization(request: Request, policies: PolicySet) -> bool | None:
    if not policies.scps:
        return None
    return all(_alone(request, PolicySet(identity=level)).allowed for level in policies.scps)


def _by_kind(request: Request, policies: PolicySet) -> dict[str, EvalDecision]:
    own = _alone(request, PolicySet(identity=policies.identity, boundary=policies.boundary))
    theirs = decide(request, PolicySet(identity=(_EVERYTHING,), resource=policies.resource))
    return {"IAM Policy": _named(own), "Resource Policy": _named(theirs)}
