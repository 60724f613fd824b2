"""Channels as the gateway sees them: tickets given, tickets taken, lines that come and go.

Tickets are single-use, bound to (kind, subject) and kept as hashes. A node gets tickets only
for its own control channel and for the data channels of its own sessions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mooring.fleet.node import Node
from mooring.operations.authorize import require, without_resource
from mooring.operations.call import Call
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.tokens import new_ticket, token_hash
from mooring.operations.world import World
from mooring.ports.records import AuditEvent, Ticket
from mooring.ports.tables import Transaction
from mooring.sessions.session import Session, SessionStatus, is_active, move

__all__ = [
    "ChannelRefused",
    "ControlOpened",
    "DataOpened",
    "SessionOver",
    "Side",
    "control_channel_closed",
    "create_control_channel",
    "create_data_channel",
    "forget_lines",
    "open_control_channel",
    "open_data_channel",
    "session_connected",
]

OWN_AGENT = "mooring-agent"


class ChannelRefused(Exception):
    """The ticket does not open this channel; the peer is told no more than that."""


class SessionOver(ChannelRefused):
    """The ticket was good, but the session has ended; its client may hear how."""

    def __init__(self, session: Session, side: str) -> None:
        super().__init__("the session is over")
        self.session = session
        self.side = side


class Side:
    """The two sides of a data channel, as ticket kinds."""

    AGENT = "agent"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlOpened:
    """A node's line is open."""

    account_id: str
    region: str
    node_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOpened:
    """One side of a session is open; ``is_own_agent`` tells our agent from the stock one."""

    session: Session
    side: str
    is_own_agent: bool


async def create_control_channel(call: Call, channel_id: str) -> str:
    """Give a node the ticket for its own control channel.

    Raises:
        AccessDenied: its role may not, or the channel is another node's.
    """
    await require(call, without_resource(call))
    node_id = _own_node(call)
    if channel_id != node_id:
        raise _not_yours(call, f"control channel {channel_id}")
    token, ticket = new_ticket(
        call.world,
        kind="control",
        subject=node_id,
        bearer=node_id,
    )
    await call.write(lambda tx: tx.tickets.put(ticket))
    return token


async def create_data_channel(call: Call, session_id: str) -> str:
    """Give a node the ticket for its side of one of its sessions.

    Raises:
        AccessDenied: its role may not, or the session is not on this node.
        OperationRefused: SESSION_TERMINATED, which ends the node's part for good.
    """
    await require(call, without_resource(call))
    node_id = _own_node(call)
    session = await call.read(lambda tx: tx.sessions.get(session_id))
    if session is None or session.node_id != node_id:
        raise _not_yours(call, f"session {session_id}")
    if not is_active(session):
        raise OperationRefused(Problem.SESSION_TERMINATED, "Session is already terminated")
    token, ticket = new_ticket(
        call.world,
        kind=Side.AGENT,
        subject=session_id,
        bearer=node_id,
    )
    await call.write(lambda tx: tx.tickets.put(ticket))
    return token


def _own_node(call: Call) -> str:
    if not call.caller.node_id:
        raise AccessDenied(
            f"User: {call.caller.principal.arn} is not a node and has no channel of its own", None
        )
    return call.caller.node_id


def _not_yours(call: Call, what: str) -> AccessDenied:
    return AccessDenied(
        f"User: {call.caller.principal.arn} is not authorized to perform: {call.action} on {what}",
        None,
    )


async def open_control_channel(
    world: World, *, node_id: str, token: str, gateway: str, address: str
) -> ControlOpened:
    """Take the ticket and note that the node is online, by this gateway.

    Raises:
        ChannelRefused: no such ticket, used, expired, or for something else.
    """
    account_id, ticket = await _take(world, token)
    if ticket.kind != "control" or ticket.subject != node_id:
        raise ChannelRefused("the token is for another channel")
    now = world.clock.now()

    def work(tx: Transaction) -> Node | None:
        node = tx.nodes.get(node_id)
        if node is not None:
            tx.nodes.put(
                replace(
                    node, gateway=gateway, connected_at=now, last_seen=now, source_address=address
                )
            )
        return node

    node = await world.store.write(account_id, work)
    if node is None:
        raise ChannelRefused("the node is not registered any more")
    return ControlOpened(account_id=account_id, region=node.region, node_id=node_id)


async def control_channel_closed(
    world: World, account_id: str, node_id: str, *, gateway: str
) -> None:
    """Note that the node's line is gone, unless another gateway holds a newer one."""
    now = world.clock.now()

    def work(tx: Transaction) -> None:
        node = tx.nodes.get(node_id)
        if node is not None and node.gateway == gateway and node.connected_at is not None:
            tx.nodes.put(replace(node, connected_at=None, last_seen=now))

    await world.store.write(account_id, work)


async def forget_lines(world: World, *, gateway: str) -> None:
    """At a gateway's start: no line of an earlier life of it is open any more."""
    accounts = await world.store.find(lambda directory: tuple(directory.accounts()))
    now = world.clock.now()
    for account_id in accounts:
        await world.store.write(account_id, lambda tx: _forget(tx, gateway, now))


def _forget(tx: Transaction, gateway: str, now: datetime) -> None:
    after = ""
    while nodes := tx.nodes.page(after=after, limit=1000):
        for node in nodes:
            if node.gateway == gateway and node.connected_at is not None:
                tx.nodes.put(replace(node, connected_at=None, last_seen=now))
        after = nodes[-1].node_id


async def open_data_channel(world: World, *, session_id: str, token: str) -> DataOpened:
    """Take the ticket for one side of a session.

    Raises:
        SessionOver: the session has ended.
        ChannelRefused: no such ticket, used, expired, or for something else.
    """
    account_id, ticket = await _take(world, token)
    if ticket.kind not in {Side.AGENT, Side.CLIENT} or ticket.subject != session_id:
        raise ChannelRefused("the token is for another channel")

    def look(tx: Transaction) -> tuple[Session | None, Node | None]:
        session = tx.sessions.get(session_id)
        return session, tx.nodes.get(session.node_id) if session is not None else None

    session, node = await world.store.read(account_id, look)
    if session is None:
        raise ChannelRefused("the session is over")
    if not is_active(session):
        raise SessionOver(session, ticket.kind)
    is_own = node is not None and node.platform.agent_name == OWN_AGENT
    return DataOpened(session=session, side=ticket.kind, is_own_agent=is_own)


async def session_connected(world: World, account_id: str, session_id: str) -> None:
    """Note that both sides are there, and the event of it; a second time does nothing."""
    now = world.clock.now()
    event_id = str(world.entropy.uuid())

    def work(tx: Transaction) -> None:
        session = tx.sessions.get(session_id)
        if session is not None and session.status is SessionStatus.CONNECTING:
            status = move(session.status, SessionStatus.CONNECTED)
            tx.sessions.put(replace(session, status=status))
            tx.audit.append(
                AuditEvent(
                    event_id=event_id,
                    time=now,
                    source="ssm.amazonaws.com",
                    name="SessionConnected",
                    region=session.region,
                    principal_arn=session.owner,
                    principal_id=session.owner_user_id,
                    access_key_id="",
                    source_address="",
                    user_agent="",
                    resources=(f"arn:aws:ssm:{session.region}:{account_id}:session/{session_id}",),
                    read_only=False,
                )
            )

    await world.store.write(account_id, work)


async def _take(world: World, token: str) -> tuple[str, Ticket]:
    hashed = token_hash(token)
    account_id = await world.store.find(lambda directory: directory.account_of_ticket(hashed))
    if account_id is None:
        raise ChannelRefused("unknown or used token")
    ticket = await world.store.write(account_id, lambda tx: tx.tickets.take(hashed))
    if ticket is None or ticket.expires_at <= world.clock.now():
        raise ChannelRefused("unknown, used or expired token")
    return account_id, ticket
