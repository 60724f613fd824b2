"""One control channel's socket: a node's standing line, idle but for pings and orders."""

from __future__ import annotations

from typing import Protocol

from mooring.gateway.early import EarlyFrames
from mooring.net.websocket import CloseCode, Peer
from mooring.operations.channels import ControlOpened
from mooring.wire.agent_message import AgentMessage, DigestRule, peek
from mooring.wire.control_channel import TaskComplete
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.open_message import OpenMessage
from mooring.wire.payloads import MessageType

__all__ = ["ControlDoor", "ControlListener"]

_MAX_PAYLOAD = 256 * 1024
_TASK_COMPLETE = MessageType.AGENT_TASK_COMPLETE.encode()


class ControlDoor(Protocol):
    """Where a control channel's token is looked at, and its reports go."""

    def redeem_control(self, listener: ControlListener, message: OpenMessage) -> None:
        """Look at the token, then call ``admit`` or ``refuse``."""

    def task_complete(
        self, listener: ControlListener, report: TaskComplete, message: AgentMessage
    ) -> None:
        """A node reports the end of a session."""

    def gone(self, listener: ControlListener) -> None:
        """The socket is closed."""


class ControlListener:
    """A socket on ``/v1/control-channel/<node>``."""

    def __init__(self, node_id: str, address: str, door: ControlDoor) -> None:
        self.node_id = node_id
        self.address = address
        self.peer: Peer | None = None
        self.node: ControlOpened | None = None
        self._door = door
        self.is_gone = False
        self._has_spoken = False
        self._early = EarlyFrames()

    @property
    def is_admitted(self) -> bool:
        """Whether the token was good."""
        return self.node is not None

    def opened(self, peer: Peer) -> None:
        """Wait for the token."""
        self.peer = peer

    def text(self, data: str) -> None:
        """Take the token."""
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
        self._door.redeem_control(self, message)

    def admit(self, node: ControlOpened) -> None:
        """The line is open."""
        self.node = node
        self.resume()
        for frame in self._early.take():
            self.binary(frame, last_in_buffer=True)

    def refuse(self, reason: str) -> None:
        """Close a channel that the token does not open."""
        self._here().close(CloseCode.POLICY_VIOLATION, reason)

    def pause(self) -> None:
        """Read no more reports for the moment."""
        self._here().pause_reading()

    def resume(self) -> None:
        """Read on."""
        self._here().resume_reading()

    def order(self, frame: bytes) -> None:
        """Write an order to the node."""
        peer = self._here()
        peer.send(frame)
        peer.flush()

    def binary(self, data: memoryview | bytes, last_in_buffer: bool) -> None:  # noqa: ARG002, FBT001
        """Take a report; what is not for us is passed over, as AWS does."""
        if self.node is None:
            if not self._has_spoken or not self._early.add(data):
                self._here().close(CloseCode.POLICY_VIOLATION, "a frame before the token")
            return
        try:
            if peek(data).message_type != _TASK_COMPLETE:
                return
            message = AgentMessage.parse(
                bytes(data), max_payload=_MAX_PAYLOAD, digest_rule=DigestRule.IGNORED
            )
            report = TaskComplete.parse(message.payload)
        except RemoteProtocolError as exc:
            self._here().close(CloseCode.PROTOCOL_ERROR, str(exc)[:100])
            return
        self._door.task_complete(self, report, message)

    def pinged(self) -> None:
        """Answered below."""

    def ponged(self) -> None:
        """Counted below, as a sign of life."""

    def writable(self, is_writable: bool) -> None:  # noqa: FBT001
        """Drop a line whose node does not read its orders."""
        if not is_writable:
            self._here().abort()

    def close(self, code: int, reason: str) -> None:
        """Close the line from our side."""
        self._here().close(code, reason)

    def closed(self, _code: int) -> None:
        """The line is gone."""
        self.is_gone = True
        self._door.gone(self)

    def _here(self) -> Peer:
        if self.peer is None:
            raise RuntimeError("a callback came before `opened`")
        return self.peer
