"""Permissions boundaries of users and roles: a managed policy that limits what others grant."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from mooring.iam.identity import Role, User
from mooring.operations.call import Call
from mooring.operations.identities import EntityTable, change_entity
from mooring.operations.policies import managed_policy
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = ["BoundedT", "boundary_key", "check_boundary", "delete_boundary", "put_boundary"]

BoundedT = TypeVar("BoundedT", User, Role)


def boundary_key(arn: str) -> dict[str, tuple[str, ...]]:
    """Return the context key of a call that names a boundary."""
    return {"iam:PermissionsBoundary": (arn,)} if arn else {}


def check_boundary(tx: Transaction, arn: str) -> None:
    """Return when the boundary is a policy, or none is named.

    Raises:
        OperationRefused: NO_SUCH_ENTITY.
    """
    if arn and managed_policy(tx, arn) is None:
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"Scope ARN: {arn} does not exist or is not attachable."
        )


async def put_boundary(call: Call, table: EntityTable[BoundedT], name: str, arn: str) -> None:
    """Limit a user or role by a managed policy, in place of the one before.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, of the user or role or of the policy.
    """

    def alter(tx: Transaction, entity: BoundedT) -> BoundedT:
        check_boundary(tx, arn)
        return replace(entity, boundary_arn=arn)

    await change_entity(call, table, name, alter, extra=boundary_key(arn))


async def delete_boundary(call: Call, table: EntityTable[BoundedT], name: str) -> None:
    """Limit a user or role no more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, also where there is no boundary.
    """

    def alter(_: Transaction, entity: BoundedT) -> BoundedT:
        if not entity.boundary_arn:
            raise OperationRefused(
                Problem.NO_SUCH_ENTITY,
                f"The permissions boundary of the {table.word} {name} cannot be found.",
            )
        return replace(entity, boundary_arn="")

    await change_entity(call, table, name, alter)
