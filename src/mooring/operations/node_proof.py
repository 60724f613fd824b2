"""Whether a signature was made with a node's own key.

A rotated key becomes the node's only key with its first use; until then the old one is good,
so that a node that crashed between the two is not locked out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mooring.fleet.node import Node
from mooring.iam.identity import Role
from mooring.iam.principal import Principal
from mooring.operations.world import World
from mooring.ports.tables import Transaction

__all__ = ["ProvenNode", "prove_node"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenNode:
    """A node that has signed, as the session of its role that it is."""

    account_id: str
    principal: Principal


async def prove_node(
    world: World, node_id: str, signature: str, signed_text: str
) -> ProvenNode | None:
    """Return the node, or None when there is none or the signature is not its own."""
    account_id = await world.store.find(lambda directory: directory.account_of_node(node_id))
    if account_id is None:
        return None

    def look(tx: Transaction) -> tuple[Node | None, Role | None]:
        node = tx.nodes.get(node_id)
        return node, tx.identities.role(node.role_name) if node is not None else None

    node, role = await world.store.glance(account_id, look)
    if node is None or role is None:
        return None
    if not world.verify_node_signature(node.public_key, signature, signed_text):
        rotated = node.next_public_key
        if not rotated or not world.verify_node_signature(rotated, signature, signed_text):
            return None
        await world.store.write(account_id, lambda tx: _promote(tx, node_id, rotated))
    principal = Principal.role_session(role.arn, node_id, role_id=role.role_id, tags=role.tags)
    return ProvenNode(account_id=account_id, principal=principal)


def _promote(tx: Transaction, node_id: str, key: str) -> None:
    node = tx.nodes.get(node_id)
    if node is not None and node.next_public_key == key:
        tx.nodes.put(replace(node, public_key=key, next_public_key=""))
