"""Systems Manager: nodes."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.fleet.node import Node, ping_status, resource_type
from mooring.operations.call import Call
from mooring.operations.messages import list_associations
from mooring.operations.nodes import (
    NodeFilter,
    NodePage,
    Operator,
    deregister,
    describe_nodes,
    get_connection_status,
)

__all__ = ["OPERATIONS"]

_PAGE = 50
_PROPERTIES_PAGE = 100


def _information(node: Node, call: Call) -> dict[str, object]:
    platform = node.platform
    facts: dict[str, object] = {
        "InstanceId": node.node_id,
        "PingStatus": ping_status(node, call.time).value,
        "LastPingDateTime": call.time if node.connected_at else node.last_seen,
        "AgentVersion": platform.agent_version,
        "PlatformType": platform.platform_type,
        "PlatformName": platform.platform_name,
        "PlatformVersion": platform.platform_version,
        "ActivationId": node.activation_id,
        "IamRole": node.role_name,
        "RegistrationDate": node.registered_at,
        "ResourceType": resource_type(node.node_id).value,
        "Name": node.name,
        "IPAddress": platform.ip_address,
        "ComputerName": platform.computer_name,
        "SourceId": node.node_id if node.node_id.startswith("i-") else "",
        "SourceType": "AWS::EC2::Instance" if node.node_id.startswith("i-") else "",
    }
    return {key: value for key, value in facts.items() if value not in {None, ""}}


async def _describe_information(call: Call, given: Input) -> Output:
    filters = [
        NodeFilter(key=row["key"], values=tuple(row["valueSet"]))
        for row in given.get("InstanceInformationFilterList", [])
    ]
    filters += [
        NodeFilter(key=row["Key"], values=tuple(row["Values"])) for row in given.get("Filters", [])
    ]
    page = await describe_nodes(
        call,
        filters=tuple(filters),
        next_token=given.get("NextToken", ""),
        limit=given.get("MaxResults", _PAGE),
    )
    return _page("InstanceInformationList", page, call)


def _page(name: str, page: NodePage, call: Call) -> Output:
    output: dict[str, object] = {name: [_information(node, call) for node in page.nodes]}
    return output | ({"NextToken": page.next_token} if page.next_token else {})


async def _describe_properties(call: Call, given: Input) -> Output:
    filters = [
        NodeFilter(key=row["key"], values=tuple(row["valueSet"]))
        for row in given.get("InstancePropertyFilterList", [])
    ]
    filters += [
        NodeFilter(
            key=row["Key"],
            values=tuple(row["Values"]),
            operator=row.get("Operator", Operator.EQUAL),
        )
        for row in given.get("FiltersWithOperator", [])
    ]
    page = await describe_nodes(
        call,
        filters=tuple(filters),
        next_token=given.get("NextToken", ""),
        limit=given.get("MaxResults", _PROPERTIES_PAGE),
    )
    return _page("InstanceProperties", page, call)


async def _get_connection_status(call: Call, given: Input) -> Output:
    is_connected = await get_connection_status(call, given["Target"])
    status = "connected" if is_connected else "notconnected"
    return {"Target": given["Target"], "Status": status}


async def _deregister(call: Call, given: Input) -> Output:
    await deregister(call, given["InstanceId"])
    return {}


async def _list_instance_associations(call: Call, given: Input) -> Output:
    await list_associations(call, given["InstanceId"])
    return {"Associations": []}


OPERATIONS: Mapping[str, Operation] = {
    "DescribeInstanceInformation": Operation(handler=_describe_information, is_read_only=True),
    "DescribeInstanceProperties": Operation(handler=_describe_properties, is_read_only=True),
    "GetConnectionStatus": Operation(handler=_get_connection_status, is_read_only=True),
    "DeregisterManagedInstance": Operation(handler=_deregister),
    "ListInstanceAssociations": Operation(handler=_list_instance_associations, is_read_only=True),
}
