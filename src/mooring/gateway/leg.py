"""One data channel's socket: a first text frame with a token, then frames for the relay."""

from __future__ import annotations

from typing import Protocol

from mooring.gateway.early import EarlyFrames
from mooring.gateway.relay import Leg, Relay, Side
from mooring.net.websocket import CloseCode, Peer
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.open_message import OpenMessage

__all__ = ["DataDoor", "DataListener"]


class DataDoor(Protocol):
    """Where a data channel's token is looked at."""

    def redeem_data(self, listener: DataListener, message: OpenMessage) -> None:
        """Look at the token, then call ``admit`` or ``refuse``."""

    def gone(self, listener: DataListener) -> None:
        """The socket is closed."""


class DataListener:
    """A socket on ``/v1/data-channel/<session>``."""

    def __init__(self, session_id: str, address: str, door: DataDoor) -> None:
        self.session_id = session_id
        self.address = address
        self.peer: Peer | None = None
        self.is_admitted = False
        self._door = door
        self._side: Side | None = None
        self._leg: Leg | None = None
        self._relay: Relay | None = None
        self._has_spoken = False
        self._early = EarlyFrames()

    def opened(self, peer: Peer) -> None:
        """Wait for the token."""
        self.peer = peer

    def text(self, data: str) -> None:
        """Take the token; there is one text frame in a channel's life."""
        peer = self._here()
        if self._has_spoken:
            peer.close(CloseCode.PROTOCOL_ERROR, "a second text message")
            return
        self._has_spoken = True
        try:
            message = OpenMessage.parse(data)
        except RemoteProtocolError:
            peer.close(CloseCode.POLICY_VIOLATION, "no token")
            return
        peer.pause_reading()
        self._door.redeem_data(self, message)

    def admit(self, relay: Relay, side: Side, leg: Leg) -> None:
        """Join the session."""
        self.is_admitted = True
        self._relay, self._side, self._leg = relay, side, leg
        peer = self._here()
        peer.resume_reading()
        relay.attach(side, leg)
        for frame in self._early.take():
            self.binary(frame, last_in_buffer=True)

    def refuse(self, reason: str) -> None:
        """Close a channel that the token does not open."""
        peer = self._here()
        peer.resume_reading()
        peer.close(CloseCode.POLICY_VIOLATION, reason)

    def end(self, last: bytes) -> None:
        """Tell a client that came too late how its session ended, and close."""
        peer = self._here()
        peer.resume_reading()
        peer.send(last)
        peer.flush()
        peer.close(CloseCode.NORMAL, "")

    def binary(self, data: memoryview | bytes, last_in_buffer: bool) -> None:  # noqa: FBT001
        """Hand a frame to the relay; a harmful one ends this channel, not the session."""
        relay, side = self._relay, self._side
        if relay is None or side is None:
            if not self._has_spoken or not self._early.add(data):
                self._here().close(CloseCode.POLICY_VIOLATION, "a frame before the token")
            return
        if relay.legs.get(side) is not self._leg:
            return  # a newer connection speaks for this side
        try:
            relay.frame(side, data, last=last_in_buffer)
        except RemoteProtocolError as exc:
            self._here().close(CloseCode.PROTOCOL_ERROR, str(exc)[:100])

    def pinged(self) -> None:
        """Answered below."""

    def ponged(self) -> None:
        """Tell the relay how far this side has read."""
        if self._relay is not None and self._side is not None and self._is_current():
            self._relay.ponged(self._side)

    def writable(self, is_writable: bool) -> None:  # noqa: FBT001
        """Slow the other side down, or let it go on."""
        if self._relay is not None and self._side is not None and self._is_current():
            self._relay.writable(self._side, is_writable=is_writable)

    def closed(self, _code: int) -> None:
        """Leave the session, which goes on."""
        if self._relay is not None and self._side is not None and self._leg is not None:
            self._relay.detach(self._side, self._leg)
        self._door.gone(self)

    def close(self, code: int, reason: str) -> None:
        """Close the channel from our side."""
        self._here().close(code, reason)

    def _is_current(self) -> bool:
        """Whether no newer connection has taken this side."""
        relay, side = self._relay, self._side
        return relay is not None and side is not None and relay.legs.get(side) is self._leg

    def _here(self) -> Peer:
        if self.peer is None:
            raise RuntimeError("a callback came before `opened`")
        return self.peer
