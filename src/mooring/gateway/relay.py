"""One session's two sides, joined frame by frame.

The relay reads headers only. It forwards numbered data and acknowledgements unchanged and in
order, keeps nothing back from either end on purpose except at the start of a port session
(``start_gap``), and never acknowledges for them: what a cut lost, the ends send again. For a side
that is away it keeps a bounded backlog. Of everything else a peer may send it understands
``agent_session_state``, which it swallows; what it sends itself is ``channel_closed``, the
publication messages, and for our own agent ``mooring_client``.

Everything here runs in callbacks on the event loop; slow work is handed to ``Office``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Protocol

from mooring.gateway.backlog import MAX_BACKLOG, Backlog
from mooring.gateway.record import Record
from mooring.gateway.recorder import NumberReused
from mooring.gateway.rescue import Rescue, had_frame
from mooring.gateway.start_gap import HOLD_S, StartGap
from mooring.net.websocket import CloseCode, Peer
from mooring.sessions.session import End, Session, SessionStatus
from mooring.wire.agent_message import HEADER_SIZE, Header, peek
from mooring.wire.control_channel import (
    channel_closed_frame,
    client_known_frame,
    publication_frame,
)
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.payloads import (
    HANDSHAKE_TYPES,
    Acknowledge,
    AgentSessionState,
    ChannelClosed,
    ClientKnown,
    MessageType,
    PayloadType,
    SessionFlag,
    SessionState,
    serialize_flag,
)
from mooring.wire.stamp import Stamp

__all__ = ["Leg", "Office", "Relay", "Side"]

_STREAM = MessageType.OUTPUT_STREAM_DATA.encode()
_INPUT = MessageType.INPUT_STREAM_DATA.encode()
_ACKNOWLEDGE = MessageType.ACKNOWLEDGE.encode()
_STATE = MessageType.AGENT_SESSION_STATE.encode()
_BYE = serialize_flag(SessionFlag.TERMINATE_SESSION)
_ALIVE_S = 30.0
"""A client that was heard of so recently did not fall asleep: it left, or is back at once."""


class Side(StrEnum):
    """Which end a leg leads to."""

    AGENT = "agent"
    CLIENT = "client"


class Office(Protocol):
    """What a relay asks of its gateway; nothing here waits."""

    def now(self) -> float:
        """Return the loop's time in seconds."""

    def later(self, delay_s: float, act: Callable[[], None]) -> None:
        """Call back after so many seconds."""

    def connected(self, relay: Relay) -> None:
        """Both sides have come for the first time."""

    def ended(self, relay: Relay, end: End, output: str) -> None:
        """The relay is over: keep how, and the recording."""

    def sealed(self, relay: Relay) -> None:
        """Files of the recording are ready to be kept."""


@dataclass(slots=True)
class Leg:
    """One side that is here."""

    peer: Peer
    client_id: str = ""
    client_version: str = ""
    is_own_agent: bool = False


class Relay:
    """A live session at its gateway."""

    def __init__(self, session: Session, recorder: Record, office: Office, stamp: Stamp) -> None:
        self.session = session
        self.recorder = recorder
        self.legs: dict[Side, Leg] = {}
        self.away_since: dict[Side, float] = dict.fromkeys(Side, office.now())
        self.has_been: set[Side] = set()
        self.is_over = False
        self.held_since: float | None = None
        self._backlogs = {side: Backlog() for side in Side}
        self._slow: set[Side] = set()
        self._has_breathed = False
        self._office = office
        self._stamp = stamp
        self._known_client: Leg | None = None
        # A client of a session that was open before has come back, and its shell is running.
        self._is_client_back = session.status is not SessionStatus.CONNECTING
        self._rescue: Rescue | None = None
        self.end: End | None = None
        self.has_said_bye = False
        self.is_client_done = False
        forward = recorder.forward
        self._is_stream = forward is not None and not forward.is_multiplexed
        self._gap = None if forward is None else StartGap(self._to_client, office.later)

    def attach(self, side: Side, leg: Leg) -> None:
        """Let a side in; one that was here before is replaced."""
        before = self.legs.get(side)
        self.legs[side] = leg
        is_first_meeting = len(self.legs) == len(Side) and self.has_been != set(Side)
        self.has_been.add(side)
        if side is Side.AGENT:
            self._forget_hold()
        if before is not None:
            before.peer.close(CloseCode.GOING_AWAY, "replaced by a newer connection")
        # Before the backlog goes out, which may make this side slow at once.
        self.writable(side, is_writable=True)
        self._introduce()
        self._backlogs[side].drain(leg.peer)
        leg.peer.flush()
        if _other(side) in self._slow:
            self._hold(side)
        if side is Side.CLIENT:
            self._rescue = Rescue() if self._is_client_back else None
            self._is_client_back = True
            if self._gap is not None:
                self._gap.client_came()
        if is_first_meeting:
            self._office.connected(self)

    def _introduce(self) -> None:
        """Tell our own agent who its client is; stock ones must not notice anything."""
        agent, client = self.legs.get(Side.AGENT), self.legs.get(Side.CLIENT)
        if agent is None or client is None or not agent.is_own_agent:
            return
        before, self._known_client = self._known_client, client
        known = ClientKnown(
            client_version=client.client_version,
            client_id=client.client_id,
            resumed=before is not None and _is_same_client(before, client),
        )
        agent.peer.send(client_known_frame(known, stamp=self._stamp, now=self._office.now()))

    def detach(self, side: Side, leg: Leg) -> None:
        """Note that a leg is gone, unless a newer one has taken its place."""
        if self.legs.get(side) is not leg:
            return
        del self.legs[side]
        self.away_since[side] = now = self._office.now()
        if side is Side.AGENT:
            self._forget_hold()
        else:
            self.is_client_done = self._is_stream and now - leg.peer.last_seen < _ALIVE_S
            if self._gap is not None:
                self._gap.client_left()
        self.writable(side, is_writable=True)

    def _forget_hold(self) -> None:
        """A hold is one agent connection's; the next one starts without."""
        self.held_since = None
        self._has_breathed = False

    def frame(self, side: Side, data: bytes | memoryview, *, last: bool) -> None:
        """Take a frame from a side.

        Raises:
            RemoteProtocolError: the frame would harm the other end; the peer is not one of ours.
        """
        if self.is_over:
            return
        header = peek(data)
        take = self._from_agent if side is Side.AGENT else self._from_client
        if not take(header, data):
            return
        if side is Side.AGENT and self._gap is not None and not self._gap.is_open:
            self._gap.take(header, data)
        else:
            self._forward(_other(side), data, last=last)

    def _from_client(self, header: Header, data: bytes | memoryview) -> bool:
        if header.message_type == _INPUT:
            self._note_input(header, data[HEADER_SIZE:])
            return True
        if self._is_acknowledge(header) and self._rescue is not None and not self._rescue.is_idle:
            # Clients write odd acknowledgements, and only their agent has to understand them.
            with suppress(RemoteProtocolError):
                answer = Acknowledge.parse(bytes(data[HEADER_SIZE:]))
                self._rescue.acknowledged(answer.sequence_number)
        return True

    def _from_agent(self, header: Header, data: bytes | memoryview) -> bool:
        if header.message_type == _STREAM:
            return self._record(header, data)
        if header.message_type == _STATE:
            with suppress(RemoteProtocolError):  # a state that we do not know says nothing to us
                self._state(AgentSessionState.parse(bytes(data[HEADER_SIZE:])))
            return False
        return self._is_acknowledge(header)

    def _repeat(self, header: Header, data: bytes | memoryview) -> None:
        """Look after a stock agent's frame that the client may have had before the cut."""
        agent, client = self.legs.get(Side.AGENT), self.legs.get(Side.CLIENT)
        if self._rescue is None or agent is None or client is None or agent.is_own_agent:
            return
        if self._rescue.repeated(header.sequence_number, bytes(data[64:80])):
            client.peer.ping()

    def ponged(self, side: Side) -> None:
        """A ping was answered: acknowledge for the client what it will not acknowledge again."""
        agent = self.legs.get(Side.AGENT)
        if side is Side.AGENT or agent is None or self._rescue is None or self._rescue.is_idle:
            return
        for sequence, raw in self._rescue.answered():
            agent.peer.send(had_frame(sequence, raw, self._stamp, self._office.now()))
        agent.peer.flush()

    def _is_acknowledge(self, header: Header) -> bool:
        """Anything but data and acknowledgements is for a server to send, or unknown."""
        if header.message_type == _ACKNOWLEDGE:
            return True
        raise RemoteProtocolError(
            f"message type `{header.message_type.decode(errors='replace')}` from this side"
        )

    def _record(self, header: Header, data: bytes | memoryview) -> bool:
        """Put a frame on record; False when it must not be forwarded."""
        number, payload = header.sequence_number, data[HEADER_SIZE:]
        if number < 0:
            return False  # no number of a stream: it would be shown and not be on record
        try:
            is_new = self.recorder.output(number, header.payload_type, payload)
        except RemoteProtocolError:
            return False  # too far ahead of its turn: sent again until acknowledged; or too old
        except NumberReused as exc:
            self.finish(End.NODE_BROKE_PROTOCOL, str(exc))
            return False
        except OSError as exc:
            self.finish(End.NOT_RECORDED, f"{End.NOT_RECORDED}: {exc.strerror}")
            return False
        if not is_new:
            self._repeat(header, data)
        if self.recorder.segments.has_sealed:
            self._office.sealed(self)
        return True

    def _note_input(self, header: Header, payload: bytes | memoryview) -> None:
        try:
            self.recorder.input(header.sequence_number, header.payload_type, payload)
        except OSError as exc:
            self.finish(End.NOT_RECORDED, f"{End.NOT_RECORDED}: {exc.strerror}")
            return
        if self.recorder.segments.has_sealed:
            self._office.sealed(self)
        if self._gap is not None and header.payload_type not in HANDSHAKE_TYPES:
            if header.payload_type == PayloadType.FLAG:
                self.has_said_bye |= bytes(payload) == _BYE
            self._gap.client_spoke()

    def _state(self, state: AgentSessionState) -> None:
        if state.state is SessionState.TERMINATING:
            self.finish(End.NODE, state.output, exit_code=state.exit_code)

    def _to_client(self, data: bytes | memoryview) -> None:
        self._forward(Side.CLIENT, data, last=True)

    def _forward(self, to: Side, data: bytes | memoryview, *, last: bool) -> None:
        leg = self.legs.get(to)
        if leg is None:
            if not self._backlogs[to].add(bytes(data)):
                self._hold(_other(to))
            return
        if self._has_breathed and to is Side.CLIENT and self._is_overfull(leg):
            self._hold(Side.AGENT)
            return  # dropped, as from a full backlog
        leg.peer.send(data)
        if last:
            leg.peer.flush()

    def _is_overfull(self, leg: Leg) -> bool:
        """Whether a client that stopped reading long ago has enough to read.

        Not asked of one that has just become slow: a read that is under way brings what the kernel
        held of its connection, and a healthy sender's frames are not dropped.
        """
        return leg.peer.statistics().buffered > MAX_BACKLOG

    def _hold(self, fast: Side) -> None:
        """Slow a side down without harming it: an agent is asked first, then not read."""
        leg = self.legs.get(fast)
        if leg is None:
            return
        if fast is Side.AGENT:
            if not leg.is_own_agent and self.held_since is None:
                leg.peer.send(self._publication(paused=True))
                leg.peer.flush()
            self.held_since = self._office.now()
            if Side.CLIENT not in self.legs:
                return  # what does not fit is dropped: the agent keeps it until it is acknowledged
        leg.peer.pause_reading()

    def _release(self) -> None:
        """Let the agent go on."""
        agent = self.legs.get(Side.AGENT)
        if agent is None or self.held_since is None:
            return
        self._forget_hold()
        agent.peer.resume_reading()
        if not agent.is_own_agent:
            agent.peer.send(self._publication(paused=False))
            agent.peer.flush()

    def breathe(self) -> None:
        """Read a held agent again for a moment, so that its pings are answered."""
        agent = self.legs.get(Side.AGENT)
        if agent is not None and self.held_since is not None:
            agent.peer.resume_reading()
            self.held_since = self._office.now()
            self._has_breathed = True

    def writable(self, side: Side, *, is_writable: bool) -> None:
        """A side reads too slowly, or has caught up: stop or go on reading the other."""
        other = _other(side)
        if not is_writable:
            self._slow.add(side)
            self._hold(other)
            return
        self._slow.discard(side)
        if other not in self.legs:
            return
        if other is Side.AGENT and self.held_since is not None:
            self._release()
        else:
            self.legs[other].peer.resume_reading()

    def finish(self, end: End, output: str, *, exit_code: int | None = None) -> None:
        """End the session on both screens; the first end stands."""
        if self.is_over:
            return
        self.is_over = True
        closed = ChannelClosed(
            destination_id=self.session.node_id,
            session_id=self.session.session_id,
            output=output,
            exit_code=exit_code,
        )
        frame = channel_closed_frame(closed, stamp=self._stamp, now=self._office.now())
        for side, leg in list(self.legs.items()):
            if side is Side.CLIENT and self._gap is not None and self._gap.is_holding:
                # Behind what is held: the client must not hear even this yet.
                self._office.later(HOLD_S, partial(_close, leg, frame))
            else:
                _close(leg, frame if side is Side.CLIENT or end is not End.NODE else b"")
        self.end = self._true_end(end)
        self._office.ended(self, self.end, output)

    def _true_end(self, end: End) -> End:
        """Say of a port session what its end was: there is no shell in it."""
        if end is not End.NODE or self._gap is None:
            return end
        return End.USER if self.has_said_bye else End.CONNECTION

    def _publication(self, *, paused: bool) -> bytes:
        return publication_frame(paused=paused, stamp=self._stamp, now=self._office.now())


def _close(leg: Leg, last: bytes) -> None:
    if last:
        leg.peer.send(last)
    leg.peer.flush()
    leg.peer.close(CloseCode.NORMAL, "")


def _is_same_client(before: Leg, now: Leg) -> bool:
    return before is now or (bool(now.client_id) and before.client_id == now.client_id)


def _other(side: Side) -> Side:
    return Side.CLIENT if side is Side.AGENT else Side.AGENT
