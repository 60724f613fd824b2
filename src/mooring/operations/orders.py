"""What we tell nodes and gateways, over the bus. Subjects hold ids of ours, never given text.

==============================  ===============================================  ==============
subject                         message                                          answered by
==============================  ===============================================  ==============
``node.<account>.<node>``       an agent message for the node's control channel  its gateway
``line.<account>.<node>``       the reason to close the node's control channel   its gateway
``session.<account>.<session>`` an ``EndOrder`` as JSON                          the relay's
==============================  ===============================================  ==============
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from mooring.operations.world import World
from mooring.sessions.document import DEFAULT_DOCUMENT
from mooring.sessions.document_resolve import ResolvedSession
from mooring.sessions.session import End, Session
from mooring.wire.agent_message import AgentMessage, Flags
from mooring.wire.ids import parse_session_id
from mooring.wire.payloads import ChannelClosed, MessageType
from mooring.wire.session_order import SessionOrder

__all__ = [
    "DEFAULT_DOCUMENT",
    "EndOrder",
    "line_subject",
    "node_subject",
    "send_away",
    "send_closed",
    "send_end",
    "send_start",
    "session_subject",
]

_ORDER_TIMEOUT_S = 5.0


class EndOrder(msgspec.Struct, frozen=True):
    """End this session's relay: why, and what both screens are told."""

    end: End
    output: str


def node_subject(account_id: str, node_id: str) -> str:
    """Name the place where a node's orders go."""
    return f"node.{account_id}.{node_id}"


def line_subject(account_id: str, node_id: str) -> str:
    """Name the place where it is heard that a node's line must be closed."""
    return f"line.{account_id}.{node_id}"


def session_subject(account_id: str, session_id: str) -> str:
    """Name the place where a session's relay listens."""
    return f"session.{account_id}.{session_id}"


async def send_start(world: World, session: Session, resolved: ResolvedSession) -> None:
    """Order the node to start the session.

    The properties have nothing left to fill in, so the order holds no parameters: the node has
    nothing to replace, and reads no value as a template.

    Raises:
        NoSubscriber: the node holds no line.
        TimeoutError: its gateway did not answer.
    """
    order = SessionOrder(
        session_id=parse_session_id(session.session_id),
        session_type=resolved.session_type,
        document_name=session.document_name.rpartition("/")[2],
        description=resolved.description,
        inputs=resolved.preferences.inputs,
        properties=resolved.properties,
        run_as_user=session.run_as,
        session_owner=session.owner,
    )
    frame = _frame(MessageType.INTERACTIVE_SHELL, order.serialize(), world)
    await world.bus.request(
        node_subject(session.account_id, session.node_id), frame, timeout_s=_ORDER_TIMEOUT_S
    )


async def send_closed(world: World, session: Session) -> None:
    """Tell the node by its control channel that the session is over.

    Raises:
        NoSubscriber: the node holds no line; its session process learns it when it calls.
        TimeoutError: its gateway did not answer.
    """
    now = world.clock.now()
    closed = ChannelClosed(
        message_id=str(world.entropy.uuid()),
        created_date=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        destination_id=session.node_id,
        session_id=session.session_id,
    )
    frame = _frame(MessageType.CHANNEL_CLOSED, closed.serialize(), world)
    await world.bus.request(
        node_subject(session.account_id, session.node_id), frame, timeout_s=_ORDER_TIMEOUT_S
    )


async def send_away(world: World, account_id: str, node_id: str, reason: str) -> None:
    """Have whoever holds the node's control channel close it; a node without one is away."""
    await world.bus.publish(line_subject(account_id, node_id), reason.encode())


async def send_end(world: World, session: Session, order: EndOrder) -> None:
    """Tell the gateway that relays the session to end it on both screens.

    Raises:
        NoSubscriber: nobody relays it.
        TimeoutError: its gateway did not answer.
    """
    await world.bus.request(
        session_subject(session.account_id, session.session_id),
        msgspec.json.encode(order),
        timeout_s=_ORDER_TIMEOUT_S,
    )


def _frame(message_type: MessageType, payload: bytes, world: World) -> bytes:
    return control_frame(message_type, payload, world.entropy.uuid(), world.clock.now())


def control_frame(
    message_type: MessageType, payload: bytes, message_id: UUID, now: datetime
) -> bytes:
    """Build a message for a control channel."""
    return AgentMessage(
        message_type=message_type,
        payload=payload,
        message_id=message_id,
        created_date=int(now.timestamp() * 1000),
        flags=Flags.NONE,
    ).serialize()
