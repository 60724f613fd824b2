"""A node is who signed with its key, and nobody else; rotation stands in test_registration."""

import pytest
from tests.fakes.world import NODE_ROLE, FakeWorld
from tests.operations.test_registration import KEYS, PUBLIC, TEXT, signed

from mooring.operations.node_proof import prove_node


async def test_a_right_signature_proves_the_nodes_role_session(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id, public_key=PUBLIC[0])

    proven = await prove_node(world.world, node.node_id, signed(KEYS[0]), TEXT)

    assert proven is not None
    assert proven.account_id == account_id
    assert proven.principal.arn.endswith(f":assumed-role/{NODE_ROLE}/{node.node_id}")


@pytest.mark.parametrize(
    ("signature", "text"),
    [(signed(KEYS[1]), TEXT), (signed(KEYS[0]), "another text"), ("", TEXT), ("é", TEXT)],
)
async def test_anything_else_proves_nothing(world: FakeWorld, signature: str, text: str) -> None:
    node = await world.node(await world.account(), public_key=PUBLIC[0])

    assert await prove_node(world.world, node.node_id, signature, text) is None


async def test_an_unknown_node_or_one_without_its_role_proves_nothing(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id, public_key=PUBLIC[0])
    unknown = await prove_node(world.world, "mi-00000000000000000", signed(KEYS[0]), TEXT)
    await world.store.write(account_id, lambda tx: tx.identities.delete_role(NODE_ROLE))

    assert unknown is None
    assert await prove_node(world.world, node.node_id, signed(KEYS[0]), TEXT) is None
