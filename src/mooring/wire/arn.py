"""Amazon Resource Names: ``arn:partition:service:region:account:resource``.

The resource may itself hold colons and slashes; region and account may be empty, where the
service has no regions (IAM) or the resource belongs to AWS (its own documents).

Source: the AWS IAM reference, "Identify AWS resources with ARNs", and the Systems Manager page
of the service authorization reference for the resource types.
"""

from __future__ import annotations

from dataclasses import dataclass

from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.ids import AccountId, NodeId, NodeKind, SessionId, node_kind

__all__ = [
    "PARTITION",
    "Arn",
    "assumed_role_arn",
    "document_arn",
    "node_arn",
    "role_arn",
    "session_arn",
    "user_arn",
]

PARTITION = "aws"

_COLONS = 5
_MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Arn:
    """One name. ``str`` gives the text."""

    partition: str = PARTITION
    service: str
    region: str = ""
    account_id: str = ""
    resource: str

    def __str__(self) -> str:
        return (
            f"arn:{self.partition}:{self.service}:{self.region}:{self.account_id}:{self.resource}"
        )

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Read a name.

        Raises:
            RemoteProtocolError: it has too few parts, or an empty one that may not be empty.
        """
        if len(text) > _MAX_LENGTH:
            raise RemoteProtocolError(f"ARN of {len(text)} characters, limit is {_MAX_LENGTH}")
        parts = text.split(":", _COLONS)
        if len(parts) <= _COLONS or parts[0] != "arn":
            raise RemoteProtocolError(f"`{text}` is not an ARN, which has six parts after `arn`")
        _, partition, service, region, account_id, resource = parts
        if not (partition and service and resource):
            raise RemoteProtocolError(f"`{text}` has an empty partition, service or resource")
        return cls(
            partition=partition,
            service=service,
            region=region,
            account_id=account_id,
            resource=resource,
        )


def node_arn(region: str, account_id: AccountId, node_id: NodeId) -> Arn:
    """Name a node. No policy written for one kind of node reaches the other."""
    if node_kind(node_id) is NodeKind.INSTANCE:
        service, resource = "ec2", f"instance/{node_id}"
    else:
        service, resource = "ssm", f"managed-instance/{node_id}"
    return Arn(service=service, region=region, account_id=account_id, resource=resource)


def session_arn(region: str, account_id: AccountId, session_id: SessionId) -> Arn:
    """Name a session."""
    return Arn(
        service="ssm", region=region, account_id=account_id, resource=f"session/{session_id}"
    )


def document_arn(region: str, account_id: str, name: str) -> Arn:
    """Name a document; ``account_id`` is empty for those that come with the service."""
    return Arn(service="ssm", region=region, account_id=account_id, resource=f"document/{name}")


def user_arn(account_id: AccountId, path: str, name: str) -> Arn:
    """Name a user; ``path`` begins and ends with a slash, ``/`` for none."""
    return Arn(service="iam", account_id=account_id, resource=f"user{_path(path)}{name}")


def role_arn(account_id: AccountId, path: str, name: str) -> Arn:
    """Name a role; ``path`` begins and ends with a slash, ``/`` for none."""
    return Arn(service="iam", account_id=account_id, resource=f"role{_path(path)}{name}")


def assumed_role_arn(account_id: AccountId, role_name: str, session_name: str) -> Arn:
    """Name one use of a role; the role's path is no part of it."""
    return Arn(
        service="sts",
        account_id=account_id,
        resource=f"assumed-role/{role_name}/{session_name}",
    )


def _path(path: str) -> str:
    if not (path.startswith("/") and path.endswith("/")):
        raise LocalProtocolError(f"`{path}` is not a path, which begins and ends with a slash")
    return path
