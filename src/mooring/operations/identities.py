"""Users, groups, roles, instance profiles and policies alike: by name found, made, changed, gone.

IAM treats its kinds of things alike; what differs stands in one ``EntityTable`` for each. Every
function asks the policies about the thing's ARN before it says whether the thing is there.
Source of rules, limits and wording: the IAM API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, NoReturn, TypeVar

from mooring.iam.identity import (
    CustomerPolicy,
    EntityKind,
    Group,
    InstanceProfile,
    Role,
    Total,
    User,
)
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = [
    "Conflict",
    "EntityTable",
    "Holder",
    "HolderT",
    "change_entity",
    "create_entity",
    "delete_entity",
    "get_entity",
    "list_entities",
    "page_of",
    "rename_entity",
    "require_on",
]

Holder = User | Group | Role | InstanceProfile | CustomerPolicy
HolderT = TypeVar("HolderT", bound=Holder)
NamedT = TypeVar("NamedT", User, Group)
RowT = TypeVar("RowT")
Conflict = tuple[Callable[[Transaction, str], object], str]
"""What must not be there any more when a thing goes, and what is said while it is."""

_NO_KEYS: Mapping[str, tuple[str, ...]] = {}
_BOUNDARY_ACTIONS = frozenset(
    {
        *("AttachRolePolicy", "AttachUserPolicy", "DeleteRole", "DeleteRolePermissionsBoundary"),
        *("DeleteRolePolicy", "DeleteUserPermissionsBoundary", "DeleteUserPolicy"),
        *("DetachRolePolicy", "DetachUserPolicy", "GetRole", "PutRolePolicy", "PutUserPolicy"),
        *("UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription"),
    }
)
"""The calls that know the boundary a user or role has (Service Authorization Reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityTable(Generic[HolderT]):
    """One kind of thing: how to reach it in the store, and what IAM says about it.

    Attributes:
        word: names the kind in ARNs.
        missing: the text for one that is not there, of its name.
        taken: the text for a name that is taken.
        total, quota: how many an account may have, and what IAM calls that.
        page: things by name: the path prefix, the name before, how many.
        conflicts: what keeps a thing from being deleted, in the order in which it is said.
    """

    word: str
    missing: str
    taken: str
    total: Total
    quota: tuple[str, int]
    find: Callable[[Transaction, str], HolderT | None]
    put: Callable[[Transaction, HolderT], None]
    forget: Callable[[Transaction, HolderT], None]
    page: Callable[[Transaction, str, str, int], Sequence[HolderT]]
    conflicts: tuple[Conflict, ...] = ()

    def stored(self, tx: Transaction, name: str) -> HolderT:
        """Return what is stored.

        Raises:
            OperationRefused: NO_SUCH_ENTITY.
        """
        found = self.find(tx, name)
        return found if found is not None else self.refuse(name)

    def refuse(self, name: str) -> NoReturn:
        """Say that there is none of this name."""
        raise OperationRefused(Problem.NO_SUCH_ENTITY, self.missing.format(name))


async def require_on(
    call: Call,
    kind: str,
    name: str,
    *,
    entity: Holder | None = None,
    extra: Mapping[str, tuple[str, ...]] = _NO_KEYS,
) -> None:
    """Ask about a thing by its ARN; one that does not exist is asked about at path ``/``.

    Args:
        call: in flight.
        kind: the word in the ARN.
        name: of the thing, or its whole ARN.
        entity: the thing, when it is there.
        extra: context keys of the request.
    """
    here = f"arn:aws:iam::{call.caller.account_id}:{kind}/"
    arn = name if name.startswith("arn:") else here + name
    tags: Mapping[str, str] = {}
    keys: dict[str, tuple[str, ...]] = {}
    if entity is not None:
        arn = entity.arn
    if entity is not None and not isinstance(entity, Group):
        tags = entity.tags
        keys = {f"iam:ResourceTag/{key}": (value,) for key, value in tags.items()}
    if isinstance(entity, User | Role) and entity.boundary_arn and call.name in _BOUNDARY_ACTIONS:
        keys["iam:PermissionsBoundary"] = (entity.boundary_arn,)
    await require(
        call, Question(action=call.action, resources=(arn,), tags=tags, extra={**keys, **extra})
    )


async def get_entity(
    call: Call,
    table: EntityTable[HolderT],
    name: str,
    *,
    extra: Mapping[str, tuple[str, ...]] = _NO_KEYS,
) -> HolderT:
    """Return a thing that the caller may ask for.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    found = await call.glance(lambda tx: table.find(tx, name))
    await require_on(call, table.word, name, entity=found, extra=extra)
    return found if found is not None else table.refuse(name)


async def list_entities(
    call: Call, table: EntityTable[HolderT], *, path_prefix: str, after: str, limit: int
) -> tuple[tuple[HolderT, ...], bool]:
    """Return things by name, and whether there are more.

    Raises:
        AccessDenied: not allowed.
    """
    named = f"arn:aws:iam::{call.caller.account_id}:{table.word}{path_prefix}"
    await require(call, Question(action=call.action, resources=(named, "*")))
    found = await call.read(lambda tx: table.page(tx, path_prefix, after, limit + 1))
    return tuple(found[:limit]), len(found) > limit


async def create_entity(
    call: Call,
    table: EntityTable[HolderT],
    made: HolderT,
    *,
    extra: Mapping[str, tuple[str, ...]] = _NO_KEYS,
    finish: Callable[[Transaction, HolderT], HolderT] | None = None,
) -> HolderT:
    """Keep a new thing, as ``finish`` makes it; that may refuse it too.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS, LIMIT_EXCEEDED, or what ``finish`` says.
    """
    await require_on(call, table.word, made.name, entity=made, extra=extra)

    def work(tx: Transaction) -> HolderT:
        finished = finish(tx, made) if finish is not None else made
        if table.find(tx, made.name) is not None:
            raise OperationRefused(Problem.ENTITY_EXISTS, table.taken.format(made.name))
        name, most = table.quota
        if tx.totals.count(table.total) >= most:
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED, f"Cannot exceed quota for {name}: {most}"
            )
        table.put(tx, finished)
        return finished

    return await call.write(work)


async def change_entity(
    call: Call,
    table: EntityTable[HolderT],
    name: str,
    alter: Callable[[Transaction, HolderT], HolderT],
    *,
    extra: Mapping[str, tuple[str, ...]] = _NO_KEYS,
) -> HolderT:
    """Replace a thing by what ``alter`` makes of it.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, or what ``alter`` says.
    """
    await get_entity(call, table, name, extra=extra)

    def work(tx: Transaction) -> HolderT:
        altered = alter(tx, table.stored(tx, name))
        table.put(tx, altered)
        return altered

    return await call.write(work)


async def rename_entity(
    call: Call, table: EntityTable[NamedT], name: str, *, new_name: str, new_path: str
) -> NamedT:
    """Give a user or group another name or path; what hangs on its name follows it.

    The caller must be allowed both the old ARN and the new one.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or ENTITY_EXISTS.
    """

    def renamed(entity: NamedT) -> NamedT:
        return replace(entity, name=new_name or entity.name, path=new_path or entity.path)

    found = await get_entity(call, table, name)
    await require_on(call, table.word, name, entity=renamed(found))

    def work(tx: Transaction) -> NamedT:
        stored = table.stored(tx, name)
        altered = renamed(stored)
        is_same = stored.name.lower() == altered.name.lower()
        if not is_same and table.find(tx, altered.name) is not None:
            raise OperationRefused(Problem.ENTITY_EXISTS, table.taken.format(altered.name))
        tx.identities.rename(EntityKind(table.word), stored.name, altered.name)
        if not is_same:
            table.forget(tx, stored)
        table.put(tx, altered)
        return altered

    return await call.write(work)


async def delete_entity(call: Call, table: EntityTable[HolderT], name: str) -> None:
    """Forget a thing that nothing hangs on any more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or DELETE_CONFLICT.
    """
    await get_entity(call, table, name)

    def work(tx: Transaction) -> None:
        stored = table.stored(tx, name)
        for is_there, text in table.conflicts:
            if is_there(tx, stored.name):
                raise OperationRefused(Problem.DELETE_CONFLICT, text)
        table.forget(tx, stored)

    await call.write(work)


def page_of(
    rows: Sequence[RowT], *, key: Callable[[RowT], str], after: str, limit: int
) -> tuple[tuple[RowT, ...], bool]:
    """Return the rows above ``after`` by ``key``, at most ``limit``, and whether there are more."""
    rest = sorted((row for row in rows if not after or key(row) > after), key=key)
    return tuple(rest[:limit]), len(rest) > limit
