"""Users, roles and access keys. Source of rules, limits and wording: the IAM API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NoReturn

from mooring.iam.errors import MalformedPolicy
from mooring.iam.identity import AccessKey, AttachedPolicies, EntityKind, KeyStatus, Role, User
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.credentials import new_secret, secret_context
from mooring.operations.policies import managed_policy
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction
from mooring.secret import Secret
from mooring.wire.ids import (
    ENTROPY_BYTES,
    AccessKeyKind,
    UniqueIdKind,
    new_access_key_id,
    new_unique_id,
)

__all__ = [
    "NewEntity",
    "create_access_key",
    "create_role",
    "create_user",
    "delete_access_key",
    "delete_role",
    "delete_user",
    "get_role",
    "get_user",
    "list_access_keys",
    "list_roles",
    "list_users",
    "require_on",
    "update_access_key",
]

_KEYS_PER_USER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntity:
    """What a new user or role is called, and what is known of it from the start."""

    name: str
    path: str = "/"
    boundary_arn: str = ""
    tags: Mapping[str, str]


async def require_on(
    call: Call,
    kind: EntityKind,
    name: str,
    *,
    entity: User | Role | None = None,
    extra: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Ask about a user or role by its ARN; one that does not exist is asked about at path ``/``."""
    plain = f"arn:aws:iam::{call.caller.account_id}:{kind}/{name}"
    arn = entity.arn if entity is not None else plain
    tags = entity.tags if entity is not None else {}
    await require(
        call, Question(action=call.action, resources=(arn,), tags=tags, extra=extra or {})
    )


def _request_keys(new: NewEntity) -> dict[str, tuple[str, ...]]:
    keys: dict[str, tuple[str, ...]] = {
        f"aws:RequestTag/{key}": (value,) for key, value in new.tags.items()
    }
    if new.tags:
        keys["aws:TagKeys"] = tuple(new.tags)
    if new.boundary_arn:
        keys["iam:PermissionsBoundary"] = (new.boundary_arn,)
    return keys


async def create_user(call: Call, new: NewEntity) -> User:
    """Make a user.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS.
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
    await require_on(call, EntityKind.USER, new.name, entity=user, extra=_request_keys(new))

    def work(tx: Transaction) -> None:
        if tx.identities.user(new.name) is not None:
            raise OperationRefused(
                Problem.ENTITY_EXISTS, f"User with name {new.name} already exists."
            )
        _check_boundary(tx, new.boundary_arn)
        tx.identities.put_user(user)

    await call.write(work)
    return user


def _check_boundary(tx: Transaction, arn: str) -> None:
    if arn and managed_policy(tx, arn) is None:
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"Policy {arn} does not exist or is not attachable."
        )


async def get_user(call: Call, name: str) -> User:
    """Return a user.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    user = await call.read(lambda tx: tx.identities.user(name))
    await require_on(call, EntityKind.USER, name, entity=user)
    return user or _missing(EntityKind.USER, name)


async def list_users(
    call: Call, *, path_prefix: str, after: str, limit: int
) -> tuple[tuple[User, ...], bool]:
    """Return users by name, and whether there are more.

    Raises:
        AccessDenied: not allowed.
    """
    await _require_list(call, EntityKind.USER, path_prefix)
    found = await call.read(
        lambda tx: tx.identities.users(path_prefix=path_prefix, after=after, limit=limit + 1)
    )
    return tuple(found[:limit]), len(found) > limit


async def _require_list(call: Call, kind: EntityKind, path_prefix: str) -> None:
    named = f"arn:aws:iam::{call.caller.account_id}:{kind}{path_prefix}"
    await require(call, Question(action=call.action, resources=(named, "*")))


async def delete_user(call: Call, name: str) -> None:
    """Forget a user that has no keys and no policies any more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or DELETE_CONFLICT.
    """
    user = await call.read(lambda tx: tx.identities.user(name))
    await require_on(call, EntityKind.USER, name, entity=user)

    def work(tx: Transaction) -> None:
        stored = tx.identities.user(name) or _missing(EntityKind.USER, name)
        if tx.identities.access_keys(name):
            raise OperationRefused(
                Problem.DELETE_CONFLICT, "Cannot delete entity, must delete access keys first."
            )
        _check_bare(tx.identities.attached(EntityKind.USER, name))
        tx.identities.delete_user(name)
        tx.tickets.revoke(kind="sign-in", subject=stored.name)

    await call.write(work)


def _check_bare(attached: AttachedPolicies) -> None:
    if attached.managed:
        raise OperationRefused(
            Problem.DELETE_CONFLICT, "Cannot delete entity, must detach all policies first."
        )
    if attached.inline:
        raise OperationRefused(
            Problem.DELETE_CONFLICT, "Cannot delete entity, must delete policies first."
        )


async def create_role(
    call: Call, new: NewEntity, *, trust_policy: str, description: str, max_session: timedelta
) -> Role:
    """Make a role.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS or MALFORMED_POLICY.
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
    await require_on(call, EntityKind.ROLE, new.name, entity=role, extra=_request_keys(new))
    try:
        parse_policy(trust_policy, kind=PolicyKind.TRUST)
    except MalformedPolicy as exc:
        raise OperationRefused(Problem.MALFORMED_POLICY, str(exc)) from exc

    def work(tx: Transaction) -> None:
        if tx.identities.role(new.name) is not None:
            raise OperationRefused(
                Problem.ENTITY_EXISTS, f"Role with name {new.name} already exists."
            )
        _check_boundary(tx, new.boundary_arn)
        tx.identities.put_role(role)

    await call.write(work)
    return role


async def get_role(call: Call, name: str) -> Role:
    """Return a role.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    role = await call.read(lambda tx: tx.identities.role(name))
    await require_on(call, EntityKind.ROLE, name, entity=role)
    return role or _missing(EntityKind.ROLE, name)


async def list_roles(
    call: Call, *, path_prefix: str, after: str, limit: int
) -> tuple[tuple[Role, ...], bool]:
    """Return roles by name, and whether there are more.

    Raises:
        AccessDenied: not allowed.
    """
    await _require_list(call, EntityKind.ROLE, path_prefix)
    found = await call.read(
        lambda tx: tx.identities.roles(path_prefix=path_prefix, after=after, limit=limit + 1)
    )
    return tuple(found[:limit]), len(found) > limit


async def delete_role(call: Call, name: str) -> None:
    """Forget a role that has no policies any more; its sessions stop at once.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or DELETE_CONFLICT.
    """
    role = await call.read(lambda tx: tx.identities.role(name))
    await require_on(call, EntityKind.ROLE, name, entity=role)

    def work(tx: Transaction) -> None:
        if tx.identities.role(name) is None:
            _missing(EntityKind.ROLE, name)
        _check_bare(tx.identities.attached(EntityKind.ROLE, name))
        tx.identities.delete_role(name)

    await call.write(work)


async def create_access_key(call: Call, user_name: str) -> tuple[AccessKey, Secret]:
    """Make a key for a user; the secret is shown this once.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or LIMIT_EXCEEDED.
    """
    user = await call.read(lambda tx: tx.identities.user(user_name))
    await require_on(call, EntityKind.USER, user_name, entity=user)
    key_id = new_access_key_id(AccessKeyKind.LONG_TERM, call.world.entropy.bytes(ENTROPY_BYTES))
    secret = new_secret(call.world)
    sealed = call.world.keys.seal(secret.reveal().encode(), context=secret_context(key_id))

    def work(tx: Transaction) -> AccessKey:
        owner = tx.identities.user(user_name) or _missing(EntityKind.USER, user_name)
        if len(tx.identities.access_keys(owner.name)) >= _KEYS_PER_USER:
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED,
                f"Cannot exceed quota for AccessKeysPerUser: {_KEYS_PER_USER}",
            )
        key = AccessKey(
            account_id=owner.account_id,
            access_key_id=key_id,
            user_name=owner.name,
            sealed_secret=sealed,
            created_at=call.time,
        )
        tx.identities.put_access_key(key)
        return key

    return await call.write(work), secret


async def list_access_keys(call: Call, user_name: str) -> tuple[AccessKey, ...]:
    """Return a user's keys, without secrets.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    user = await call.read(lambda tx: tx.identities.user(user_name))
    await require_on(call, EntityKind.USER, user_name, entity=user)
    owner = user or _missing(EntityKind.USER, user_name)
    return tuple(await call.read(lambda tx: tx.identities.access_keys(owner.name)))


async def update_access_key(
    call: Call, user_name: str, access_key_id: str, *, status: KeyStatus
) -> None:
    """Switch a key on or off, at once.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    user = await call.read(lambda tx: tx.identities.user(user_name))
    await require_on(call, EntityKind.USER, user_name, entity=user)

    def work(tx: Transaction) -> None:
        tx.identities.put_access_key(replace(_key(tx, user_name, access_key_id), status=status))

    await call.write(work)


async def delete_access_key(call: Call, user_name: str, access_key_id: str) -> None:
    """Forget a key.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    user = await call.read(lambda tx: tx.identities.user(user_name))
    await require_on(call, EntityKind.USER, user_name, entity=user)

    def work(tx: Transaction) -> None:
        tx.identities.delete_access_key(_key(tx, user_name, access_key_id).access_key_id)

    await call.write(work)


def _key(tx: Transaction, user_name: str, access_key_id: str) -> AccessKey:
    key = tx.identities.access_key(access_key_id)
    if key is None or key.user_name.lower() != user_name.lower():
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"The Access Key with id {access_key_id} cannot be found."
        )
    return key


def _missing(kind: EntityKind, name: str) -> NoReturn:
    raise OperationRefused(Problem.NO_SUCH_ENTITY, f"The {kind} with name {name} cannot be found.")
