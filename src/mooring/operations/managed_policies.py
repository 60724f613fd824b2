"""Managed policies: AWS's and the account's own, where they are used, and what they say.

Source of rules, limits and wording: the IAM API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mooring.iam.identity import CustomerPolicy, Entity, EntityKind, PolicyVersion
from mooring.iam.managed import MANAGED_POLICIES
from mooring.iam.size import MANAGED_SIZE
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.documents import check_document
from mooring.operations.entity_tables import POLICIES, find_entity
from mooring.operations.identities import create_entity, page_of, require_on
from mooring.operations.policies import managed_policy
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.tags import read_tags, request_tags
from mooring.ports.tables import Transaction
from mooring.wire.ids import ENTROPY_BYTES, UniqueIdKind, new_unique_id

__all__ = [
    "ManagedPolicyView",
    "NewPolicy",
    "Usage",
    "Wanted",
    "check_managed",
    "create_policy",
    "delete_policy",
    "get_managed",
    "get_policy",
    "list_entities_for_policy",
    "list_policies",
    "refuse_those_of_aws",
    "view_of",
]

_SCAN = 100


class Usage(StrEnum):
    """What a managed policy is used for."""

    PERMISSIONS = "PermissionsPolicy"
    BOUNDARY = "PermissionsBoundary"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPolicy:
    """What a new policy is called and says."""

    name: str
    path: str = "/"
    document: str
    description: str = ""
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which policies, or users of one, a list is to show; None is any."""

    path_prefix: str = "/"
    usage: Usage | None = None
    kind: EntityKind | None = None
    scope: str = "All"
    only_attached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicyView:
    """A managed policy, AWS's or the account's, with how often it is used."""

    policy: CustomerPolicy
    is_aws: bool
    attachments: int
    boundaries: int

    @property
    def marker(self) -> str:
        """Its place in lists: by name, and of one name the account's own first."""
        return f"{self.policy.name.lower()}{'/aws' if self.is_aws else ''}"


def check_managed(document: str) -> None:
    """Return when the document can be a version of a managed policy.

    Raises:
        OperationRefused: MALFORMED_POLICY or LIMIT_EXCEEDED.
    """
    if check_document(document) > MANAGED_SIZE:
        raise OperationRefused(
            Problem.LIMIT_EXCEEDED, f"Cannot exceed quota for PolicySize: {MANAGED_SIZE}"
        )


def refuse_those_of_aws(arn: str) -> None:
    """Return when the policy is none of AWS's.

    Raises:
        OperationRefused: UNMODIFIABLE.
    """
    if arn in MANAGED_POLICIES:
        raise OperationRefused(Problem.UNMODIFIABLE, f"Policy {arn} cannot be changed.")


def view_of(tx: Transaction, policy: CustomerPolicy) -> ManagedPolicyView:
    """Return a policy with how often it is used."""
    return ManagedPolicyView(
        policy=policy,
        is_aws=policy.arn in MANAGED_POLICIES,
        attachments=tx.identities.attachment_count(policy.arn),
        boundaries=tx.identities.boundary_count(policy.arn),
    )


async def create_policy(call: Call, new: NewPolicy) -> ManagedPolicyView:
    """Make a managed policy of the account's, in its first version.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS, MALFORMED_POLICY, LIMIT_EXCEEDED or INVALID_INPUT.
    """
    policy = CustomerPolicy(
        account_id=call.caller.account_id,
        name=new.name,
        path=new.path,
        policy_id=new_unique_id(
            UniqueIdKind.MANAGED_POLICY, call.world.entropy.bytes(ENTROPY_BYTES)
        ),
        document=new.document,
        description=new.description,
        created_at=call.time,
        updated_at=call.time,
        tags=new.tags,
    )
    first = PolicyVersion(
        policy_arn=policy.arn, number=1, document=new.document, created_at=call.time
    )

    def finish(tx: Transaction, made: CustomerPolicy) -> CustomerPolicy:
        read_tags(tuple(new.tags.items()))
        check_managed(new.document)
        if tx.identities.policy_named(new.name) is not None:
            raise OperationRefused(Problem.ENTITY_EXISTS, POLICIES.taken.format(new.name))
        tx.policy_versions.put(first)
        return made

    await create_entity(call, POLICIES, policy, extra=request_tags(new.tags), finish=finish)
    return ManagedPolicyView(policy=policy, is_aws=False, attachments=0, boundaries=0)


async def get_managed(call: Call, arn: str) -> CustomerPolicy:
    """Return a managed policy, AWS's or the account's, that the caller may ask for.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    policy = await call.glance(lambda tx: managed_policy(tx, arn))
    await require_on(call, POLICIES.word, arn, entity=policy)
    return policy if policy is not None else POLICIES.refuse(arn)


async def get_policy(call: Call, arn: str) -> ManagedPolicyView:
    """Return a managed policy and how often it is used.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    policy = await get_managed(call, arn)
    return await call.read(lambda tx: view_of(tx, policy))


async def delete_policy(call: Call, arn: str) -> None:
    """Forget a managed policy that is used nowhere and has its one version.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, DELETE_CONFLICT, or UNMODIFIABLE for those of AWS.
    """
    await get_managed(call, arn)
    refuse_those_of_aws(arn)

    def work(tx: Transaction) -> None:
        view = view_of(tx, POLICIES.stored(tx, arn))
        if view.attachments:
            raise OperationRefused(
                Problem.DELETE_CONFLICT, "Cannot delete a policy attached to entities."
            )
        if view.boundaries:
            raise OperationRefused(
                Problem.DELETE_CONFLICT, "Cannot delete a policy used as a permissions boundary."
            )
        if len(tx.policy_versions.of_policy(arn)) > 1:
            raise OperationRefused(
                Problem.DELETE_CONFLICT,
                "This policy has more than one version. Before you delete a policy, you must "
                "delete the policy's versions. The default version is deleted with the policy.",
            )
        POLICIES.forget(tx, view.policy)

    await call.write(work)


async def list_policies(
    call: Call, wanted: Wanted, *, after: str, limit: int
) -> tuple[tuple[ManagedPolicyView, ...], bool]:
    """Return managed policies in the order of their markers, and whether there are more.

    Raises:
        AccessDenied: not allowed.
    """
    named = f"arn:aws:iam::{call.caller.account_id}:policy{wanted.path_prefix}"
    await require(call, Question(action=call.action, resources=(named, "*")))

    def look(tx: Transaction) -> list[ManagedPolicyView]:
        local = [] if wanted.scope == "AWS" else _local(tx, wanted, after=after, limit=limit + 1)
        aws = [] if wanted.scope == "Local" else _aws(tx, wanted)
        return [view for view in (*local, *aws) if _is_wanted(view, wanted)]

    views = await call.read(look)
    return page_of(views, key=lambda view: view.marker, after=after, limit=limit)


def _local(tx: Transaction, wanted: Wanted, *, after: str, limit: int) -> list[ManagedPolicyView]:
    """Go through the account's policies by name until so many are wanted."""
    found: list[ManagedPolicyView] = []
    at = after.partition("/")[0]
    while len(found) < limit:
        page = tx.identities.policies(path_prefix=wanted.path_prefix, after=at, limit=_SCAN)
        views = [view_of(tx, policy) for policy in page]
        found += [view for view in views if _is_wanted(view, wanted)]
        if len(page) < _SCAN:
            break
        at = page[-1].name
    return found


def _aws(tx: Transaction, wanted: Wanted) -> list[ManagedPolicyView]:
    policies = [managed_policy(tx, arn) for arn in MANAGED_POLICIES]
    return [
        view_of(tx, policy)
        for policy in policies
        if policy is not None and policy.path.startswith(wanted.path_prefix)
    ]


def _is_wanted(view: ManagedPolicyView, wanted: Wanted) -> bool:
    used = {Usage.PERMISSIONS: view.attachments, Usage.BOUNDARY: view.boundaries}
    if wanted.usage is not None:
        return used[wanted.usage] > 0
    return not wanted.only_attached or view.attachments > 0


async def list_entities_for_policy(
    call: Call, arn: str, wanted: Wanted, *, after: str, limit: int
) -> tuple[tuple[tuple[EntityKind, Entity], ...], bool]:
    """Return who uses a managed policy by kind and name, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    await get_managed(call, arn)

    def look(tx: Transaction) -> list[tuple[EntityKind, Entity]]:
        users: set[tuple[EntityKind, str]] = set()
        if wanted.usage is not Usage.BOUNDARY:
            users |= set(tx.identities.holders(arn))
        if wanted.usage is not Usage.PERMISSIONS:
            users |= set(tx.identities.bounded(arn))
        found = [(of, find_entity(tx, of, name)) for of, name in users]
        return [
            (of, entity)
            for of, entity in found
            if entity is not None
            and entity.path.startswith(wanted.path_prefix)
            and wanted.kind in (None, of)
        ]

    rows = await call.read(look)
    return page_of(
        rows, key=lambda row: f"{row[0]}/{row[1].name.lower()}", after=after, limit=limit
    )
