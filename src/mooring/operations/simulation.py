"""Simulations of policies as their people ask for them: of texts, or of a principal's own.

Source: IAM API, SimulateCustomPolicy, SimulatePrincipalPolicy and the two GetContextKeys calls.
A simulation names no account but the caller's: another account's entities are as unknown as none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import anyio.to_thread

from mooring.iam.errors import MalformedPolicy
from mooring.iam.evaluate import PolicySet, PolicySource
from mooring.iam.identity import EntityKind
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal
from mooring.iam.simulate import (
    ANY_RESOURCE,
    NOBODY,
    Simulated,
    Simulation,
    caller_of,
    is_action_name,
    simulate_all,
)
from mooring.iam.simulate_keys import context_keys
from mooring.operations.authorize import Question, require, without_resource
from mooring.operations.call import Call
from mooring.operations.policies import attached_policies, policies_of
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = [
    "ContextEntry",
    "Exclusion",
    "Page",
    "SimulationRequest",
    "custom_context_keys",
    "principal_context_keys",
    "simulate_custom",
    "simulate_principal",
]

_ENTITY_ARN = re.compile(r"arn:aws:iam::([0-9]{12}):(user|group|role)/(?:.*/)?([^/]+)")
_ACCOUNT = re.compile(r"(?:arn:aws:iam::)?([0-9]{12})(?::root)?")
_HANDLING = {
    "EC2-VPC-InstanceStore",
    "EC2-VPC-InstanceStore-Subnet",
    "EC2-VPC-EBS",
    "EC2-VPC-EBS-Subnet",
    "EC2-Classic-InstanceStore",
    "EC2-Classic-EBS",
}
_MOST_PAIRS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextEntry:
    """One key of the simulated request."""

    name: str
    values: tuple[str, ...]
    is_list: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Policies to leave out; one member is set.

    ``inline`` is the kind of entity, its name and the policy's.
    """

    arn: str = ""
    type: str = ""
    inline: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRequest:
    """What a simulation is given besides a principal; empty texts were not given."""

    actions: tuple[str, ...]
    resources: tuple[str, ...] = (ANY_RESOURCE,)
    policies: tuple[str, ...] = ()
    boundaries: tuple[str, ...] = ()
    control_levels: tuple[tuple[str, ...], ...] = ()
    resource_policy: str = ""
    resource_owner: str = ""
    caller_arn: str = ""
    context: tuple[ContextEntry, ...] = ()
    handling: str = ""
    exclusions: tuple[Exclusion, ...] = ()
    start: int = 0
    limit: int = 100


Page = tuple[tuple[Simulated, ...], bool]
"""Answers in the order of actions, then resources; and whether there are more."""


async def simulate_custom(call: Call, asked: SimulationRequest) -> Page:
    """Simulate policies given as texts.

    Raises:
        AccessDenied: they may not simulate.
        OperationRefused: INVALID_INPUT.
    """
    await require(call, without_resource(call))
    return await anyio.to_thread.run_sync(_run, asked, PolicySet(), "")


async def simulate_principal(call: Call, source_arn: str, asked: SimulationRequest) -> Page:
    """Simulate the policies of a user, group or role, with further ones beside them.

    Raises:
        AccessDenied: they may not simulate this entity.
        OperationRefused: NO_SUCH_ENTITY, or INVALID_INPUT.
    """
    await require(call, Question(action=call.action, resources=(source_arn,)))
    policies, user_id = await call.read(lambda tx: _gather(call, tx, source_arn))
    policies = _without(policies, asked.exclusions)
    if user_id and not asked.caller_arn:
        asked = replace(asked, caller_arn=source_arn)
    known = user_id if asked.caller_arn == source_arn else ""
    return await anyio.to_thread.run_sync(_run, asked, policies, known)


async def custom_context_keys(call: Call, documents: Sequence[str]) -> tuple[str, ...]:
    """Return the context keys that policies given as texts ask for.

    Raises:
        AccessDenied, OperationRefused: as for ``simulate_custom``.
    """
    await require(call, without_resource(call))
    parsed = _parse_all(documents, PolicyKind.IDENTITY, "PolicyInputList")
    return context_keys(source.policy for source in parsed)


async def principal_context_keys(
    call: Call, source_arn: str, documents: Sequence[str]
) -> tuple[str, ...]:
    """Return the context keys that an entity's policies ask for, and further ones given.

    Raises:
        AccessDenied, OperationRefused: as for ``simulate_principal``.
    """
    await require(call, Question(action=call.action, resources=(source_arn,)))
    policies, _ = await call.read(lambda tx: _gather(call, tx, source_arn))
    given = _parse_all(documents, PolicyKind.IDENTITY, "PolicyInputList")
    boundary = (policies.boundary,) if policies.boundary else ()
    sources = (*policies.identity, *boundary, *given)
    return context_keys(source.policy for source in sources)


def _gather(call: Call, tx: Transaction, arn: str) -> tuple[PolicySet, str]:
    """Return the policies of an entity, and the unique id of a user."""
    found = _ENTITY_ARN.fullmatch(arn)
    if found is None:
        raise _invalid(f"Invalid Entity Arn: {arn} does not name a user, group or role.")
    account_id, kind, name = found.groups()
    if account_id != call.caller.account_id:
        raise _unknown(kind, name)
    if kind == EntityKind.GROUP:
        group = tx.groups.get(name)
        if group is None or group.arn != arn:
            raise _unknown(kind, name)
        return PolicySet(identity=attached_policies(tx, EntityKind.GROUP, group.name)), ""
    if kind == EntityKind.USER:
        user = tx.identities.user(name)
        if user is None or user.arn != arn:
            raise _unknown(kind, name)
        principal = Principal.user(account_id, user.name, user_id=user.user_id, path=user.path)
        return policies_of(tx, principal), user.user_id
    role = tx.identities.role(name)
    if role is None or role.arn != arn:
        raise _unknown(kind, name)
    principal = Principal.role_session(role.arn, "simulation", role_id=role.role_id)
    return policies_of(tx, principal), ""


def _unknown(kind: str, name: str) -> OperationRefused:
    message = f"The {kind} with name {name} cannot be found."
    return OperationRefused(Problem.NO_SUCH_ENTITY, message)


def _invalid(message: str) -> OperationRefused:
    return OperationRefused(Problem.INVALID_INPUT, message)


def _run(asked: SimulationRequest, own: PolicySet, user_id: str) -> Page:
    simulation = _simulation(asked, own, user_id)
    for action in asked.actions:
        if not is_action_name(action):
            raise _invalid(f"Invalid Action Name: {action}, expected service:Action.")
    if asked.handling and asked.handling not in _HANDLING:
        raise _invalid(f"Invalid Resource Handling Option: {asked.handling}")
    if len(asked.actions) * len(asked.resources) > _MOST_PAIRS:
        raise _invalid(f"More than {_MOST_PAIRS} pairs of an action and a resource.")
    pairs = [(action, resource) for action in asked.actions for resource in asked.resources]
    end = asked.start + asked.limit
    return simulate_all(simulation, pairs[asked.start : end]), end < len(pairs)


def _simulation(asked: SimulationRequest, own: PolicySet, user_id: str) -> Simulation:
    boundaries = _parse_all(
        asked.boundaries, PolicyKind.BOUNDARY, "PermissionsBoundaryPolicyInputList"
    )
    if len(boundaries) > 1:
        raise _invalid("PermissionsBoundaryPolicyInputList may hold one policy only.")
    given = _parse_all(asked.policies, PolicyKind.IDENTITY, "PolicyInputList")
    policies = replace(
        own,
        identity=(*own.identity, *given),
        boundary=boundaries[0] if boundaries else own.boundary,
        resource=_resource_policy(asked),
        scps=_control_levels(asked) or own.scps,
    )
    caller = _caller(asked, user_id)
    return Simulation(
        policies=policies,
        caller=caller,
        context=_context(asked.context),
        resource_owner=_owner(asked, caller),
    )


def _control_levels(asked: SimulationRequest) -> tuple[tuple[PolicySource, ...], ...]:
    return tuple(
        _parse_all(
            level,
            PolicyKind.SCP,
            f"OrderedOrganizationPolicyInputList.{number}.ServiceControlPolicyInputList",
        )
        for number, level in enumerate(asked.control_levels, start=1)
    )


def _parse_all(documents: Sequence[str], kind: PolicyKind, member: str) -> tuple[PolicySource, ...]:
    sources = []
    for number, document in enumerate(documents, start=1):
        name = f"{member}.{number}"
        try:
            policy = parse_policy(document, kind=kind)
        except MalformedPolicy as exc:
            place = f"line {exc.place.line}, column {exc.place.column}"
            raise _invalid(f"Invalid Input Policy: {name}: {exc} ({place}: {exc.detail})") from exc
        sources.append(PolicySource(name=name, policy=policy))
    return tuple(sources)


def _resource_policy(asked: SimulationRequest) -> PolicySource | None:
    if not asked.resource_policy:
        return None
    if not asked.caller_arn:
        raise _invalid("CallerArn is required when ResourcePolicy is given.")
    (source,) = _parse_all((asked.resource_policy,), PolicyKind.RESOURCE, "ResourcePolicy")
    return replace(source, name="ResourcePolicy")


def _caller(asked: SimulationRequest, user_id: str) -> Principal:
    if not asked.caller_arn:
        return NOBODY
    caller = caller_of(asked.caller_arn, user_id=user_id)
    if caller is None:
        raise _invalid(f"Invalid Caller Arn: {asked.caller_arn}, expected the ARN of a user.")
    return caller


def _owner(asked: SimulationRequest, caller: Principal) -> str:
    """Return whose the resources are; without owner and resource policy, no account matters."""
    if not asked.resource_owner:
        return caller.account_id if asked.resource_policy else ""
    found = _ACCOUNT.fullmatch(asked.resource_owner)
    if found is None or caller is NOBODY:
        raise _invalid(
            f"Invalid Resource Owner: {asked.resource_owner}, expected the ARN of an account, "
            "beside a CallerArn."
        )
    return found[1]


def _context(entries: Sequence[ContextEntry]) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        if ":" not in entry.name:
            raise _invalid(f"Invalid Context Key Name: {entry.name}")
        if len(entry.values) > 1 and not entry.is_list:
            raise _invalid(
                f"Invalid Context Key Values: {entry.name} has {len(entry.values)} values, "
                "expected one, or a list type."
            )
        context[entry.name] = entry.values
    return context


def _without(policies: PolicySet, exclusions: Sequence[Exclusion]) -> PolicySet:
    if not exclusions:
        return policies
    boundary = policies.boundary
    if boundary is not None and _is_excluded(boundary, exclusions, types={"permission-boundary"}):
        boundary = None
    is_scp_excluded = any(exclusion.type == "scp" for exclusion in exclusions)
    return replace(
        policies,
        identity=tuple(
            source
            for source in policies.identity
            if not _is_excluded(source, exclusions, types={_policy_type(source)})
        ),
        boundary=boundary,
        scps=() if is_scp_excluded else policies.scps,
    )


def _policy_type(source: PolicySource) -> str:
    if not source.name.startswith("arn:"):
        return "inline"
    return "aws-managed" if source.name.startswith("arn:aws:iam::aws:") else "user-managed"


def _is_excluded(source: PolicySource, exclusions: Sequence[Exclusion], *, types: set[str]) -> bool:
    inline = (source.type, source.owner, source.name)
    return any(
        exclusion.arn == source.name or exclusion.type in types or exclusion.inline == inline
        for exclusion in exclusions
    )
