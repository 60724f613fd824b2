"""What stock agents poll for: orders by the message service, and associations.

Neither exists here yet, and both are answered truthfully: there is none. The poll is held as
long as AWS holds it, because an agent that is answered at once asks again at once.
"""

from __future__ import annotations

import anyio

from mooring.operations.authorize import Question, require, without_resource
from mooring.operations.call import Call
from mooring.operations.problems import AccessDenied
from mooring.operations.session_questions import node_resource

__all__ = ["HOLD_S", "list_associations", "wait_for_messages"]

HOLD_S = 15.0


async def wait_for_messages(call: Call, destination: str, *, hold_s: float = HOLD_S) -> None:
    """Hold a node's poll until it would have got a message, or the poll's time is over.

    Raises:
        AccessDenied: its role may not, or it polls for another node.
    """
    await require(call, without_resource(call))
    if call.caller.node_id != destination:
        raise _not_yours(call, destination)
    await anyio.sleep(hold_s)


async def list_associations(call: Call, node_id: str) -> None:
    """Allow a node to learn that nothing is associated with it.

    Raises:
        AccessDenied: its role may not, or it asks for another node.
    """
    await require(call, Question(action=call.action, resources=(node_resource(call, node_id),)))
    if call.caller.node_id and call.caller.node_id != node_id:
        raise _not_yours(call, node_id)


def _not_yours(call: Call, node_id: str) -> AccessDenied:
    return AccessDenied(
        f"User: {call.caller.principal.arn} is not authorized to perform: {call.action} "
        f"for {node_id}",
        None,
    )
