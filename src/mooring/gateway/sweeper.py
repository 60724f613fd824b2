"""Everything that is due on any connection, looked at once a second by one function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mooring.gateway.control import ControlListener
from mooring.gateway.leg import DataListener
from mooring.gateway.relay import Relay, Side
from mooring.net.websocket import CloseCode
from mooring.sessions.session import End, SessionStatus

__all__ = ["Deadlines", "sweep"]

_HELD_S = 20.0
_BYE_S = 5.0
"""For the node to end a session whose client has said that it leaves, and left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long what may last, in seconds; ``before`` is the time of the sweep before ``now``."""

    now: float
    before: float
    token_s: float
    ping_every_s: float
    silence_s: float
    start_s: float
    client_grace_s: float
    stream_grace_s: float
    """For a client that left a session of one stream: a stock one tells nobody that it is done."""
    agent_grace_s: float
    agent_back_s: float
    """For a node that holds its line: its session processes come back by themselves, at once."""
    online_since: Mapping[str, float]
    """Since when each node holds its line."""


def sweep(
    connections: Sequence[tuple[ControlListener | DataListener, float]],
    relays: Iterable[Relay],
    due: Deadlines,
) -> None:
    """Do what is due: cut strangers and the silent, ping the rest, end sessions left alone."""
    for listener, since in connections:
        _sweep_connection(listener, since, due)
    for relay in relays:
        _sweep_relay(relay, due)


def _sweep_connection(
    listener: ControlListener | DataListener, since: float, due: Deadlines
) -> None:
    peer = listener.peer
    if peer is None:
        return
    if not listener.is_admitted and due.now - since > due.token_s:
        peer.close(CloseCode.POLICY_VIOLATION, "no token in time")
        return
    if due.now - peer.last_seen > due.silence_s and peer.statistics().reading:
        peer.abort()
        return
    # Spread by when the connection came, so that ten thousand are not pinged at once.
    if (due.now - since) // due.ping_every_s > (due.before - since) // due.ping_every_s:
        peer.ping()


def _sweep_relay(relay: Relay, due: Deadlines) -> None:
    if relay.held_since is not None and due.now - relay.held_since > _HELD_S:
        relay.breathe()
    gone = {side: due.now - since for side, since in relay.away_since.items()}
    away = {side: gone[side] for side in Side if side not in relay.legs}
    is_new = Side.AGENT not in relay.has_been
    waits_for_start = is_new and relay.session.status is SessionStatus.CONNECTING
    patience = due.start_s if waits_for_start else _agent_patience(relay, due)
    if away.get(Side.AGENT, 0.0) > patience:
        if waits_for_start:
            relay.finish(End.TIMEOUT, End.TIMEOUT.value)
        else:
            relay.finish(End.NODE_LOST, End.NODE_LOST.value)
    elif away.get(Side.CLIENT, 0.0) > _client_patience(relay, due):
        relay.finish(End.USER if relay.has_said_bye else End.CLIENT_LOST, "")


def _agent_patience(relay: Relay, due: Deadlines) -> float:
    since = due.online_since.get(relay.session.node_id)
    is_settled = since is not None and due.now - since > due.agent_back_s
    return due.agent_back_s if is_settled else due.agent_grace_s


def _client_patience(relay: Relay, due: Deadlines) -> float:
    if relay.has_said_bye:
        return _BYE_S
    if relay.is_client_done:
        return min(due.stream_grace_s, due.client_grace_s)
    return due.client_grace_s
