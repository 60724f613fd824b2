"""One websocket connection on top of picows, for both ends.

This and ``websocket_protocol`` are the only files that know picows. It parses, masks and writes
frames in C but leaves out what we need around that: joining fragments within a bound, gathering
small frames into one write, flow control that loses nothing, and deadlines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from mooring.net.websocket import CloseCode, Listener, Statistics
from mooring.net.websocket_outbox import LARGE_FRAME, Outbox

__all__ = ["CLOSE_DEADLINE_S", "PING_PAYLOAD", "Link"]

MAX_GATHERED = 64 * 1024
"""So much is gathered at most before it is handed over, in bytes."""

CLOSE_DEADLINE_S = 5.0
"""How long a peer may take to answer a close frame and to read what was sent before it."""

PING_PAYLOAD = b"keepalive"
"""What the stock agent and plugin put into their pings; nobody needs another."""

BINARY = WSMsgType.BINARY
TEXT = WSMsgType.TEXT
CONTINUATION = WSMsgType.CONTINUATION
PING = WSMsgType.PING
PONG = WSMsgType.PONG
CLOSE = WSMsgType.CLOSE


class Link(WSListener):
    """Implements ``websocket.Peer``, and turns picows' frames into a listener's messages."""

    __slots__ = (
        "_deadline",
        "_fragments",
        "_fragments_are_text",
        "_gathered",
        "_is_scheduled",
        "_is_writable",
        "_listener",
        "_loop",
        "_max_message",
        "_outbox",
        "_owed_pong",
        "_reading",
        "_ws",
        "bytes_received",
        "is_broken",
        "is_closing",
        "last_seen",
        "reason",
    )

    def __init__(
        self,
        listener: Listener,
        outbox: Outbox,
        loop: asyncio.AbstractEventLoop,
        *,
        max_message: int,
    ) -> None:
        self._listener = listener
        self._outbox = outbox
        self._loop = loop
        self._max_message = max_message
        self._ws: WSTransport | None = None
        self._fragments: bytearray | None = None
        self._fragments_are_text = False
        self._gathered = 0
        self._is_scheduled = False
        self._is_writable = True
        self._owed_pong: bytes | None = None
        self._reading = True
        self._deadline: asyncio.TimerHandle | None = None
        self.is_broken = False
        self.is_closing = False
        self.bytes_received = 0
        self.last_seen = loop.time()
        self.reason = ""

    # What picows calls.

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Drop the handshake's headers (2 KiB for each idle node), then tell the listener."""
        self._ws = transport
        transport.request.headers.clear()
        transport.response.headers.clear()
        self._listener.opened(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: ARG002
        """Sort one frame; the first branch is the hot path of every relayed byte."""
        kind = frame.msg_type
        if kind == BINARY and frame.fin and self._fragments is None and not self.is_closing:
            if frame.rsv1 or frame.rsv2 or frame.rsv3:
                self.close(CloseCode.PROTOCOL_ERROR, "reserved bits without an extension")
            else:
                self._listener.binary(frame.get_payload_as_memoryview(), frame.last_in_buffer == 1)
        elif kind == CLOSE:
            self._peer_closed(frame)
        elif not self.is_closing:
            self._other_frame(frame, kind)

    def _other_frame(self, frame: WSFrame, kind: WSMsgType) -> None:
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self.close(CloseCode.PROTOCOL_ERROR, "reserved bits without an extension")
        elif kind == PING:
            self._pong(frame.get_payload_as_bytes())
            self._listener.pinged()
        elif kind == PONG:
            self._listener.ponged()
        elif (kind == CONTINUATION) == (self._fragments is None):
            self.close(CloseCode.PROTOCOL_ERROR, "continuation out of place")
        elif frame.fin and kind == TEXT:
            self._text(frame.get_payload_as_bytes())
        else:
            self._fragment(frame, kind)

    def _fragment(self, frame: WSFrame, kind: WSMsgType) -> None:
        if self._fragments is None:
            self._fragments = bytearray()
            self._fragments_are_text = kind == TEXT
        fragments = self._fragments
        if len(fragments) + frame.payload_size > self._max_message:
            self._fragments = None
            self.close(CloseCode.TOO_BIG, f"expected at most {self._max_message} bytes")
            return
        fragments += frame.get_payload_as_memoryview()
        if not frame.fin:
            return
        self._fragments = None
        if self._fragments_are_text:
            self._text(bytes(fragments))
        else:
            self._listener.binary(bytes(fragments), frame.last_in_buffer == 1)

    def _text(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.close(CloseCode.INVALID_TEXT, "text is not valid utf-8")
        else:
            self._listener.text(text)

    def _pong(self, payload: bytes) -> None:
        # A peer that pings and never reads must not fill our memory with answers. One answer,
        # to the last ping, satisfies RFC 6455 section 5.5.3.
        if self._is_writable and self._ws is not None:
            self._ws.send_pong(payload)
        else:
            self._owed_pong = payload

    def _peer_closed(self, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        self.reason = self.reason or payload[2:].decode(errors="replace")
        if self._ws is not None:
            code = int.from_bytes(payload[:2]) if len(payload) >= 2 else CloseCode.NORMAL
            self._ws.send_close(code)  # type: ignore[arg-type]  # a C enum: takes any int
            self._ws.disconnect()
        self.expire()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Let go of everything, and tell the listener."""
        self.is_closing = True
        self._fragments = None
        self._outbox.frames.clear()
        if self._deadline is not None:
            self._deadline.cancel()
        self._listener.closed(close_code(transport))

    def pause_writing(self) -> None:
        """Hear from the transport that its buffer is full."""
        self._is_writable = False
        self._listener.writable(False)  # noqa: FBT003

    def resume_writing(self) -> None:
        """Hear from the transport that there is room again."""
        self._is_writable = True
        if self._owed_pong is not None and self._ws is not None:
            self._ws.send_pong(self._owed_pong)
            self._owed_pong = None
            self.flush()
        self._listener.writable(True)  # noqa: FBT003

    # What the listener calls.

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """See ``Peer.send``."""
        if self.is_closing or self._ws is None:
            return
        self._ws.send(BINARY, data)
        self._gathered += len(data)
        if self._gathered >= MAX_GATHERED or len(data) >= LARGE_FRAME:
            self.flush()
        elif not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._flush_turn)

    def send_now(self, messages: Sequence[bytes]) -> None:
        """Send binary messages and hand them over, after all that was gathered before."""
        if self.is_closing or self._ws is None:
            return
        for data in messages:
            self._ws.send(BINARY, data)
        self.flush()

    def flush(self) -> None:
        """See ``Peer.flush``."""
        self._gathered = 0
        self._outbox.flush()

    def _flush_turn(self) -> None:
        self._is_scheduled = False
        self.flush()

    def send_text(self, data: str) -> None:
        """See ``Peer.send_text``."""
        if self._ws is not None and not self.is_closing:
            self._ws.send(TEXT, data)
            self.flush()

    def ping(self) -> None:
        """See ``Peer.ping``."""
        if self._ws is not None and not self.is_closing and self._is_writable:
            self._ws.send_ping(PING_PAYLOAD)
            self.flush()

    def pause_reading(self) -> None:
        """See ``Peer.pause_reading``."""
        if self._reading and not self._outbox.transport.is_closing():
            self._reading = False
            self._outbox.transport.pause_reading()

    def resume_reading(self) -> None:
        """See ``Peer.resume_reading``."""
        if not self._reading and not self._outbox.transport.is_closing():
            self._reading = True
            self.last_seen = self._loop.time()
            self._outbox.transport.resume_reading()

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """See ``Peer.close``."""
        if self._ws is None or self.is_closing:
            return
        self.is_closing = True
        self.reason = reason
        self._ws.send_close(code, clip(reason))  # type: ignore[arg-type]  # a C enum
        self.flush()
        self.resume_reading()
        self.expire()

    def abort(self) -> None:
        """See ``Peer.abort``."""
        self.is_closing = True
        self._outbox.abort()

    def statistics(self) -> Statistics:
        """See ``Peer.statistics``."""
        waiting = sum(map(len, self._outbox.frames))
        return Statistics(
            bytes_received=self.bytes_received,
            bytes_sent=self._outbox.bytes_sent,
            buffered=waiting + self._outbox.transport.get_write_buffer_size(),
            reading=self._reading,
        )

    def expire(self) -> None:
        """Give the peer ``CLOSE_DEADLINE_S`` to go."""
        self.is_closing = True
        if self._deadline is None:
            self._deadline = self._loop.call_later(CLOSE_DEADLINE_S, self._outbox.abort)


def close_code(transport: WSTransport) -> int:
    """Tell how it ended: the code of whoever closed first."""
    handshake = transport.close_handshake
    if handshake is None:
        return CloseCode.ABNORMAL
    first = handshake.recv if handshake.recv_then_sent else handshake.sent or handshake.recv
    if first is None:
        return CloseCode.NO_STATUS
    code: int = first.code  # type: ignore[assignment]  # a C enum: any int
    return int(code) or CloseCode.NO_STATUS


def clip(reason: str) -> bytes:
    """Fit a reason into a control frame: 125 bytes less two for the code, whole characters."""
    return reason.encode()[:123].decode(errors="ignore").encode()
