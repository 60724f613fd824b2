"""The organization itself, its root and its units. Source of rules: the Organizations API.

Only the management account may ask about its organization, but for what organization an account
is in. Every call asks the policies first, under the ARN that AWS would ask about.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn

from mooring.iam.organization import (
    FULL_ACCESS_ID,
    MemberAccount,
    Membership,
    Organization,
    OrganizationalUnit,
)
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused
from mooring.ports.store import AlreadyExists
from mooring.ports.tables import Transaction

__all__ = [
    "MAX_DEPTH",
    "Page",
    "arn_of",
    "create_organization",
    "create_unit",
    "delete_organization",
    "delete_unit",
    "depth_of",
    "describe_organization",
    "describe_unit",
    "list_roots",
    "list_units",
    "new_suffix",
    "organization_of",
    "parent_exists",
    "require_management",
    "update_unit",
]

MAX_DEPTH = 5
_CONTROLS = "SERVICE_CONTROL_POLICY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a list goes on, and how many it gives."""

    after: str = ""
    limit: int = 20
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def new_suffix(call: Call, length: int) -> str:
    """Return random small letters and digits for an id."""
    return base64.b32encode(call.world.entropy.bytes(32)).decode().lower()[:length]


def arn_of(place: Membership | None, target_id: str) -> str:
    """Name a root, unit, account or policy of the caller's organization."""
    if place is None:
        return "*"
    if target_id == FULL_ACCESS_ID:
        return f"arn:aws:organizations::aws:policy/{_CONTROLS.lower()}/{target_id}"
    kind = {"r-": "root", "ou": "ou", "p-": "policy", "o-": "organization"}.get(
        target_id[:2], "account"
    )
    below = f"{_CONTROLS.lower()}/" if kind == "policy" else ""
    home = f"arn:aws:organizations::{place.management_id}:{kind}"
    if kind == "organization":
        return f"{home}/{target_id}"
    return f"{home}/{place.organization_id}/{below}{target_id}"


async def require_management(
    call: Call,
    *target_ids: str,
    extra: Mapping[str, tuple[str, ...]] | None = None,
) -> Membership:
    """Ask about each target (or ``*`` for none), and return where the management account stands.

    Raises:
        AccessDenied: the policies say no.
        OrganizationRefused: no organization, or not the account that manages it.
    """
    place = await call.glance(lambda tx: tx.memberships.get())
    for name in [arn_of(place, target_id) for target_id in target_ids] or ["*"]:
        await require(call, Question(action=call.action, resources=(name,), extra=extra or {}))
    if place is None:
        raise OrganizationRefused(OrganizationProblem.NOT_IN_USE)
    if not place.is_management:
        raise OrganizationRefused(OrganizationProblem.NOT_MANAGEMENT)
    return place


def organization_of(tx: Transaction) -> Organization:
    """Return the organization that the account manages.

    Raises:
        OrganizationRefused: NOT_IN_USE.
    """
    organization = tx.organizations.get()
    if organization is None:
        raise OrganizationRefused(OrganizationProblem.NOT_IN_USE)
    return organization


async def create_organization(call: Call) -> Organization:
    """Make the caller's account the management account of a new organization.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: ALREADY_IN_ORGANIZATION.
    """
    await require(call, Question(action=call.action))
    account_id = call.caller.account_id
    organization = Organization(
        account_id=account_id,
        organization_id=f"o-{new_suffix(call, 10)}",
        root_id=f"r-{new_suffix(call, 4)}",
        created_at=call.time,
    )
    member = MemberAccount(
        account_id=account_id,
        member_id=account_id,
        parent_id=organization.root_id,
        name="management",
        email=f"{account_id}@{call.world.site.domain}",
        joined_at=call.time,
        was_created=False,
    )

    def work(tx: Transaction) -> None:
        if tx.memberships.get() is not None:
            raise OrganizationRefused(OrganizationProblem.ALREADY_IN_ORGANIZATION)
        try:
            tx.organizations.put(organization)
            tx.organizations.put_member(member)
        except AlreadyExists as exc:
            raise OrganizationRefused(OrganizationProblem.ALREADY_IN_ORGANIZATION) from exc
        for target in (organization.root_id, account_id):
            tx.control_policies.attach(FULL_ACCESS_ID, target)

    call.respond(organizationId=organization.organization_id, rootId=organization.root_id)
    await call.write(work)
    return organization


async def describe_organization(call: Call) -> Membership:
    """Return which organization the caller's account is in.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: NOT_IN_USE.
    """
    await require(call, Question(action=call.action))
    place = await call.glance(lambda tx: tx.memberships.get())
    if place is None:
        raise OrganizationRefused(OrganizationProblem.NOT_IN_USE)
    return place


async def delete_organization(call: Call) -> None:
    """Forget an organization that the management account is alone in.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: NOT_EMPTY.
    """
    await require_management(call)

    def work(tx: Transaction) -> None:
        organization_of(tx)
        if len(tx.organizations.members(parent_id="", after="", limit=2)) > 1:
            raise OrganizationRefused(OrganizationProblem.NOT_EMPTY)
        tx.organizations.delete()

    await call.write(work)


async def list_roots(call: Call) -> Organization:
    """Return the organization, which has one root.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: NOT_IN_USE or NOT_MANAGEMENT.
    """
    await require_management(call)
    return await call.read(organization_of)


def parent_exists(tx: Transaction, parent_id: str) -> bool:
    """Tell whether a root or unit is one of the organization's."""
    return organization_of(tx).root_id == parent_id or tx.organizations.unit(parent_id) is not None


def depth_of(tx: Transaction, parent_id: str) -> int:
    """Return how many units deep a parent lies; the root is at 0."""
    depth = 0
    unit = tx.organizations.unit(parent_id)
    while unit is not None:
        depth += 1
        unit = tx.organizations.unit(unit.parent_id)
    return depth


async def create_unit(call: Call, *, parent_id: str, name: str) -> OrganizationalUnit:
    """Make a unit below the root or a unit.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: PARENT_UNKNOWN, DUPLICATE_UNIT or CONSTRAINT.
    """
    await require_management(call, parent_id)

    def work(tx: Transaction) -> OrganizationalUnit:
        organization = organization_of(tx)
        if not parent_exists(tx, parent_id):
            raise OrganizationRefused(OrganizationProblem.PARENT_UNKNOWN)
        if depth_of(tx, parent_id) >= MAX_DEPTH:
            raise OrganizationRefused(
                OrganizationProblem.CONSTRAINT,
                "You have exceeded the allowed depth of organizational units.",
                reason="OU_DEPTH_LIMIT_EXCEEDED",
            )
        _check_name(tx, parent_id, name, but="")
        unit = OrganizationalUnit(
            account_id=organization.account_id,
            unit_id=f"ou-{organization.root_id.removeprefix('r-')}-{suffix}",
            parent_id=parent_id,
            name=name,
        )
        tx.organizations.put_unit(unit)
        call.respond(organizationalUnitId=unit.unit_id)
        if organization.controls:
            tx.control_policies.attach(FULL_ACCESS_ID, unit.unit_id)
        return unit

    suffix = new_suffix(call, 8)
    return await call.write(work)


def _check_name(tx: Transaction, parent_id: str, name: str, *, but: str) -> None:
    after = ""
    while units := tx.organizations.units(parent_id=parent_id, after=after, limit=500):
        if any(unit.name == name and unit.unit_id != but for unit in units):
            raise OrganizationRefused(OrganizationProblem.DUPLICATE_UNIT)
        after = units[-1].unit_id


async def describe_unit(call: Call, unit_id: str) -> OrganizationalUnit:
    """Return a unit.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: UNIT_UNKNOWN.
    """
    await require_management(call, unit_id)
    unit = await call.read(lambda tx: tx.organizations.unit(unit_id))
    return unit or _no_unit()


async def update_unit(call: Call, unit_id: str, *, name: str) -> OrganizationalUnit:
    """Give a unit another name; an empty one changes nothing.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: UNIT_UNKNOWN or DUPLICATE_UNIT.
    """
    await require_management(call, unit_id)

    def work(tx: Transaction) -> OrganizationalUnit:
        unit = tx.organizations.unit(unit_id) or _no_unit()
        if name:
            _check_name(tx, unit.parent_id, name, but=unit_id)
            unit = replace(unit, name=name)
            tx.organizations.put_unit(unit)
        return unit

    return await call.write(work)


async def delete_unit(call: Call, unit_id: str) -> None:
    """Forget a unit that holds nothing.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: UNIT_UNKNOWN or UNIT_NOT_EMPTY.
    """
    await require_management(call, unit_id)

    def work(tx: Transaction) -> None:
        if tx.organizations.unit(unit_id) is None:
            _no_unit()
        inside = tx.organizations.units(parent_id=unit_id, after="", limit=1)
        if inside or tx.organizations.members(parent_id=unit_id, after="", limit=1):
            raise OrganizationRefused(OrganizationProblem.UNIT_NOT_EMPTY)
        for policy_id in tx.control_policies.of_target(unit_id):
            tx.control_policies.detach(policy_id, unit_id)
        tx.organizations.delete_unit(unit_id)

    await call.write(work)


async def list_units(
    call: Call, parent_id: str, page: Page
) -> tuple[tuple[OrganizationalUnit, ...], bool]:
    """Return the units directly below a parent, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: PARENT_UNKNOWN.
    """
    await require_management(call, parent_id)

    def look(tx: Transaction) -> list[OrganizationalUnit]:
        if not parent_exists(tx, parent_id):
            raise OrganizationRefused(OrganizationProblem.PARENT_UNKNOWN)
        return list(
            tx.organizations.units(parent_id=parent_id, after=page.after, limit=page.limit + 1)
        )

    found = await call.read(look)
    return tuple(found[: page.limit]), len(found) > page.limit


def _no_unit() -> NoReturn:
    raise OrganizationRefused(OrganizationProblem.UNIT_UNKNOWN)
