"""Nodes as their people see them: list, filter, connection status, deregistration.

Source of the filters: Systems Manager API, DescribeInstanceInformation (keys and tags),
DescribeInstanceProperties, and EC2's DescribeInstances.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mooring.fleet.node import Node, ping_status, resource_type
from mooring.operations.authorize import require, without_resource
from mooring.operations.call import Call
from mooring.operations.orders import send_away
from mooring.operations.paging import Walk, collect
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_end import end_session
from mooring.operations.session_questions import on_node
from mooring.operations.tokens import open_page_token, page_token
from mooring.ports.tables import Transaction
from mooring.sessions.session import End

__all__ = [
    "NodeFilter",
    "NodePage",
    "Operator",
    "deregister",
    "describe_nodes",
    "get_connection_status",
]

_SCAN = 500
_TAG_PREFIX = "tag:"


class Operator:
    """How a filter of DescribeInstanceProperties compares; elsewhere it is EQUAL."""

    EQUAL = "Equal"
    NOT_EQUAL = "NotEqual"
    BEGINS_WITH = "BeginWith"
    LESS_THAN = "LessThan"
    GREATER_THAN = "GreaterThan"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFilter:
    """One key, any of the values."""

    key: str
    values: tuple[str, ...]
    operator: str = Operator.EQUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePage:
    """One page of nodes by id; an empty token ends the list."""

    nodes: tuple[Node, ...]
    next_token: str


_FACTS: dict[str, Callable[[Node, datetime], str]] = {
    "InstanceIds": lambda node, _: node.node_id,
    "AgentVersion": lambda node, _: node.platform.agent_version,
    "PingStatus": lambda node, now: ping_status(node, now),
    "PlatformTypes": lambda node, _: node.platform.platform_type,
    "ActivationIds": lambda node, _: node.activation_id,
    "IamRole": lambda node, _: node.role_name,
    "ResourceType": lambda node, _: resource_type(node.node_id),
    "AssociationStatus": lambda _node, _: "",
    "DocumentName": lambda _node, _: "",
}

# DescribeInstanceInformation's older filter list spells its keys as these.
_ALIASES = {
    "InstanceId": "InstanceIds",
    "PlatformType": "PlatformTypes",
    "ActivationId": "ActivationIds",
}

_COMPARE: dict[str, Callable[[str, str], bool]] = {
    Operator.EQUAL: lambda fact, value: fact == value,
    Operator.BEGINS_WITH: lambda fact, value: fact.startswith(value),
    Operator.LESS_THAN: lambda fact, value: _rank(fact) < _rank(value),
    Operator.GREATER_THAN: lambda fact, value: _rank(fact) > _rank(value),
}


def _rank(text: str) -> tuple[tuple[int, str], ...]:
    """Order versions by their numbers: 3.10 comes after 3.9."""
    return tuple((int(part) if part.isdecimal() else -1, part) for part in text.split("."))


def _check(filters: tuple[NodeFilter, ...]) -> None:
    for wanted in filters:
        key = _ALIASES.get(wanted.key, wanted.key)
        if key not in _FACTS and not key.startswith(_TAG_PREFIX) and key != "tag-key":
            raise OperationRefused(
                Problem.INVALID_FILTER_KEY,
                f"`{wanted.key}` is not one of {', '.join(_FACTS)}, tag-key or tag:<name>",
            )


def _matches(node: Node, wanted: NodeFilter, now: datetime) -> bool:
    key = _ALIASES.get(wanted.key, wanted.key)
    if key == "tag-key":
        return any(value in node.tags for value in wanted.values)
    if key.startswith(_TAG_PREFIX):
        fact = node.tags.get(key.removeprefix(_TAG_PREFIX))
        return fact is not None and fact in wanted.values
    fact = _FACTS[key](node, now)
    if wanted.operator == Operator.NOT_EQUAL:
        return fact not in wanted.values
    compare = _COMPARE[wanted.operator]
    return any(compare(fact, value) for value in wanted.values)


async def describe_nodes(
    call: Call,
    *,
    filters: tuple[NodeFilter, ...] = (),
    is_wanted: Callable[[Node], bool] = lambda _: True,
    next_token: str,
    limit: int,
) -> NodePage:
    """List nodes by id.

    ``is_wanted`` is for callers with filters of their own, such as EC2's.

    Raises:
        AccessDenied: they may not list.
        OperationRefused: INVALID_FILTER_KEY or INVALID_NEXT_TOKEN.
    """
    await require(call, without_resource(call))
    _check(filters)
    after = open_page_token(call.world, call.name, next_token).get("after", "")
    page, has_more = await collect(
        call,
        Walk(
            page=lambda tx, at, size: tx.nodes.page(after=at, limit=size),
            key_of=lambda node: node.node_id,
        ),
        is_match=lambda node: (
            is_wanted(node) and all(_matches(node, wanted, call.time) for wanted in filters)
        ),
        start=after,
        limit=limit,
    )
    following = page_token(call.world, call.name, {"after": page[-1].node_id}) if has_more else ""
    return NodePage(nodes=page, next_token=following)


async def get_connection_status(call: Call, target: str) -> bool:
    """Say whether the node holds a line now; an unknown one does not.

    Raises:
        AccessDenied: they may not ask.
    """
    node = await call.read(lambda tx: tx.nodes.get(target))
    await require(call, on_node(call, target, node))
    return node is not None and node.connected_at is not None


async def deregister(call: Call, node_id: str) -> None:
    """Forget a managed instance; its credentials, key, sessions and line end at once.

    Raises:
        AccessDenied: they may not.
        OperationRefused: INVALID_NODE_ID, also for an instance, which is not deregistered.
    """
    node = await call.read(lambda tx: tx.nodes.get(node_id))
    await require(call, on_node(call, node_id, node))

    def work(tx: Transaction) -> None:
        if not node_id.startswith("mi-") or not tx.nodes.delete(node_id):
            raise OperationRefused(Problem.INVALID_NODE_ID, f"{node_id} is not a managed instance.")
        tx.tickets.revoke(kind="control", subject=node_id)

    await call.write(work)
    account_id, text = call.caller.account_id, f"{node_id} was deregistered."
    for session_id in await call.read(lambda tx: _active_on(tx, node_id)):
        await end_session(call.world, account_id, session_id, end=End.TERMINATED, output=text)
    # Last, because the line is how the node hears that its sessions are over.
    await send_away(call.world, account_id, node_id, "the node was deregistered")


def _active_on(tx: Transaction, node_id: str) -> list[str]:
    found: list[str] = []
    before: tuple[datetime, str] | None = None
    while rows := tx.sessions.page(active=True, before=before, limit=_SCAN):
        found += [row.session_id for row in rows if row.node_id == node_id]
        before = rows[-1].started_at, rows[-1].session_id
    return found
