"""How a machine becomes a node and stays one: registration, role token, key rotation, health.

Registration is allowed by an activation's id and code alone. Later calls are signed with the
node's own key (role token, key rotation) or with its role's credentials (health).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime

from mooring.fleet.activation import (
    Activation,
    RegistrationRefused,
    check_registration,
    node_prefix,
)
from mooring.fleet.node import Node, Platform
from mooring.iam.identity import Role
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.credentials import TemporaryCredentials, issue_role_credentials
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.session_questions import node_arn, node_resource
from mooring.operations.tokens import token_hash
from mooring.operations.trust import NODE_SERVICE, trusts_nodes
from mooring.ports.tables import Transaction
from mooring.secret import Secret
from mooring.wire.ids import ENTROPY_BYTES, NodeKind, new_node_id

__all__ = [
    "RoleToken",
    "node_keys",
    "register_managed_instance",
    "request_role_token",
    "update_instance_information",
    "update_public_key",
]

_MAX_KEY_BYTES = 4096
_NOT_ACTIVATED = "Invalid activation code or activation id."


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleToken:
    """A node's credentials; ``rotate_key`` asks it for a new key pair."""

    credentials: TemporaryCredentials
    rotate_key: bool = False


async def register_managed_instance(
    call: Call, *, activation_id: str, activation_code: str, public_key: str, fingerprint: str
) -> str:
    """Make a node of the machine that knows the code, and return its id.

    Raises:
        OperationRefused: INVALID_ACTIVATION, whatever was wrong; INVALID_VALUE for the key.
    """
    _check_public_key(public_key)
    account_id = await call.world.store.find(
        lambda directory: directory.account_of_activation(activation_id)
    )
    if account_id is None:
        raise OperationRefused(Problem.INVALID_ACTIVATION, _NOT_ACTIVATED)
    call.account_id = account_id  # whose event it is, if the code is wrong
    code_hash = Secret(token_hash(activation_code))
    entropy = call.world.entropy.bytes(ENTROPY_BYTES)

    def work(tx: Transaction) -> str:
        activation = tx.activations.get(activation_id)
        if activation is None:
            raise RegistrationRefused("the activation was deleted")
        check_registration(activation, code_hash, call.time)
        tx.activations.put(replace(activation, registrations=activation.registrations + 1))
        node = _new_node(call, activation, public_key, fingerprint, entropy)
        tx.nodes.put(node)
        call.resources.append(node_arn(node))
        return node.node_id

    try:
        return await call.write(work, account_id=account_id)
    except RegistrationRefused as exc:
        raise OperationRefused(Problem.INVALID_ACTIVATION, _NOT_ACTIVATED) from exc


def _new_node(
    call: Call, activation: Activation, public_key: str, fingerprint: str, entropy: bytes
) -> Node:
    return Node(
        account_id=activation.account_id,
        region=activation.region,
        node_id=new_node_id(NodeKind(node_prefix(activation)), entropy),
        name=activation.default_instance_name,
        role_name=activation.role_name,
        activation_id=activation.activation_id,
        public_key=public_key,
        fingerprint=fingerprint,
        registered_at=call.time,
        source_address=call.caller.origin.address,
        tags=activation.tags,
    )


def _check_public_key(public_key: str) -> None:
    try:
        size = len(base64.b64decode(public_key, validate=True))
    except ValueError as exc:
        raise OperationRefused(
            Problem.INVALID_VALUE, "PublicKey is not the base64 of a DER public key"
        ) from exc
    if not 0 < size <= _MAX_KEY_BYTES:
        raise OperationRefused(
            Problem.INVALID_VALUE, f"PublicKey of {size} bytes, expected 1 to {_MAX_KEY_BYTES}"
        )


def node_keys(node: Node) -> tuple[str, ...]:
    """Return the public keys that a node's signature may fit: its own, then a rotated one."""
    return tuple(key for key in (node.public_key, node.next_public_key) if key)


async def request_role_token(call: Call, *, fingerprint: str) -> RoleToken:
    """Give a node, proven by its key, credentials of its role.

    Raises:
        AccessDenied: the caller is no node, or its role is gone or trusts nodes no more.
    """
    node_id = _proven_node(call)

    def look(tx: Transaction) -> tuple[Node | None, Role | None]:
        node = tx.nodes.get(node_id)
        return node, tx.identities.role(node.role_name) if node is not None else None

    node, role = await call.read(look)
    if node is None or role is None:
        raise _gone(call)
    if not trusts_nodes(call, role):
        raise AccessDenied(
            f"User: {NODE_SERVICE} is not authorized to perform: sts:AssumeRole on resource: "
            f"{role.arn} because no role trust policy allows the sts:AssumeRole action",
            None,
        )
    credentials = issue_role_credentials(
        call.world,
        role,
        session_name=node_id,
        node_id=node_id,
        lifetime=call.world.site.node_credentials_lifetime,
    )
    await call.write(lambda tx: _remember_fingerprint(tx, node_id, fingerprint))
    return RoleToken(credentials=credentials)


def _remember_fingerprint(tx: Transaction, node_id: str, fingerprint: str) -> None:
    """A changed fingerprint is accepted, as the address or hardware of a node may change."""
    node = tx.nodes.get(node_id)
    if node is not None and node.fingerprint != fingerprint:
        tx.nodes.put(replace(node, fingerprint=fingerprint))


async def update_public_key(call: Call, *, public_key: str) -> None:
    """Rotate a node's key: the old one stays good until the new one is first used.

    Raises:
        AccessDenied: the caller is no node.
        OperationRefused: INVALID_VALUE.
    """
    _check_public_key(public_key)
    node_id = _proven_node(call)

    def work(tx: Transaction) -> None:
        node = tx.nodes.get(node_id)
        if node is not None:
            tx.nodes.put(replace(node, next_public_key=public_key))

    await call.write(work)


def _proven_node(call: Call) -> str:
    """Only a signature with the node's own key will do here, not its role's credentials."""
    if not call.caller.node_id or call.caller.issued_at is not None:
        raise _gone(call)
    call.resources.append(node_resource(call, call.caller.node_id))
    return call.caller.node_id


def _gone(call: Call) -> AccessDenied:
    return AccessDenied(
        f"User: {call.caller.principal.arn} is not authorized to perform: {call.action} "
        "because it is not a registered node",
        None,
    )


async def update_instance_information(call: Call, *, node_id: str, platform: Platform) -> None:
    """Keep what a node says of itself; an empty field says nothing.

    Raises:
        AccessDenied: its role may not, or it speaks of another node.
    """
    resource = node_resource(call, node_id)
    await require(call, Question(action=call.action, resources=(resource,)))
    if call.caller.node_id != node_id:
        raise AccessDenied(
            f"User: {call.caller.principal.arn} is not authorized to perform: {call.action} "
            f"on resource: {resource}",
            None,
        )
    await call.write(lambda tx: _keep_platform(tx, node_id, platform, call.time))


def _keep_platform(tx: Transaction, node_id: str, said: Platform, now: datetime) -> None:
    node = tx.nodes.get(node_id)
    if node is None:
        return
    known = node.platform
    merged = Platform(
        agent_name=said.agent_name or known.agent_name,
        agent_version=said.agent_version or known.agent_version,
        platform_type=said.platform_type or known.platform_type,
        platform_name=said.platform_name or known.platform_name,
        platform_version=said.platform_version or known.platform_version,
        computer_name=said.computer_name or known.computer_name,
        ip_address=said.ip_address or known.ip_address,
    )
    tx.nodes.put(replace(node, platform=merged, last_seen=now))
