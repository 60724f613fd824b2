"""Everything that grants anything in an account, in pages: IAM's GetAccountAuthorizationDetails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from enum import StrEnum

from mooring.iam.identity import (
    CustomerPolicy,
    Entity,
    EntityKind,
    Group,
    InstanceProfile,
    LastUse,
    PolicyVersion,
)
from mooring.iam.managed import MANAGED_POLICIES
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.entity_tables import GROUPS, POLICIES, ROLES, USERS
from mooring.operations.managed_policies import ManagedPolicyView, view_of
from mooring.operations.policies import managed_policy
from mooring.operations.trust import show_role
from mooring.ports.tables import Transaction

__all__ = ["Detail", "EntityDetail", "PolicyDetail", "Section", "get_details"]


class Section(StrEnum):
    """The parts of the answer, in their order."""

    USERS = "User"
    GROUPS = "Group"
    ROLES = "Role"
    LOCAL_POLICIES = "LocalManagedPolicy"
    AWS_POLICIES = "AWSManagedPolicy"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityDetail:
    """A user, group or role with all that hangs on it; ``profiles`` hold a role."""

    section: Section
    entity: Entity
    inline: tuple[tuple[str, str], ...]
    managed: tuple[CustomerPolicy, ...]
    groups: tuple[Group, ...] = ()
    profiles: tuple[InstanceProfile, ...] = ()
    last_use: LastUse | None = None

    @property
    def marker(self) -> str:
        """Its place in the whole."""
        return f"{self.section}/{self.entity.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDetail:
    """A managed policy with its versions, newest first."""

    section: Section
    view: ManagedPolicyView
    versions: tuple[PolicyVersion, ...]

    @property
    def marker(self) -> str:
        """Its place in the whole."""
        return f"{self.section}/{self.view.policy.name}"


Detail = EntityDetail | PolicyDetail


async def get_details(
    call: Call, sections: Set[Section], *, after: str, limit: int
) -> tuple[tuple[Detail, ...], bool]:
    """Return a page of the account, and whether there is more; no section means all.

    Raises:
        AccessDenied: not allowed.
    """
    await require(call, Question(action=call.action))
    at, _, name = after.partition("/")
    order = list(Section)
    begun = [section for section in order if section.value == at]
    left = order[order.index(begun[0]) :] if begun else order

    def look(tx: Transaction) -> list[Detail]:
        found: list[Detail] = []
        for section in left:
            if (not sections or section in sections) and len(found) <= limit:
                start = name if section in begun else ""
                found += _READERS[section](tx, start, limit + 1 - len(found))
        return found

    found = await call.read(look)
    return tuple(found[:limit]), len(found) > limit


def _managed(tx: Transaction, arns: tuple[str, ...]) -> tuple[CustomerPolicy, ...]:
    found = (managed_policy(tx, arn) for arn in arns)
    return tuple(policy for policy in found if policy is not None)


def _detail(tx: Transaction, section: Section, kind: EntityKind, entity: Entity) -> EntityDetail:
    attached = tx.identities.attached(kind, entity.name)
    return EntityDetail(
        section=section,
        entity=entity,
        inline=attached.inline,
        managed=_managed(tx, attached.managed),
    )


def _users(tx: Transaction, after: str, limit: int) -> list[Detail]:
    return [
        replace(
            _detail(tx, Section.USERS, EntityKind.USER, user),
            groups=tuple(tx.groups.of_user(user.name)),
        )
        for user in USERS.page(tx, "/", after, limit)
    ]


def _groups(tx: Transaction, after: str, limit: int) -> list[Detail]:
    groups = GROUPS.page(tx, "/", after, limit)
    return [_detail(tx, Section.GROUPS, EntityKind.GROUP, group) for group in groups]


def _roles(tx: Transaction, after: str, limit: int) -> list[Detail]:
    return [
        replace(
            _detail(tx, Section.ROLES, EntityKind.ROLE, show_role(tx, role)),
            profiles=tuple(tx.instance_profiles.of_role(role.name)),
            last_use=tx.last_uses.get(role.role_id),
        )
        for role in ROLES.page(tx, "/", after, limit)
    ]


def _local(tx: Transaction, after: str, limit: int) -> list[Detail]:
    return [
        PolicyDetail(
            section=Section.LOCAL_POLICIES,
            view=view_of(tx, policy),
            versions=tuple(tx.policy_versions.of_policy(policy.arn)),
        )
        for policy in POLICIES.page(tx, "/", after, limit)
    ]


def _aws(tx: Transaction, after: str, limit: int) -> list[Detail]:
    """Of AWS's policies those that the account uses."""
    views = [view_of(tx, policy) for policy in _managed(tx, tuple(MANAGED_POLICIES))]
    used = [view for view in views if view.attachments or view.boundaries]
    rest = sorted(
        (view for view in used if view.policy.name.lower() > after.lower()),
        key=lambda view: view.policy.name.lower(),
    )
    return [
        PolicyDetail(
            section=Section.AWS_POLICIES, view=view, versions=(_only_version(view.policy),)
        )
        for view in rest[:limit]
    ]


def _only_version(policy: CustomerPolicy) -> PolicyVersion:
    return PolicyVersion(
        policy_arn=policy.arn,
        number=policy.default_version,
        document=policy.document,
        created_at=policy.updated_at,
    )


_READERS: Mapping[Section, Callable[[Transaction, str, int], list[Detail]]] = {
    Section.USERS: _users,
    Section.GROUPS: _groups,
    Section.ROLES: _roles,
    Section.LOCAL_POLICIES: _local,
    Section.AWS_POLICIES: _aws,
}
