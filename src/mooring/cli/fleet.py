"""Nodes and sessions as a person asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mooring.cli.client import SSM, Client

__all__ = [
    "NODE_COLUMNS",
    "SESSION_COLUMNS",
    "NodeUnknown",
    "node_id_of",
    "nodes",
    "sessions",
    "start_session",
]

_NODE_ID = re.compile(r"(mi-[0-9a-f]{17}|i-[0-9a-f]{8}|i-[0-9a-f]{17})")

NODE_COLUMNS = {
    "InstanceId": "ID",
    "Name": "NAME",
    "PingStatus": "STATUS",
    "PlatformName": "PLATFORM",
    "AgentVersion": "AGENT",
    "IPAddress": "ADDRESS",
    "LastPing": "LAST PING",
}

SESSION_COLUMNS = {
    "SessionId": "SESSION",
    "Target": "NODE",
    "Owner": "OWNER",
    "Status": "STATUS",
    "Start": "STARTED",
    "End": "ENDED",
    "Details": "DETAILS",
}


class NodeUnknown(Exception):
    """No node, or more than one, has the name."""


async def nodes(client: Client) -> list[dict[str, Any]]:
    """List every node that the caller may see."""
    found = await _pages(client, "DescribeInstanceInformation", "InstanceInformationList", {})
    return [{**node, "LastPing": _time(node.get("LastPingDateTime"))} for node in found]


async def sessions(client: Client, *, history: bool) -> list[dict[str, Any]]:
    """List sessions, those that run or those that are over."""
    state = {"State": "History" if history else "Active"}
    found = await _pages(client, "DescribeSessions", "Sessions", state)
    return [
        {**row, "Start": _time(row.get("StartDate")), "End": _time(row.get("EndDate"))}
        for row in found
    ]


async def node_id_of(client: Client, name: str) -> str:
    """Return the id of the node that has this id or name.

    Raises:
        NodeUnknown: none has it, or several.
    """
    if _NODE_ID.fullmatch(name):
        return name
    known = await nodes(client)
    # A machine's own name may be anybody's choice, so a name that we gave comes first.
    for key in ("Name", "ComputerName"):
        chosen = [str(node["InstanceId"]) for node in known if node.get(key) == name]
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            ids = ", ".join(chosen)
            raise NodeUnknown(f"{len(chosen)} nodes are named `{name}`: {ids}; use an id")
    raise NodeUnknown(f"no node is named `{name}`; `mooring nodes` lists them")


async def start_session(client: Client, node_id: str, reason: str) -> dict[str, Any]:
    """Start a shell; return what the plugin needs."""
    body = {"Target": node_id} | ({"Reason": reason} if reason else {})
    return await client.call(SSM, "StartSession", body)


async def _pages(
    client: Client, operation: str, key: str, body: Mapping[str, Any]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: str | None = None
    while True:
        question = {**body, "NextToken": token} if token else dict(body)
        answer = await client.call(SSM, operation, question)
        found += answer.get(key, [])
        token = answer.get("NextToken")
        if not token:
            return found


def _time(seconds: object) -> str:
    """Show a time in the person's own zone."""
    if not isinstance(seconds, int | float):
        return ""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
