"""Making users and roles, and changing a role. Source of rules and wording: the IAM API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from mooring.iam.identity import Role, User
from mooring.operations.boundaries import boundary_key, check_boundary
from mooring.operations.call import Call
from mooring.operations.entity_tables import ROLES, USERS
from mooring.operations.identities import change_entity, create_entity
from mooring.operations.tags import read_tags, request_tags
from mooring.operations.trust import keep_trust
from mooring.ports.tables import Transaction
from mooring.wire.ids import ENTROPY_BYTES, UniqueIdKind, new_unique_id

__all__ = ["NewEntity", "create_role", "create_user", "update_assume_role_policy", "update_role"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntity:
    """What a new user or role is called, and what is known of it from the start."""

    name: str
    path: str = "/"
    boundary_arn: str = ""
    tags: Mapping[str, str]


def _keys(new: NewEntity) -> dict[str, tuple[str, ...]]:
    return {**request_tags(new.tags), **boundary_key(new.boundary_arn)}


def _check(tx: Transaction, new: NewEntity) -> None:
    read_tags(tuple(new.tags.items()))
    check_boundary(tx, new.boundary_arn)


async def create_user(call: Call, new: NewEntity) -> User:
    """Make a user.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS, LIMIT_EXCEEDED, INVALID_INPUT, or NO_SUCH_ENTITY for
            the boundary.
    """
    user = User(
        account_id=call.caller.account_id,
        name=new.name,
        path=new.path,
        user_id=new_unique_id(UniqueIdKind.USER, call.world.entropy.bytes(ENTROPY_BYTES)),
        created_at=call.time,
        boundary_arn=new.boundary_arn,
        tags=new.tags,
    )

    def finish(tx: Transaction, made: User) -> User:
        _check(tx, new)
        return made

    return await create_entity(call, USERS, user, extra=_keys(new), finish=finish)


async def create_role(
    call: Call, new: NewEntity, *, trust_policy: str, description: str, max_session: timedelta
) -> Role:
    """Make a role.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: as for a user, and MALFORMED_POLICY.
    """
    role = Role(
        account_id=call.caller.account_id,
        name=new.name,
        path=new.path,
        role_id=new_unique_id(UniqueIdKind.ROLE, call.world.entropy.bytes(ENTROPY_BYTES)),
        created_at=call.time,
        trust_policy=trust_policy,
        description=description,
        max_session=max_session,
        boundary_arn=new.boundary_arn,
        tags=new.tags,
    )

    def finish(tx: Transaction, made: Role) -> Role:
        _check(tx, new)
        return replace(made, trust_policy=keep_trust(tx, made.account_id, trust_policy))

    return await create_entity(call, ROLES, role, extra=_keys(new), finish=finish)


async def update_role(
    call: Call, name: str, *, description: str | None = None, max_session: timedelta | None = None
) -> Role:
    """Change what a role says of itself and how long its sessions may be; None leaves as it is.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """

    def alter(_: Transaction, role: Role) -> Role:
        return replace(
            role,
            description=role.description if description is None else description,
            max_session=max_session or role.max_session,
        )

    return await change_entity(call, ROLES, name, alter)


async def update_assume_role_policy(call: Call, name: str, document: str) -> None:
    """Change who may assume a role.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, MALFORMED_POLICY or LIMIT_EXCEEDED.
    """

    def alter(tx: Transaction, role: Role) -> Role:
        return replace(role, trust_policy=keep_trust(tx, role.account_id, document))

    await change_entity(call, ROLES, name, alter)
