"""A node's poll is held and empty; nobody polls for another."""

import anyio
import pytest
from tests.fakes.world import FakeWorld

from mooring.operations.messages import HOLD_S, list_associations, wait_for_messages
from mooring.operations.problems import AccessDenied


def test_a_poll_is_held_as_long_as_aws_holds_it() -> None:
    assert HOLD_S == 15


async def test_a_nodes_poll_is_held_and_ends(world: FakeWorld) -> None:
    node = await world.node(await world.account())
    call = await world.node_call(node, "ec2messages:GetMessages")
    begun = anyio.current_time()

    await wait_for_messages(call, node.node_id, hold_s=0.05)

    assert anyio.current_time() - begun >= 0.04


async def test_nobody_polls_for_another(world: FakeWorld) -> None:
    account_id = await world.account()
    node, other = await world.node(account_id), await world.node(account_id)
    admin = await world.administrator(account_id)

    for call in (
        await world.node_call(other, "ec2messages:GetMessages"),
        world.call(admin, "ec2messages:GetMessages"),
    ):
        with pytest.raises(AccessDenied):
            await wait_for_messages(call, node.node_id, hold_s=0)


async def test_a_node_asks_for_its_own_associations(world: FakeWorld) -> None:
    account_id = await world.account()
    node, other = await world.node(account_id), await world.node(account_id)
    call = await world.node_call(node, "ssm:ListInstanceAssociations")

    await list_associations(call, node.node_id)
    with pytest.raises(AccessDenied):
        await list_associations(call, other.node_id)
