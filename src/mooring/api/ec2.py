"""EC2: instance nodes, as far as we know them.

An instance's state is running while it holds its line, and stopped when it does not; what EC2
tells beyond identity, name, address and tags we do not know and leave out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

from mooring.api.registry import Input, Operation, Output
from mooring.fleet.node import Node
from mooring.operations.call import Call
from mooring.operations.nodes import describe_nodes
from mooring.operations.problems import OperationRefused, Problem

__all__ = ["OPERATIONS"]

_PAGE = 1000
_LEAST_PAGE = 5
_RUNNING = {"Code": 16, "Name": "running"}
_STOPPED = {"Code": 80, "Name": "stopped"}

_FACTS: Mapping[str, Callable[[Node], str]] = {
    "instance-id": lambda node: node.node_id,
    "instance-state-name": lambda node: str(_state(node)["Name"]),
    "private-ip-address": lambda node: node.platform.ip_address,
    "private-dns-name": lambda node: node.platform.computer_name,
    "platform": lambda node: _platform(node),
}


def _state(node: Node) -> Mapping[str, object]:
    return _RUNNING if node.connected_at is not None else _STOPPED


def _platform(node: Node) -> str:
    return "windows" if node.platform.platform_type == "Windows" else ""


def _tags(node: Node) -> dict[str, str]:
    return {**({"Name": node.name} if node.name else {}), **node.tags}


def _is_match(node: Node, name: str, values: Sequence[str]) -> bool:
    if name.startswith("tag:"):
        fact = _tags(node).get(name.removeprefix("tag:"))
        return fact is not None and _fits(fact, values)
    if name == "tag-key":
        return any(_fits(key, values) for key in _tags(node))
    return _fits(_FACTS[name](node), values)


def _fits(fact: str, values: Sequence[str]) -> bool:
    return any(fnmatchcase(fact, value.replace("[", "[[]")) for value in values)


def _check_filters(filters: Mapping[str, Sequence[str]]) -> None:
    for name in filters:
        if name not in _FACTS and name != "tag-key" and not name.startswith("tag:"):
            raise OperationRefused(Problem.INVALID_VALUE, f"The filter '{name}' is invalid")


async def _describe_instances(call: Call, given: Input) -> Output:
    ids = frozenset(given.get("InstanceIds", []))
    filters = {row.get("Name", ""): row.get("Values", []) for row in given.get("Filters", [])}
    _check_filters(filters)

    def is_wanted(node: Node) -> bool:
        return (
            node.node_id.startswith("i-")
            and (not ids or node.node_id in ids)
            and all(_is_match(node, name, values) for name, values in filters.items())
        )

    page = await describe_nodes(
        call,
        is_wanted=is_wanted,
        next_token=given.get("NextToken", ""),
        limit=_limit(given),
    )
    missing = ids - {node.node_id for node in page.nodes}
    is_whole = not page.next_token and "NextToken" not in given
    if missing and not filters and is_whole:
        names = ", ".join(sorted(missing))
        raise OperationRefused(Problem.INSTANCE_UNKNOWN, f"The instance IDs '{names}' do not exist")
    output: dict[str, object] = {"Reservations": [_reservation(node, call) for node in page.nodes]}
    return output | ({"NextToken": page.next_token} if page.next_token else {})


def _limit(given: Input) -> int:
    limit: int = given.get("MaxResults", _PAGE)
    if not _LEAST_PAGE <= limit <= _PAGE:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            f"Value ( {limit} ) for parameter maxResults is invalid. "
            f"Expecting a value between {_LEAST_PAGE} and {_PAGE}.",
        )
    return limit


def _reservation(node: Node, call: Call) -> Output:
    role = node.role_name
    account_id = call.caller.account_id
    instance: dict[str, object] = {
        "InstanceId": node.node_id,
        "State": _state(node),
        "LaunchTime": node.registered_at,
        "PrivateIpAddress": node.platform.ip_address,
        "PrivateDnsName": node.platform.computer_name,
        "Tags": [{"Key": key, "Value": value} for key, value in _tags(node).items()],
        "IamInstanceProfile": {"Arn": f"arn:aws:iam::{account_id}:instance-profile/{role}"},
        "Placement": {"AvailabilityZone": call.caller.region},
    }
    if _platform(node):
        instance["Platform"] = _platform(node)
    return {
        "ReservationId": "r-" + node.node_id.removeprefix("i-"),
        "OwnerId": account_id,
        "Groups": [],
        "Instances": [instance],
    }


OPERATIONS: Mapping[str, Operation] = {
    "DescribeInstances": Operation(handler=_describe_instances, is_read_only=True),
}
