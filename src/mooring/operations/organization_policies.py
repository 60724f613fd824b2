"""Service control policies: written, attached, switched on and off.

Source of rules and limits: the Organizations API and "Quotas for Organizations". Of the kinds
of policy that AWS has, this is the one that decides about access.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

from mooring.iam.errors import MalformedPolicy
from mooring.iam.organization import (
    FULL_ACCESS,
    FULL_ACCESS_ID,
    ControlPolicy,
    Organization,
)
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.operations.call import Call
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused
from mooring.operations.organizations import (
    Page,
    new_suffix,
    organization_of,
    require_management,
)
from mooring.ports.tables import Transaction

__all__ = [
    "CONTROLS",
    "NewPolicy",
    "Target",
    "attach_policy",
    "create_policy",
    "delete_policy",
    "describe_policy",
    "detach_policy",
    "list_policies",
    "list_policies_of",
    "list_targets",
    "switch_controls",
    "update_policy",
]

CONTROLS = "SERVICE_CONTROL_POLICY"
_MAX_DOCUMENT = 5120
_MAX_ATTACHED = 5
_ROOT_NAME = "Root"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPolicy:
    """What a policy is to be; of an update, what is empty stays."""

    name: str = ""
    description: str | None = None
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a policy is attached to."""

    target_id: str
    name: str


def _of_type(kind: str) -> dict[str, tuple[str, ...]]:
    return {"organizations:PolicyType": (kind,)}


def _check_document(document: str) -> None:
    if len(document) > _MAX_DOCUMENT:
        raise OrganizationRefused(
            OrganizationProblem.CONSTRAINT,
            "You have exceeded the maximum policy size.",
            reason="POLICY_CONTENT_LIMIT_EXCEEDED",
        )
    try:
        parse_policy(document, kind=PolicyKind.SCP)
    except MalformedPolicy as exc:
        raise OrganizationRefused(
            OrganizationProblem.MALFORMED_POLICY,
            "The provided policy document does not meet the requirements of the specified policy "
            f"type. {exc} ({exc.detail}; line {exc.place.line}, column {exc.place.column})",
        ) from exc


def _check_name(tx: Transaction, name: str, *, but: str) -> None:
    taken = name == FULL_ACCESS.name
    after = ""
    while policies := tx.control_policies.page(after=after, limit=500):
        taken |= any(policy.name == name and policy.policy_id != but for policy in policies)
        after = policies[-1].policy_id
    if taken:
        raise OrganizationRefused(OrganizationProblem.DUPLICATE_POLICY)


def _policy(tx: Transaction, policy_id: str) -> ControlPolicy:
    policy = FULL_ACCESS if policy_id == FULL_ACCESS_ID else tx.control_policies.get(policy_id)
    if policy is None:
        raise OrganizationRefused(OrganizationProblem.POLICY_UNKNOWN)
    return policy


def _own_policy(tx: Transaction, policy_id: str) -> ControlPolicy:
    """Return a policy that may be changed."""
    if policy_id == FULL_ACCESS_ID:
        raise OrganizationRefused(
            OrganizationProblem.INVALID_INPUT,
            "You specified a policy that is managed by AWS and can't be modified.",
            reason="IMMUTABLE_POLICY",
        )
    return _policy(tx, policy_id)


async def create_policy(call: Call, new: NewPolicy, *, kind: str) -> ControlPolicy:
    """Write a policy, attached to nothing yet.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: TYPE_NOT_AVAILABLE, DUPLICATE_POLICY, MALFORMED_POLICY, CONSTRAINT.
    """
    await require_management(call, extra=_of_type(kind))
    _check_type(kind)
    _check_document(new.document)
    policy = ControlPolicy(
        account_id=call.caller.account_id,
        policy_id=f"p-{new_suffix(call, 8)}",
        name=new.name,
        description=new.description or "",
        document=new.document,
    )

    def work(tx: Transaction) -> None:
        _check_name(tx, new.name, but="")
        tx.control_policies.put(policy)

    call.respond(policyId=policy.policy_id)
    await call.write(work)
    return policy


def _check_type(kind: str) -> None:
    if kind != CONTROLS:
        raise OrganizationRefused(OrganizationProblem.TYPE_NOT_AVAILABLE)


async def describe_policy(call: Call, policy_id: str) -> ControlPolicy:
    """Return a policy.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: POLICY_UNKNOWN.
    """
    await require_management(call, policy_id, extra=_of_type(CONTROLS))
    return await call.read(lambda tx: _policy(tx, policy_id))


async def update_policy(call: Call, policy_id: str, new: NewPolicy) -> ControlPolicy:
    """Change a policy; it counts at once wherever it is attached.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: POLICY_UNKNOWN, INVALID_INPUT, DUPLICATE_POLICY, MALFORMED_POLICY.
    """
    await require_management(call, policy_id, extra=_of_type(CONTROLS))
    if new.document:
        _check_document(new.document)

    def work(tx: Transaction) -> ControlPolicy:
        policy = _own_policy(tx, policy_id)
        if new.name:
            _check_name(tx, new.name, but=policy_id)
        changed = replace(
            policy,
            name=new.name or policy.name,
            description=policy.description if new.description is None else new.description,
            document=new.document or policy.document,
        )
        tx.control_policies.put(changed)
        return changed

    return await call.write(work)


async def delete_policy(call: Call, policy_id: str) -> None:
    """Forget a policy that is attached to nothing.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: POLICY_UNKNOWN, INVALID_INPUT or POLICY_IN_USE.
    """
    await require_management(call, policy_id, extra=_of_type(CONTROLS))

    def work(tx: Transaction) -> None:
        _own_policy(tx, policy_id)
        if tx.control_policies.targets_of(policy_id):
            raise OrganizationRefused(OrganizationProblem.POLICY_IN_USE)
        tx.control_policies.delete(policy_id)

    await call.write(work)


async def list_policies(
    call: Call, page: Page, *, kind: str
) -> tuple[tuple[ControlPolicy, ...], bool]:
    """Return the policies of a kind, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: NOT_IN_USE or NOT_MANAGEMENT.
    """
    await require_management(call, extra=_of_type(kind))
    if kind != CONTROLS:
        return (), False
    found = await call.read(
        lambda tx: list(tx.control_policies.page(after=page.after, limit=page.limit + 1))
    )
    shown = found[: page.limit]
    return (*([] if page.after else [FULL_ACCESS]), *shown), len(found) > page.limit


def _target(tx: Transaction, organization: Organization, target_id: str) -> Target:
    if target_id == organization.root_id:
        return Target(target_id=target_id, name=_ROOT_NAME)
    found = tx.organizations.unit(target_id) or tx.organizations.member(target_id)
    if found is None:
        raise OrganizationRefused(OrganizationProblem.TARGET_UNKNOWN)
    return Target(target_id=target_id, name=found.name)


async def attach_policy(call: Call, policy_id: str, target_id: str) -> None:
    """Bind a root, unit or account by a policy, at once.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: POLICY_UNKNOWN, TARGET_UNKNOWN, TYPE_NOT_ENABLED,
            DUPLICATE_ATTACHMENT or CONSTRAINT.
    """
    await require_management(call, policy_id, target_id, extra=_of_type(CONTROLS))

    def work(tx: Transaction) -> None:
        organization = organization_of(tx)
        _policy(tx, policy_id)
        _target(tx, organization, target_id)
        if not organization.controls:
            raise OrganizationRefused(OrganizationProblem.TYPE_NOT_ENABLED)
        attached = tx.control_policies.of_target(target_id)
        if policy_id in attached:
            raise OrganizationRefused(OrganizationProblem.DUPLICATE_ATTACHMENT)
        if len(attached) >= _MAX_ATTACHED:
            _constrained(
                "You have attached the maximum number of service control policies.",
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            )
        tx.control_policies.attach(policy_id, target_id)

    await call.write(work)


async def detach_policy(call: Call, policy_id: str, target_id: str) -> None:
    """Take a policy off, but not the last one, without which nothing would be allowed.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: POLICY_UNKNOWN, TARGET_UNKNOWN, NOT_ATTACHED or CONSTRAINT.
    """
    await require_management(call, policy_id, target_id, extra=_of_type(CONTROLS))

    def work(tx: Transaction) -> None:
        _policy(tx, policy_id)
        _target(tx, organization_of(tx), target_id)
        attached = tx.control_policies.of_target(target_id)
        if policy_id not in attached:
            raise OrganizationRefused(OrganizationProblem.NOT_ATTACHED)
        if len(attached) == 1:
            _constrained(
                "You can't detach the last service control policy of a root, OU or account.",
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            )
        tx.control_policies.detach(policy_id, target_id)

    await call.write(work)


def _constrained(text: str, reason: str) -> NoReturn:
    raise OrganizationRefused(OrganizationProblem.CONSTRAINT, text, reason=reason)


async def list_policies_of(call: Call, target_id: str, *, kind: str) -> tuple[ControlPolicy, ...]:
    """Return the policies attached to a root, unit or account; five at most.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: TARGET_UNKNOWN.
    """
    await require_management(call, target_id, extra=_of_type(kind))

    def look(tx: Transaction) -> tuple[ControlPolicy, ...]:
        _target(tx, organization_of(tx), target_id)
        ids = tx.control_policies.of_target(target_id) if kind == CONTROLS else ()
        return tuple(_policy(tx, policy_id) for policy_id in ids)

    return await call.read(look)


async def list_targets(call: Call, policy_id: str, page: Page) -> tuple[tuple[Target, ...], bool]:
    """Return what a policy is attached to, and whether there is more.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: POLICY_UNKNOWN.
    """
    await require_management(call, policy_id, extra=_of_type(CONTROLS))

    def look(tx: Transaction) -> list[Target]:
        _policy(tx, policy_id)
        organization = organization_of(tx)
        ids = [one for one in tx.control_policies.targets_of(policy_id) if one > page.after]
        return [_target(tx, organization, one) for one in ids[: page.limit + 1]]

    found = await call.read(look)
    return tuple(found[: page.limit]), len(found) > page.limit


async def switch_controls(call: Call, root_id: str, *, kind: str, enabled: bool) -> Organization:
    """Switch service control policies on, each thing then allowing everything, or off, unattached.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: ROOT_UNKNOWN, TYPE_NOT_AVAILABLE, TYPE_ENABLED or TYPE_NOT_ENABLED.
    """
    await require_management(call, root_id, extra=_of_type(kind))
    _check_type(kind)

    def work(tx: Transaction) -> Organization:
        organization = organization_of(tx)
        if organization.root_id != root_id:
            raise OrganizationRefused(OrganizationProblem.ROOT_UNKNOWN)
        if organization.controls == enabled:
            already = OrganizationProblem.TYPE_ENABLED
            raise OrganizationRefused(already if enabled else OrganizationProblem.TYPE_NOT_ENABLED)
        tx.control_policies.detach_all()
        if enabled:
            for target_id in _every_target(tx, root_id):
                tx.control_policies.attach(FULL_ACCESS_ID, target_id)
        changed = replace(organization, controls=enabled)
        tx.organizations.put(changed)
        return changed

    return await call.write(work)


def _every_target(tx: Transaction, root_id: str) -> list[str]:
    targets = [root_id]
    for parent_id in targets:  # grows while it is walked: the units of units come last
        after = ""
        while units := tx.organizations.units(parent_id=parent_id, after=after, limit=500):
            targets += [unit.unit_id for unit in units]
            after = units[-1].unit_id
    after = ""
    members = []
    while rows := tx.organizations.members(parent_id="", after=after, limit=500):
        members += [row.member_id for row in rows]
        after = rows[-1].member_id
    return targets + members
