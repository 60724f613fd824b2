"""Policies: those written into a user or role, and managed ones attached to them.

Source of rules, limits and wording: the IAM API. A policy is checked when it is written, so
that what is stored can always be evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from mooring.iam.errors import MalformedPolicy
from mooring.iam.identity import AttachedPolicies, CustomerPolicy, EntityKind, Role, User
from mooring.iam.managed import MANAGED_POLICIES
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.size import policy_size
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.identities import require_on
from mooring.operations.policies import managed_policy
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction
from mooring.wire.ids import ENTROPY_BYTES, UniqueIdKind, new_unique_id

__all__ = [
    "ONLY_VERSION",
    "ManagedPolicyView",
    "attach",
    "create_policy",
    "delete_inline",
    "delete_policy",
    "detach",
    "get_inline",
    "get_policy",
    "get_version",
    "list_attached",
    "list_inline",
    "list_policies",
    "put_inline",
]

ONLY_VERSION = "v1"
_INLINE_TOTAL = {EntityKind.USER: 2048, EntityKind.ROLE: 10240}
_MANAGED_SIZE = 6144
_ATTACHED = 10
_SCAN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicyView:
    """A managed policy, ours or the account's, with how often it is attached."""

    policy: CustomerPolicy
    is_aws: bool
    attachments: int


def _check(document: str) -> int:
    """Return the size that counts.

    Raises:
        OperationRefused: MALFORMED_POLICY.
    """
    try:
        parse_policy(document, kind=PolicyKind.IDENTITY)
    except MalformedPolicy as exc:
        raise OperationRefused(Problem.MALFORMED_POLICY, str(exc)) from exc
    return policy_size(document)


def _entity(tx: Transaction, kind: EntityKind, name: str) -> User | Role | None:
    if kind is EntityKind.USER:
        return tx.identities.user(name)
    return tx.identities.role(name)


async def _require_entity(call: Call, kind: EntityKind, name: str, arn: str = "") -> str:
    """Ask about the entity, and return its name as it is stored."""
    entity = await call.read(lambda tx: _entity(tx, kind, name))
    extra = {"iam:PolicyARN": (arn,)} if arn else None
    await require_on(call, kind, name, entity=entity, extra=extra)
    if entity is None:
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"The {kind} with name {name} cannot be found."
        )
    return entity.name


async def put_inline(
    call: Call, kind: EntityKind, name: str, *, policy_name: str, document: str
) -> None:
    """Write a policy into a user or role; one of the same name is replaced.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, MALFORMED_POLICY or LIMIT_EXCEEDED.
    """
    stored = await _require_entity(call, kind, name)
    size = _check(document)

    def work(tx: Transaction) -> None:
        others = [
            text
            for other, text in tx.identities.attached(kind, stored).inline
            if other.lower() != policy_name.lower()
        ]
        if size + sum(policy_size(text) for text in others) > _INLINE_TOTAL[kind]:
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED,
                f"Maximum policy size of {_INLINE_TOTAL[kind]} bytes exceeded for {kind} {stored}",
            )
        tx.identities.put_inline(kind, stored, policy_name, document)

    await call.write(work)


async def get_inline(call: Call, kind: EntityKind, name: str, *, policy_name: str) -> str:
    """Return the text of an inline policy.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    stored = await _require_entity(call, kind, name)
    attached = await call.read(lambda tx: tx.identities.attached(kind, stored))
    for found, document in attached.inline:
        if found.lower() == policy_name.lower():
            return document
    return _no_inline(kind, policy_name)


async def list_inline(call: Call, kind: EntityKind, name: str) -> tuple[str, ...]:
    """Return the names of the inline policies.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    attached = await _attached(call, kind, name)
    return tuple(found for found, _ in attached.inline)


async def _attached(call: Call, kind: EntityKind, name: str) -> AttachedPolicies:
    stored = await _require_entity(call, kind, name)
    return await call.read(lambda tx: tx.identities.attached(kind, stored))


async def delete_inline(call: Call, kind: EntityKind, name: str, *, policy_name: str) -> None:
    """Forget an inline policy.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    stored = await _require_entity(call, kind, name)

    def work(tx: Transaction) -> None:
        if not tx.identities.delete_inline(kind, stored, policy_name):
            _no_inline(kind, policy_name)

    await call.write(work)


def _no_inline(kind: EntityKind, policy_name: str) -> NoReturn:
    raise OperationRefused(
        Problem.NO_SUCH_ENTITY, f"The {kind} policy with name {policy_name} cannot be found."
    )


async def attach(call: Call, kind: EntityKind, name: str, policy_arn: str) -> None:
    """Attach a managed policy.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or LIMIT_EXCEEDED.
    """
    stored = await _require_entity(call, kind, name, policy_arn)

    def work(tx: Transaction) -> None:
        _managed(tx, policy_arn)
        managed = tx.identities.attached(kind, stored).managed
        if policy_arn not in managed and len(managed) >= _ATTACHED:
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED,
                f"Cannot exceed quota for PoliciesPer{kind.capitalize()}: {_ATTACHED}",
            )
        tx.identities.attach(kind, stored, policy_arn)

    await call.write(work)


async def detach(call: Call, kind: EntityKind, name: str, policy_arn: str) -> None:
    """Detach a managed policy.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    stored = await _require_entity(call, kind, name, policy_arn)

    def work(tx: Transaction) -> None:
        if not tx.identities.detach(kind, stored, policy_arn):
            raise OperationRefused(Problem.NO_SUCH_ENTITY, f"Policy {policy_arn} was not found.")

    await call.write(work)


async def list_attached(call: Call, kind: EntityKind, name: str) -> tuple[str, ...]:
    """Return the ARNs of the attached managed policies.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    return (await _attached(call, kind, name)).managed


async def create_policy(
    call: Call, *, name: str, path: str, document: str, description: str
) -> ManagedPolicyView:
    """Make a managed policy of the account's.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS, MALFORMED_POLICY or LIMIT_EXCEEDED.
    """
    policy = CustomerPolicy(
        account_id=call.caller.account_id,
        name=name,
        path=path,
        policy_id=new_unique_id(
            UniqueIdKind.MANAGED_POLICY, call.world.entropy.bytes(ENTROPY_BYTES)
        ),
        document=document,
        description=description,
        created_at=call.time,
        updated_at=call.time,
    )
    await require(call, Question(action=call.action, resources=(policy.arn,)))
    if _check(document) > _MANAGED_SIZE:
        raise OperationRefused(
            Problem.LIMIT_EXCEEDED, f"Cannot exceed quota for PolicySize: {_MANAGED_SIZE}"
        )

    def work(tx: Transaction) -> None:
        if _is_taken(tx, name):
            raise OperationRefused(
                Problem.ENTITY_EXISTS,
                f"A policy called {name} already exists. Duplicate names are not allowed.",
            )
        tx.identities.put_policy(policy)

    await call.write(work)
    return ManagedPolicyView(policy=policy, is_aws=False, attachments=0)


def _is_taken(tx: Transaction, name: str) -> bool:
    """Policy names are unique in an account, whatever their paths and case."""
    after = ""
    while page := tx.identities.policies(path_prefix="/", after=after, limit=_SCAN):
        if any(policy.name.lower() == name.lower() for policy in page):
            return True
        after = page[-1].arn
    return False


async def get_policy(call: Call, arn: str) -> ManagedPolicyView:
    """Return a managed policy.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    await require(call, Question(action=call.action, resources=(arn,)))
    return await call.read(lambda tx: _view(tx, _managed(tx, arn)))


async def get_version(call: Call, arn: str, version: str) -> CustomerPolicy:
    """Return a version of a managed policy; so far each has the one.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    await require(call, Question(action=call.action, resources=(arn,)))
    policy = await call.read(lambda tx: _managed(tx, arn))
    if version != ONLY_VERSION:
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"Policy {arn} version {version} does not exist."
        )
    return policy


async def delete_policy(call: Call, arn: str) -> None:
    """Forget a managed policy that is attached nowhere.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, DELETE_CONFLICT, or UNMODIFIABLE for those of AWS.
    """
    await require(call, Question(action=call.action, resources=(arn,)))

    def work(tx: Transaction) -> None:
        _managed(tx, arn)
        if arn in MANAGED_POLICIES:
            raise OperationRefused(Problem.UNMODIFIABLE, f"Policy {arn} cannot be changed.")
        if tx.identities.attachment_count(arn):
            raise OperationRefused(
                Problem.DELETE_CONFLICT, "Cannot delete a policy attached to entities."
            )
        tx.identities.delete_policy(arn)

    await call.write(work)


async def list_policies(
    call: Call, *, scope: str, path_prefix: str, after: str, limit: int
) -> tuple[tuple[ManagedPolicyView, ...], bool]:
    """Return managed policies by ARN; ``scope`` is All, AWS or Local.

    Raises:
        AccessDenied: not allowed.
    """
    await require(
        call,
        Question(
            action=call.action,
            resources=(f"arn:aws:iam::{call.caller.account_id}:policy{path_prefix}", "*"),
        ),
    )

    def look(tx: Transaction) -> list[ManagedPolicyView]:
        found: list[CustomerPolicy] = []
        if scope != "AWS":
            found += tx.identities.policies(path_prefix=path_prefix, after=after, limit=limit + 1)
        if scope != "Local":
            found += [
                policy
                for arn in MANAGED_POLICIES
                if arn > after and (policy := _managed(tx, arn)).path.startswith(path_prefix)
            ]
        return [_view(tx, policy) for policy in sorted(found, key=lambda row: row.arn)]

    views = await call.read(look)
    return tuple(views[:limit]), len(views) > limit


def _view(tx: Transaction, policy: CustomerPolicy) -> ManagedPolicyView:
    return ManagedPolicyView(
        policy=policy,
        is_aws=policy.arn in MANAGED_POLICIES,
        attachments=tx.identities.attachment_count(policy.arn),
    )


def _managed(tx: Transaction, arn: str) -> CustomerPolicy:
    policy = managed_policy(tx, arn)
    if policy is None:
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"Policy {arn} does not exist or is not attachable."
        )
    return policy
