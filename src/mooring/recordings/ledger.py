"""The connections of one port session: opened, closed, and how much each carried.

========================  =========================================================================
session                   what is a connection
========================  =========================================================================
one stream (SSH)          the session
forward, with smux        a stream: from its SYN until both sides have sent FIN
forward, old peers        from its first data until the client's flag DisconnectToPort
========================  =========================================================================

Every frame is counted once, in the order of the numbers. When a peer breaks the framing of smux
or leaves its order for too long, the connections cannot be told apart any more: that is noted,
and from there only the session's bytes are counted, repeats too. Memory is bounded: so many
connections are followed at a time, and the others are counted in the sum.

Source of the two rules for versions: session-manager-plugin, portsession.go; amazon-ssm-agent,
agent/session/plugins/port.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from mooring.recordings.entry import Entry, Event
from mooring.recordings.forward import Forward
from mooring.recordings.in_order import InOrder, Piece
from mooring.recordings.smux_follow import SmuxFollower, Step
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.handshake import HandshakeRequest, HandshakeResponse, is_newer
from mooring.wire.json_object import JsonObject, JsonValue, write_json
from mooring.wire.payloads import HANDSHAKE_TYPES, PayloadType, SessionFlag, parse_flag
from mooring.wire.smux import Command

__all__ = ["MAX_CONNECTIONS", "Ledger", "Peer"]

MAX_CONNECTIONS = 1024
"""Followed at a time."""

_AGENT_WITHOUT_MUX = "3.0.196.0"
_CLIENT_WITHOUT_MUX = "1.1.69.999999999"
_VERSION_LENGTH = 40
_ONLY = 1
"""The stream id of a session's only connection."""


class Peer(StrEnum):
    """Whose bytes they are."""

    CLIENT = "client"
    NODE = "node"


class _Mode(StrEnum):
    UNKNOWN = ""
    STREAM = "stream"
    BASIC = "basic"
    MUX = "mux"


@dataclass(slots=True, kw_only=True)
class _Connection:
    number: int
    stream: int
    sent: int = 0
    received: int = 0
    ended: str = ""
    is_told: bool = True
    is_least: bool = False

    def entry(self, event: Event, reason: str = "") -> Entry:
        return Entry(
            event=event,
            connection=self.number,
            stream=self.stream,
            ended=self.ended,
            sent=self.sent,
            received=self.received,
            reason=reason,
            is_least=self.is_least,
        )


class Ledger:
    """What is known of one session's connections; frames in, entries out."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._orders = {peer: InOrder() for peer in Peer}
        self._followers = {peer: SmuxFollower() for peer in Peer}
        self._mode = _Mode.UNKNOWN if forward.is_multiplexed else _Mode.STREAM
        self._open: dict[int, _Connection] = {}
        self._count = 0
        self._sums = dict.fromkeys(Peer, 0)
        self._versions = dict.fromkeys(Peer, "")
        self._is_lost = False
        self._is_over_full = False

    def passed(
        self, peer: Peer, sequence: int, kind: int, payload: bytes | memoryview, now_us: int
    ) -> list[Entry]:
        """Take a frame of numbered data from one side; return what is to be recorded of it."""
        order = self._orders[peer]
        was_lost = order.is_lost
        pieces = order.feed(sequence, kind, payload, now_us)
        entries: list[Entry] = []
        if order.is_lost and not was_lost:
            entries += self._lose(f"frames of the {peer} are missing; from here bytes are counted")
        return entries + self._take(peer, pieces)

    def next_sequence(self, peer: Peer) -> int:
        """Return the number of the first frame of a side that was not taken in its turn."""
        return self._orders[peer].next_sequence

    def _take(self, peer: Peer, pieces: Iterable[Piece]) -> list[Entry]:
        entries: list[Entry] = []
        for kind, payload in pieces:
            if kind == PayloadType.FLAG:
                entries += self._flag(peer, payload)
            elif kind in HANDSHAKE_TYPES:
                entries += self._handshake(peer, kind, payload)
            else:
                entries += self._data(peer, payload)
        return entries

    def _handshake(self, peer: Peer, kind: int, payload: bytes | memoryview) -> list[Entry]:
        with suppress(RemoteProtocolError):
            if (peer, kind) == (Peer.NODE, PayloadType.HANDSHAKE_REQUEST):
                self._versions[peer] = HandshakeRequest.parse(bytes(payload)).agent_version[
                    :_VERSION_LENGTH
                ]
            elif (peer, kind) == (Peer.CLIENT, PayloadType.HANDSHAKE_RESPONSE):
                self._versions[peer] = HandshakeResponse.parse(bytes(payload)).client_version[
                    :_VERSION_LENGTH
                ]
        is_complete = (peer, kind) == (Peer.NODE, PayloadType.HANDSHAKE_COMPLETE)
        if is_complete and self._mode is _Mode.STREAM and not self._count:
            return self._opened(Peer.CLIENT, _ONLY)
        return []

    def _settle(self) -> None:
        """Say how a forward keeps its connections apart, from the versions of both peers."""
        node, client = self._versions[Peer.NODE], self._versions[Peer.CLIENT]
        is_old = bool(node) and not is_newer(node, _AGENT_WITHOUT_MUX)
        is_old = is_old or (bool(client) and not is_newer(client, _CLIENT_WITHOUT_MUX))
        self._mode = _Mode.BASIC if is_old else _Mode.MUX

    def _flag(self, peer: Peer, payload: bytes | memoryview) -> list[Entry]:
        try:
            flag = parse_flag(bytes(payload))
        except RemoteProtocolError:
            return []
        if (peer, flag) == (Peer.NODE, SessionFlag.CONNECT_TO_PORT_ERROR):
            reason = f"the node could not connect to {self._forward.destination}"
            return [Entry(event=Event.REFUSED, reason=reason)]
        if flag == SessionFlag.DISCONNECT_TO_PORT and self._mode is _Mode.BASIC:
            only = self._open.pop(_ONLY, None)
            if only is not None:
                only.ended = peer
                return [only.entry(Event.CLOSED)]
        return []

    def _data(self, peer: Peer, payload: bytes | memoryview) -> list[Entry]:
        self._sums[peer] += len(payload)
        if self._is_lost:
            return []
        if self._mode is _Mode.UNKNOWN:
            self._settle()
        if self._mode is _Mode.MUX:
            return self._follow(peer, payload)
        entries = [] if _ONLY in self._open else self._opened(peer, _ONLY)
        self._add(peer, _ONLY, len(payload))
        return entries

    def _follow(self, peer: Peer, payload: bytes | memoryview) -> list[Entry]:
        try:
            steps = self._followers[peer].feed(payload)
        except RemoteProtocolError as exc:
            return self._lose(f"the {peer} broke the framing ({exc}); from here bytes are counted")
        entries: list[Entry] = []
        for step in steps:
            if step.command is Command.PSH:
                self._add(peer, step.stream_id, step.size)
            else:
                entries += self._stepped(peer, step)
        return entries

    def _stepped(self, peer: Peer, step: Step) -> list[Entry]:
        found = self._open.get(step.stream_id)
        if step.command is Command.SYN:
            return self._opened(peer, step.stream_id) if found is None else []
        if found is None or found.ended == peer:
            return []
        if not found.ended:
            found.ended = peer
            found.is_told = False
            return []
        del self._open[step.stream_id]
        return [found.entry(Event.CLOSED)]

    def _opened(self, peer: Peer, stream_id: int) -> list[Entry]:
        self._count += 1
        if len(self._open) >= MAX_CONNECTIONS:
            if self._is_over_full:
                return []
            self._is_over_full = True
            reason = f"more than {MAX_CONNECTIONS} connections: the others are counted in the sum"
            return [Entry(event=Event.UNFOLLOWED, reason=reason)]
        made = _Connection(number=self._count, stream=stream_id)
        self._open[stream_id] = made
        opened = Entry(event=Event.OPENED, connection=made.number, stream=stream_id, by=peer)
        return [opened]

    def _add(self, peer: Peer, stream_id: int, size: int) -> None:
        found = self._open.get(stream_id)
        if found is None:
            return  # ended, or one too many: in the sum only
        if peer is Peer.CLIENT:
            found.sent += size
        else:
            found.received += size
        found.is_told = False

    def _lose(self, reason: str) -> list[Entry]:
        """Tell connections apart no longer."""
        if self._is_lost:
            return []
        self._is_lost = True
        lost = self._close_all("not followed any more", is_least=True)
        return [Entry(event=Event.UNFOLLOWED, reason=reason), *lost]

    def _close_all(self, reason: str, *, is_least: bool) -> list[Entry]:
        entries = []
        for connection in self._open.values():
            connection.is_least = connection.is_least or is_least
            entries.append(connection.entry(Event.CLOSED, reason))
        self._open.clear()
        return entries

    def finish(self) -> list[Entry]:
        """Return the last entries: what is still open ends with the session."""
        entries: list[Entry] = []
        for peer, order in self._orders.items():
            if order.is_waiting:
                entries += self._lose(f"frames of the {peer} never came")
                entries += self._take(peer, order.lose())
        entries += self._close_all("with the session", is_least=False)
        sent, received = self._sums[Peer.CLIENT], self._sums[Peer.NODE]
        summary = Entry(event=Event.SUMMARY, connection=self._count, sent=sent, received=received)
        return [*entries, summary]

    @property
    def has_news(self) -> bool:
        """Whether bytes passed that no entry tells of."""
        return any(not connection.is_told for connection in self._open.values())

    def news(self, *, everything: bool = False) -> list[Entry]:
        """Return an entry for each open connection that carried something since its last one."""
        entries = []
        for connection in self._open.values():
            if everything or not connection.is_told:
                connection.is_told = True
                entries.append(connection.entry(Event.BYTES))
        return entries

    def state(self) -> str:
        """Return as JSON where every direction is, so that another process can go on."""
        body: dict[str, JsonValue] = {
            "mode": self._mode.value,
            "connections": self._count,
            "lost": self._is_lost,
        }
        for peer in Peer:
            order = self._orders[peer]
            body[peer.value] = {
                "next": order.next_sequence,
                "lost": order.is_lost,
                "bytes": self._sums[peer],
                "version": self._versions[peer],
                "smux": self._followers[peer].state(),
            }
        return write_json(body).decode()

    def restore(self, state: str, entries: Iterable[Entry]) -> None:
        """Take over what another process knew; ``entries`` are those of one file, in order.

        Raises:
            RemoteProtocolError: it is no such state.
        """
        body = JsonObject.parse(state.encode(), what="state of a record")
        for peer in Peer:
            side = body.child(peer.value)
            self._orders[peer] = InOrder(side.integer("next"), is_lost=side.is_true("lost"))
            self._followers[peer] = SmuxFollower.at(side.child("smux"))
            self._sums[peer] = side.integer("bytes")
            self._versions[peer] = side.text_or("version", "")
        try:
            self._mode = _Mode(body.text_or("mode", ""))
        except ValueError as exc:
            raise RemoteProtocolError("state of a record has no mode") from exc
        self._count = body.integer("connections")
        self._is_lost = body.is_true("lost")
        for entry in entries:
            self._restore_entry(entry)

    def _restore_entry(self, entry: Entry) -> None:
        if entry.event is Event.CLOSED:
            self._open.pop(entry.stream, None)
            return
        self._open[entry.stream] = _Connection(
            number=entry.connection,
            stream=entry.stream,
            sent=entry.sent,
            received=entry.received,
            ended=entry.ended,
            is_least=True,
        )
