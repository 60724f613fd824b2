"""Tags of what Systems Manager knows: documents and nodes.

Keys compare with case here, unlike IAM's. A tag may decide who reaches a node, so the policies
are asked with the tags that are there and with those that would be. Source: Systems Manager
API, AddTagsToResource.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.documents_find import arn_of
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_questions import node_resource
from mooring.ports.tables import Transaction

__all__ = ["MAX_TAGS", "TaggedKind", "add_tags", "check_tags", "list_tags", "remove_tags"]

MAX_TAGS = 50
_RESERVED = "aws:"
Tag = tuple[str, str]
_Change = Callable[[Mapping[str, str]], dict[str, str]]


class TaggedKind(StrEnum):
    """What can be tagged, as the API spells it."""

    DOCUMENT = "Document"
    MANAGED_INSTANCE = "ManagedInstance"


@dataclass(frozen=True, slots=True)
class _Thing:
    kind: TaggedKind
    id: str


def check_tags(given: Sequence[Tag]) -> dict[str, str]:
    """Return tags as a mapping.

    Raises:
        OperationRefused: INVALID_VALUE for a key that comes twice or is AWS's own, or
            TOO_MANY_TAGS.
    """
    tags = dict(given)
    if len(tags) < len(given):
        raise OperationRefused(Problem.INVALID_VALUE, "Duplicate tag keys found.")
    if any(key.lower().startswith(_RESERVED) for key in tags):
        raise OperationRefused(
            Problem.INVALID_VALUE, f"Tag keys cannot begin with {_RESERVED}, which is reserved"
        )
    return _bounded(tags)


def _bounded(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MAX_TAGS:
        raise OperationRefused(
            Problem.TOO_MANY_TAGS, f"The resource would have more than {MAX_TAGS} tags"
        )
    return tags


async def add_tags(call: Call, kind: str, resource_id: str, given: Sequence[Tag]) -> None:
    """Add tags, or give those there are new values.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_RESOURCE_TYPE, INVALID_RESOURCE_ID, INVALID_VALUE or
            TOO_MANY_TAGS.
    """
    thing = _thing(kind, resource_id)
    extra: dict[str, tuple[str, ...]] = {f"aws:RequestTag/{key}": (value,) for key, value in given}
    extra["aws:TagKeys"] = tuple(dict(given))
    await _require(call, thing, extra)
    new = check_tags(given)
    await call.write(lambda tx: _change(call, tx, thing, lambda kept: _bounded({**kept, **new})))


async def remove_tags(call: Call, kind: str, resource_id: str, keys: Sequence[str]) -> None:
    """Take tags away; one that is not there is no error.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_RESOURCE_TYPE or INVALID_RESOURCE_ID.
    """
    thing = _thing(kind, resource_id)
    await _require(call, thing, {"aws:TagKeys": tuple(keys)} if keys else {})
    gone = frozenset(keys)

    def rest(kept: Mapping[str, str]) -> dict[str, str]:
        return {key: value for key, value in kept.items() if key not in gone}

    await call.write(lambda tx: _change(call, tx, thing, rest))


async def list_tags(call: Call, kind: str, resource_id: str) -> Mapping[str, str]:
    """Return the tags of a document or a node.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_RESOURCE_TYPE or INVALID_RESOURCE_ID.
    """
    thing = _thing(kind, resource_id)
    tags = await _require(call, thing, {})
    if tags is None:
        raise _unknown(thing)
    return tags


def _thing(kind: str, resource_id: str) -> _Thing:
    try:
        return _Thing(TaggedKind(kind), resource_id)
    except ValueError as exc:
        raise OperationRefused(
            Problem.INVALID_RESOURCE_TYPE,
            f"The resource type {kind} isn't valid here, expected {' or '.join(TaggedKind)}",
        ) from exc


async def _require(
    call: Call, thing: _Thing, extra: Mapping[str, tuple[str, ...]]
) -> Mapping[str, str] | None:
    """Ask, and return the tags there are; None when there is no such thing."""
    tags = await call.glance(lambda tx: _tags(call, tx, thing))
    if thing.kind is TaggedKind.DOCUMENT:
        resource = arn_of(call, thing.id)
    else:
        resource = node_resource(call, thing.id)
    await require(
        call,
        Question(action=call.action, resources=(resource,), tags=tags or {}, extra=extra),
    )
    return tags


def _tags(call: Call, tx: Transaction, thing: _Thing) -> Mapping[str, str] | None:
    if thing.kind is TaggedKind.DOCUMENT:
        record = tx.documents.get(call.caller.region, thing.id)
        return None if record is None else record.tags
    node = tx.nodes.get(thing.id)
    return None if node is None else node.tags


def _change(call: Call, tx: Transaction, thing: _Thing, change: _Change) -> None:
    if thing.kind is TaggedKind.DOCUMENT:
        record = tx.documents.get(call.caller.region, thing.id)
        if record is None:
            raise _unknown(thing)
        tx.documents.put(replace(record, tags=change(record.tags)))
        return
    node = tx.nodes.get(thing.id)
    if node is None:
        raise _unknown(thing)
    tx.nodes.put(replace(node, tags=change(node.tags)))


def _unknown(thing: _Thing) -> OperationRefused:
    return OperationRefused(
        Problem.INVALID_RESOURCE_ID, f"The resource ID {thing.id[:128]} isn't valid"
    )
