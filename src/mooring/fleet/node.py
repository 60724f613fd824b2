"""A node: any machine that holds a line to us, and when we call it online.

Source of the names: Systems Manager, DescribeInstanceInformation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["Node", "PingStatus", "Platform", "ResourceType", "ping_status", "resource_type"]

INACTIVE_AFTER = timedelta(days=30)


class PingStatus(StrEnum):
    """What AWS calls the health of a node; ours follows its line, not its heartbeat."""

    ONLINE = "Online"
    CONNECTION_LOST = "ConnectionLost"
    INACTIVE = "Inactive"


class ResourceType(StrEnum):
    """Which kind of node: an instance (``i-``) or a hybrid managed instance (``mi-``)."""

    INSTANCE = "EC2Instance"
    MANAGED_INSTANCE = "ManagedInstance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What the node reports about itself: hostile text wherever it is shown."""

    agent_name: str = ""
    agent_version: str = ""
    platform_type: str = ""
    platform_name: str = ""
    platform_version: str = ""
    computer_name: str = ""
    ip_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A registered node.

    ``public_key`` is the base64 DER SubjectPublicKeyInfo that its role-token calls are signed
    for; ``next_public_key`` is a rotated key not yet used, and both are good until it is.
    ``connected_at`` is set while a control channel is open; ``last_seen`` is when it was last
    known to be there.
    """

    account_id: str
    region: str
    node_id: str
    name: str
    role_name: str
    activation_id: str
    public_key: str
    next_public_key: str = ""
    fingerprint: str
    registered_at: datetime
    platform: Platform = Platform()
    gateway: str = ""
    connected_at: datetime | None = None
    last_seen: datetime | None = None
    source_address: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def resource_type(node_id: str) -> ResourceType:
    """Tell the kind of a node by its id."""
    return ResourceType.INSTANCE if node_id.startswith("i-") else ResourceType.MANAGED_INSTANCE


def ping_status(node: Node, now: datetime) -> PingStatus:
    """Say how the node is: online exactly while it holds a line."""
    if node.connected_at is not None:
        return PingStatus.ONLINE
    if now - (node.last_seen or node.registered_at) > INACTIVE_AFTER:
        return PingStatus.INACTIVE
    return PingStatus.CONNECTION_LOST
