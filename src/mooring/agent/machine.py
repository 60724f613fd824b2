"""What a node says about itself in UpdateInstanceInformation.

Source: amazon-ssm-agent, agent/health and agent/platform; os-release(5).
"""

from __future__ import annotations

import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import anyio

from mooring.wire.ids import NodeId
from mooring.wire.json_object import JsonValue

__all__ = ["AGENT_NAME", "Machine", "full_report", "own_address", "read_machine", "short_report"]

AGENT_NAME = "mooring-agent"

_OS_RELEASE = (Path("/etc/os-release"), Path("/usr/lib/os-release"))
_ADDRESS_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine as its people know it."""

    name: str
    platform_name: str
    platform_version: str


def read_machine(os_release: tuple[Path, ...] = _OS_RELEASE) -> Machine:
    """Look at this machine."""
    fields: Mapping[str, str] = {}
    for path in os_release:
        try:
            fields = _assignments(path.read_text("utf-8", "replace"))
        except OSError:
            continue
        break
    return Machine(
        name=socket.gethostname(),
        platform_name=fields.get("NAME", "Linux"),
        platform_version=fields.get("VERSION_ID", ""),
    )


def _assignments(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            try:
                found[name] = "".join(shlex.split(value))
            except ValueError:
                continue
    return found


async def own_address(url: str) -> str:
    """Return the address this node has towards the server; empty if it has none now."""
    parts = urlsplit(url)
    with anyio.move_on_after(_ADDRESS_S):
        try:
            found = await anyio.getaddrinfo(
                parts.hostname or "", parts.port or 443, type=socket.SOCK_DGRAM
            )
            family, kind, protocol, _, address = found[0]
            with socket.socket(family, kind, protocol) as probe:
                # Sends nothing; the kernel only looks up the route.
                probe.connect(address)
                return str(probe.getsockname()[0])
        except OSError:
            pass
    return ""


def short_report(node_id: NodeId, version: str) -> Mapping[str, JsonValue]:
    """Say that this node is there."""
    return {
        "InstanceId": node_id,
        "AgentName": AGENT_NAME,
        "AgentVersion": version,
        "PlatformType": "Linux",
    }


def full_report(
    node_id: NodeId, version: str, machine: Machine, address: str
) -> Mapping[str, JsonValue]:
    """Say all that the server keeps of a node."""
    return {
        **short_report(node_id, version),
        "AgentStatus": "Active",
        "ComputerName": machine.name,
        "IPAddress": address,
        "PlatformName": machine.platform_name,
        "PlatformVersion": machine.platform_version,
        "AvailabilityZone": "",
        "AvailabilityZoneId": "",
        "SSMConnectionChannel": "ssmmessages",
    }
