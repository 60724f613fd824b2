"""Policies of users, groups and roles: those written into them, and managed ones attached.

Source of rules, limits and wording: the IAM API. A policy is checked when it is written, so
that what is stored can always be evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

from mooring.iam.identity import CustomerPolicy, EntityKind
from mooring.iam.size import GROUP_INLINE_SIZE, ROLE_INLINE_SIZE, USER_INLINE_SIZE, policy_size
from mooring.operations.call import Call
from mooring.operations.documents import check_document
from mooring.operations.entity_tables import get_of_kind
from mooring.operations.identities import page_of
from mooring.operations.policies import managed_policy
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = [
    "attach",
    "delete_inline",
    "detach",
    "get_inline",
    "list_attached",
    "list_inline",
    "put_inline",
]

_INLINE_TOTAL: Mapping[EntityKind, int] = {
    EntityKind.USER: USER_INLINE_SIZE,
    EntityKind.GROUP: GROUP_INLINE_SIZE,
    EntityKind.ROLE: ROLE_INLINE_SIZE,
}
_ATTACHED: Final = 10


async def put_inline(
    call: Call, kind: EntityKind, name: str, *, policy_name: str, document: str
) -> None:
    """Write a policy into a user, group or role; one of the same name is replaced.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, MALFORMED_POLICY or LIMIT_EXCEEDED.
    """
    stored = (await get_of_kind(call, kind, name)).name
    size = check_document(document)

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


async def get_inline(
    call: Call, kind: EntityKind, name: str, *, policy_name: str
) -> tuple[str, str]:
    """Return the name of an inline policy as it was given, and its text.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    stored = (await get_of_kind(call, kind, name)).name
    attached = await call.read(lambda tx: tx.identities.attached(kind, stored))
    for found, document in attached.inline:
        if found.lower() == policy_name.lower():
            return found, document
    return _no_inline(kind, policy_name)


async def list_inline(
    call: Call, kind: EntityKind, name: str, *, after: str = "", limit: int = 100
) -> tuple[tuple[str, ...], bool]:
    """Return the names of the inline policies, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    stored = (await get_of_kind(call, kind, name)).name
    attached = await call.read(lambda tx: tx.identities.attached(kind, stored))
    names = tuple(found for found, _ in attached.inline)
    return page_of(names, key=str.lower, after=after.lower(), limit=limit)


async def delete_inline(call: Call, kind: EntityKind, name: str, *, policy_name: str) -> None:
    """Forget an inline policy.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    stored = (await get_of_kind(call, kind, name)).name

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
    stored = (await get_of_kind(call, kind, name, policy_arn=policy_arn)).name

    def work(tx: Transaction) -> None:
        if managed_policy(tx, policy_arn) is None:
            raise OperationRefused(
                Problem.NO_SUCH_ENTITY,
                f"Policy {policy_arn} does not exist or is not attachable.",
            )
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
    stored = (await get_of_kind(call, kind, name, policy_arn=policy_arn)).name

    def work(tx: Transaction) -> None:
        if not tx.identities.detach(kind, stored, policy_arn):
            raise OperationRefused(Problem.NO_SUCH_ENTITY, f"Policy {policy_arn} was not found.")

    await call.write(work)


async def list_attached(  # noqa: PLR0913 - one keyword per member of the call
    call: Call,
    kind: EntityKind,
    name: str,
    *,
    path_prefix: str = "/",
    after: str = "",
    limit: int = 100,
) -> tuple[tuple[CustomerPolicy, ...], bool]:
    """Return the attached managed policies by unique id, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    stored = (await get_of_kind(call, kind, name)).name

    def look(tx: Transaction) -> tuple[CustomerPolicy, ...]:
        arns = tx.identities.attached(kind, stored).managed
        found = [policy for arn in arns if (policy := managed_policy(tx, arn)) is not None]
        return tuple(policy for policy in found if policy.path.startswith(path_prefix))

    policies = await call.read(look)
    return page_of(policies, key=lambda policy: policy.policy_id, after=after, limit=limit)
