"""Tags of users, roles, policies and instance profiles. Keys compare without case.

Source of limits and wording: IAM User Guide, "Tags for IAM resources"; the IAM API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from mooring.iam.identity import CustomerPolicy, InstanceProfile, Role, User
from mooring.operations.call import Call
from mooring.operations.identities import EntityTable, change_entity, get_entity
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = ["Tag", "TaggedT", "list_tags", "read_tags", "request_tags", "tag", "untag"]

TaggedT = TypeVar("TaggedT", User, Role, InstanceProfile, CustomerPolicy)
Tag = tuple[str, str]

_MOST: Final = 50
_RESERVED: Final = "aws:"
_NUMBER: Final = re.compile(r"[0-9]{1,4}")


def request_tags(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the context keys of a call that carries tags."""
    keys: dict[str, tuple[str, ...]] = {
        f"aws:RequestTag/{key}": (value,) for key, value in tags.items()
    }
    return keys | ({"aws:TagKeys": tuple(tags)} if tags else {})


def read_tags(given: Sequence[Tag]) -> dict[str, str]:
    """Return tags as a mapping.

    Raises:
        OperationRefused: INVALID_INPUT for a key that comes twice or is AWS's own, or
            LIMIT_EXCEEDED.
    """
    folded = {key.lower() for key, _ in given}
    if len(folded) < len(given):
        raise OperationRefused(
            Problem.INVALID_INPUT,
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
    if any(key.startswith(_RESERVED) for key in folded):
        raise OperationRefused(
            Problem.INVALID_INPUT,
            "Caller is an end user and not allowed to create system tags",
        )
    _check_count(len(given))
    return dict(given)


def _check_count(count: int) -> None:
    if count > _MOST:
        raise OperationRefused(
            Problem.LIMIT_EXCEEDED, "The number of tags has reached the maximum limit."
        )


def _merged(kept: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """A key that is there in other letters is replaced, and so spelled anew."""
    folded = {key.lower() for key in new}
    merged = {key: value for key, value in kept.items() if key.lower() not in folded}
    merged.update(new)
    _check_count(len(merged))
    return merged


async def tag(call: Call, table: EntityTable[TaggedT], name: str, given: Sequence[Tag]) -> None:
    """Add tags, or give those there are new values.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, INVALID_INPUT or LIMIT_EXCEEDED.
    """

    def alter(_: Transaction, entity: TaggedT) -> TaggedT:
        return replace(entity, tags=_merged(entity.tags, read_tags(given)))

    await change_entity(call, table, name, alter, extra=request_tags(dict(given)))


async def untag(call: Call, table: EntityTable[TaggedT], name: str, keys: Sequence[str]) -> None:
    """Take tags off; those that are not there are no matter.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    gone = {key.lower() for key in keys}

    def alter(_: Transaction, entity: TaggedT) -> TaggedT:
        left = {key: value for key, value in entity.tags.items() if key.lower() not in gone}
        return replace(entity, tags=left)

    await change_entity(call, table, name, alter, extra={"aws:TagKeys": tuple(keys)})


async def list_tags(
    call: Call, table: EntityTable[TaggedT], name: str, *, after: str, limit: int
) -> tuple[tuple[Tag, ...], bool]:
    """Return tags by key, and whether there are more.

    ``after`` is the number of tags before: a key may hold characters that no marker may.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, or INVALID_VALUE for a marker that is none.
    """
    entity = await get_entity(call, table, name)
    if after and not _NUMBER.fullmatch(after):
        raise OperationRefused(Problem.INVALID_VALUE, f"Invalid Marker: `{after}`")
    start = int(after or 0)
    tags = sorted(entity.tags.items())
    return tuple(tags[start : start + limit]), len(tags) > start + limit
