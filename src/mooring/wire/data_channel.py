"""One end of a session's data channel: numbers, acknowledges, resends, and puts in order.

Both ends number their stream data from 0 and keep each frame until the other end acknowledges it,
over as many connections as the session needs. Everything else is outside the numbering.

================  ===============================================================================
comes in          what happens
================  ===============================================================================
the next number   given out and acknowledged; while not ``ready``, kept without acknowledgement
a later number    kept and acknowledged while there is room, else dropped in silence
an earlier one    acknowledged again, always: a stock client ends a session over one lost ack
acknowledge       drops the frame, if it is of the type we send and we have sent it
channel_closed    ``Closed``; nothing is given out after it
pause, start      an agent holds its output back, and acknowledges on; a client does not care
mooring_client    ``ClientKnown`` for an agent
anything else     dropped and counted, frames of the wrong direction too
================  ===============================================================================

Acknowledgements are one per frame, as stock peers know them. Two ends of ours have one per
``ack_every_bytes`` that speaks for all frames before it: by ``adopt``, or when the gateway names
to an agent a client of ours, which does the same when it hears the first.

Source: session-manager-plugin, src/datachannel; amazon-ssm-agent, agent/session/datachannel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from mooring.wire.agent_message import AgentMessage, DigestRule, Flags
from mooring.wire.channel_events import Closed, Event, Publication, Received, Statistics, Writable
from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.handshake import Terms
from mooring.wire.inbox import Arrival, Held, Inbox
from mooring.wire.outbox import Outbox
from mooring.wire.payloads import (
    BYTE_STREAMS,
    HANDSHAKE_TYPES,
    Acknowledge,
    AgentSessionState,
    ChannelClosed,
    ClientKnown,
    MessageType,
    PayloadType,
)
from mooring.wire.receipts import USUAL_DELAYS, Delays, Receipts
from mooring.wire.stamp import OUTSIDE_NUMBERING, Stamp

__all__ = ["DataChannel", "Limits", "Role"]


class Role(StrEnum):
    """Which end this is."""

    AGENT = "agent"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one channel; sizes are of payloads, in bytes, and times in seconds."""

    max_payload: int = 128 * 1024
    """Largest payload taken and sent; acknowledgements need about 200 bytes."""
    first_payload: int = 1024
    """Largest piece of a byte stream sent before ``set_max_payload``; clients exist that die
    of more than 2 KiB."""
    window_bytes: int = 128 * 1024
    window_frames: int = 8192
    ack_every_bytes: int = 32 * 1024
    delays: Delays = USUAL_DELAYS
    reorder_frames: int = 10_000
    reorder_bytes: int = 4 * 1024 * 1024
    flush_s: float = 2.0


class DataChannel:
    """One end, over any number of connections; owned by one task."""

    def __init__(
        self, *, role: Role, new_id: Callable[[], UUID], wall_offset: float, limits: Limits
    ) -> None:
        """Make the end; ``wall_offset`` is the epoch's seconds minus the loop clock's."""
        self.closed = False
        self._limits = limits
        self._stamp = Stamp(new_id, wall_offset)
        self._is_agent = role is Role.AGENT
        sends, takes = MessageType.OUTPUT_STREAM_DATA, MessageType.INPUT_STREAM_DATA
        self._sends, self._takes = (sends, takes) if self._is_agent else (takes, sends)
        # A stock agent takes any digest, because clients exist that send wrong ones.
        self._digest_rule = DigestRule.IGNORED if self._is_agent else DigestRule.ENFORCED
        self._reactions = self._table()
        self._outbox = Outbox()
        self._inbox = Inbox(max_frames=limits.reorder_frames, max_bytes=limits.reorder_bytes)
        self._receipts = Receipts(
            self._takes, every_bytes=limits.ack_every_bytes, delays=limits.delays
        )
        self._events: list[Event] = []
        self._writes: list[bytes] = []
        self._now = 0.0
        self._max_payload = limits.first_payload
        self._window_bytes = limits.window_bytes
        self._connected = self._ready = True
        self._paused = self._throttled = self._resends_wait = False
        self._dropped = self._repeated = 0
        self._last_words: AgentSessionState | None = None
        self._flush_by: float | None = None

    @property
    def ready(self) -> bool:
        """Whether received data has somewhere to go; handshakes are given out anyway."""
        return self._ready

    @ready.setter
    def ready(self, ready: bool) -> None:
        self._ready = ready
        self._give_out()

    @property
    def unacked_bytes(self) -> int:
        """Bytes sent, or waiting to be, that the peer has not acknowledged."""
        return self._outbox.unacked_bytes

    @property
    def flushed(self) -> bool:
        """Whether the peer has acknowledged everything."""
        return self._outbox.is_empty

    def room(self) -> int:
        """Count the bytes that may be sent now; zero while paused."""
        if self._paused or self._outbox.frames >= self._limits.window_frames:
            return 0
        return max(0, self._window_bytes - self._outbox.unacked_bytes)

    def set_max_payload(self, size_bytes: int) -> None:
        """Cut byte streams into pieces of this size from now on."""
        if not 0 < size_bytes <= self._limits.max_payload:
            raise LocalProtocolError(
                f"payload of {size_bytes} bytes, expected 1 to {self._limits.max_payload}"
            )
        self._max_payload = size_bytes

    def adopt(self, terms: Terms) -> None:
        """Go by what the handshake of two ends of ours has settled."""
        self.set_max_payload(min(terms.max_payload, self._limits.max_payload))
        self._window_bytes = terms.window_bytes
        self._speak_for_all(agreed=terms.cumulative_acks)
        self._announce_room()

    def _speak_for_all(self, *, agreed: bool) -> None:
        self._receipts.cumulative = agreed
        self._outbox.peer_repeats_acks = agreed

    def send(self, payload_type: PayloadType, payload: bytes, now: float) -> None:
        """Send stream data and keep it until it has arrived.

        A byte stream goes beyond the window by one payload at most; other types are always
        taken, since there are few of them.

        Raises:
            LocalProtocolError: the payload is empty or too large, the window is full, or the
                session is over.
        """
        self._now = now
        if self.closed or self._last_words is not None:
            raise LocalProtocolError("data after the end of the session")
        if not payload:
            raise LocalProtocolError("empty payload, which stock peers cannot write")
        is_stream = payload_type in BYTE_STREAMS
        if is_stream and not self.room():
            raise LocalProtocolError(f"window of {self._window_bytes} bytes is full")
        limit = self._limits.max_payload
        if len(payload) > limit:
            raise LocalProtocolError(f"payload of {len(payload)} bytes, limit is {limit}")
        step = self._max_payload if is_stream else limit
        for start in range(0, len(payload), step):
            self._send_piece(payload_type, payload[start : start + step])
        self._throttled = self._throttled or not self.room()

    def send_state(self, state: AgentSessionState, now: float) -> None:
        """Tell the server how this agent's side is doing."""
        self._now = now
        if not self._is_agent:
            raise LocalProtocolError("session state from a client, only agents have one")
        self._write_outside(MessageType.AGENT_SESSION_STATE, state.serialize())

    def terminate(self, last_words: AgentSessionState, now: float) -> None:
        """End this agent's side: ``closed`` once all has arrived or ``flush_s`` are over.

        The time runs only while there is a connection.
        """
        if not self._is_agent:
            raise LocalProtocolError("session state from a client, only agents have one")
        self._last_words = last_words
        self._flush_by = now + self._limits.flush_s
        self._finish(now)

    def disconnected(self) -> None:
        """Note that the connection is gone: nothing is due until there is another."""
        self._connected = False
        self._writes.clear()

    def reconnected(self, now: float) -> None:
        """Go on over a new connection: everything unacknowledged is sent again at once."""
        self._now = now
        self._connected = True
        # Acknowledgements meant for the old connection are dropped; the peer repeats the frames.
        self._writes = self._outbox.restart(now)
        self._resume()
        self._acknowledge(self._receipts.all_given_out())
        if self._last_words is not None:
            self._flush_by = now + self._limits.flush_s

    def receive(self, data: bytes, now: float) -> None:
        """Take one frame; one that cannot be read is dropped, as stock peers do."""
        self._now = now
        if self.closed:
            return
        try:
            self._react(
                AgentMessage.parse(
                    data, max_payload=self._limits.max_payload, digest_rule=self._digest_rule
                )
            )
        except RemoteProtocolError:
            self._dropped += 1
        self._finish(now)

    def tick(self, now: float) -> None:
        """Resend, acknowledge and end what is due."""
        self._now = now
        if not self._connected or self.closed:
            return
        # INVARIANT: nothing is resent while the last resends have not been taken, so that a
        # connection that does not move cannot make the list of writes grow.
        if not self._paused and not self._resends_wait:
            resends = self._outbox.due(now, window_bytes=self._window_bytes)
            self._writes += resends
            self._resends_wait = bool(resends)
            self._announce_room()
        self._acknowledge(self._receipts.due(now))
        self._finish(now)

    def deadline(self) -> float | None:
        """When ``tick`` is next due; None while there is no connection or nothing to do."""
        if not self._connected or self.closed:
            return None
        may_resend = not self._paused and not self._resends_wait
        resend = self._outbox.deadline() if may_resend else None
        times = (resend, self._receipts.deadline, self._flush_by)
        return min([time for time in times if time is not None], default=None)

    def events(self) -> Sequence[Event]:
        """Take the events since the last call."""
        taken, self._events = self._events, []
        return taken

    def writes(self) -> Sequence[bytes]:
        """Take the frames to send since the last call."""
        self._resends_wait = False
        taken, self._writes = self._writes, []
        return taken

    def statistics(self) -> Statistics:
        """Return what was counted."""
        return Statistics(
            dropped=self._dropped,
            repeated=self._repeated,
            resent=self._outbox.resent,
            forgotten=self._outbox.forgotten,
            unacked_bytes=self._outbox.unacked_bytes,
            held_bytes=self._inbox.held_bytes,
        )

    def _table(self) -> dict[str, Callable[[AgentMessage], None]]:
        table: dict[str, Callable[[AgentMessage], None]] = {
            self._takes: self._on_data,
            MessageType.ACKNOWLEDGE: self._on_acknowledge,
            MessageType.CHANNEL_CLOSED: self._on_closed,
        }
        if self._is_agent:
            table[MessageType.PAUSE_PUBLICATION] = self._on_pause
            table[MessageType.START_PUBLICATION] = lambda _: self._resume()
            table[MessageType.MOORING_CLIENT] = self._on_client
        return table

    def _react(self, message: AgentMessage) -> None:
        reaction = self._reactions.get(message.message_type)
        if reaction is None:
            raise RemoteProtocolError(f"`{message.message_type}` is not for this end")
        reaction(message)

    def _on_data(self, message: AgentMessage) -> None:
        self._resume()
        sequence = message.sequence_number
        if sequence < 0:
            raise RemoteProtocolError(f"sequence number {sequence}, expected 0 or more")
        frame = Held(message.message_id, message.payload_type, message.payload)
        arrival = self._inbox.offer(sequence, frame)
        if arrival is Arrival.NO_ROOM:
            raise RemoteProtocolError(f"sequence number {sequence} is too far ahead")
        if arrival is Arrival.PAST:
            # INVARIANT: what was given out is acknowledged as often as it comes.
            self._repeated += 1
            self._acknowledge(self._receipts.out_of_turn(sequence, frame))
            return
        self._give_out()
        # While nobody takes data, what waits is not acknowledged: the peer shall resend it to
        # whoever comes after us, should we die.
        if self._ready and sequence >= self._inbox.expected:
            waiting = self._inbox.held(sequence)
            self._acknowledge(self._receipts.out_of_turn(sequence, waiting))

    def _give_out(self) -> None:
        while not self.closed and (taken := self._inbox.take(self._may_go)) is not None:
            sequence, frame = taken
            self._events.append(Received(payload_type=frame.payload_type, payload=frame.payload))
            self._acknowledge(self._receipts.given_out(sequence, frame, self._now))

    def _may_go(self, frame: Held) -> bool:
        return self._ready or frame.payload_type in HANDSHAKE_TYPES

    def _acknowledge(self, receipts: Sequence[Acknowledge]) -> None:
        for receipt in receipts:
            self._write_outside(MessageType.ACKNOWLEDGE, receipt.serialize())

    def _on_acknowledge(self, message: AgentMessage) -> None:
        self._resume()
        body = Acknowledge.parse(message.payload)
        # Clients exist that acknowledge acknowledgements, under the numbers of our stream.
        if body.message_type != self._sends:
            raise RemoteProtocolError(f"acknowledges `{body.message_type}`, we send {self._sends}")
        if body.cumulative:
            self._speak_for_all(agreed=True)
            self._outbox.acknowledge_up_to(body.sequence_number, self._now)
        else:
            self._outbox.acknowledge(body.sequence_number, self._now)
        self._announce_room()

    def _on_closed(self, message: AgentMessage) -> None:
        body = ChannelClosed.parse(message.payload)
        self._events.append(Closed(output=body.output, exit_code=body.exit_code))
        self.closed = True

    def _on_pause(self, _: AgentMessage) -> None:
        if not self._paused:
            self._paused = self._throttled = True
            self._events.append(Publication(paused=True))

    def _on_client(self, message: AgentMessage) -> None:
        known = ClientKnown.parse(message.payload)
        self._speak_for_all(agreed=known.is_ours)
        self._events.append(known)

    def _resume(self) -> None:
        """Lift a pause: any sign that the other side reads again does."""
        if self._paused:
            self._paused = False
            self._events.append(Publication(paused=False))
            self._writes += self._outbox.unsent(self._now)
            self._announce_room()

    def _announce_room(self) -> None:
        """Say once that there is room; at half a window, or every byte would be news."""
        if self._throttled and 2 * self.room() >= self._window_bytes:
            self._throttled = False
            self._events.append(Writable())

    def _send_piece(self, payload_type: PayloadType, payload: bytes) -> None:
        sequence = self._outbox.next_sequence
        frame = AgentMessage(
            message_type=self._sends,
            payload=payload,
            payload_type=payload_type,
            sequence_number=sequence,
            flags=Flags.SYN if self._is_agent and sequence == 0 else Flags.NONE,
            message_id=self._stamp.new_id(),
            created_date=self._stamp.date(self._now),
        ).serialize()
        may_go = self._connected and not self._paused
        self._outbox.add(frame, len(payload), sent_at=self._now if may_go else None)
        if may_go:
            self._writes.append(frame)

    def _write_outside(self, message_type: MessageType, payload: bytes) -> None:
        if self._connected:
            frame = self._stamp.unnumbered(
                message_type, payload, self._now, flags=OUTSIDE_NUMBERING
            )
            self._writes.append(frame.serialize())

    def _finish(self, now: float) -> None:
        if self._last_words is None or self._flush_by is None or not self._connected:
            return
        if not self.closed and (self.flushed or now >= self._flush_by):
            self.send_state(self._last_words, now)
            self.closed = True
