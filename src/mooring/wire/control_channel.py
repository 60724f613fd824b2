"""The control channel: a node's standing line, on which sessions are ordered and reported.

=======================  ==============  ===================================================
type                     from -> to      payload
=======================  ==============  ===================================================
interactive_shell        server -> node  ``SessionOrder``; never acknowledged
channel_closed           server -> node  ``ChannelClosed``: end this session
agent_task_complete      node -> server  ``TaskComplete``: a session has ended
agent_task_acknowledge   server -> node  ``TaskAcknowledge``; without it, three sends, 1 s apart
=======================  ==============  ===================================================

Frames here are not numbered, and carry no flags. Types without a meaning for us are dropped and
counted. The functions at the end make the server's frames.

Source: amazon-ssm-agent, agent/session/controlchannel and agent/session/contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from mooring.wire.agent_message import AgentMessage, DigestRule
from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.json_object import JsonObject, write_json
from mooring.wire.payloads import ChannelClosed, ClientKnown, MessageType
from mooring.wire.session_order import SessionOrder
from mooring.wire.stamp import OUTSIDE_NUMBERING, Stamp

__all__ = [
    "ControlChannel",
    "ControlEvent",
    "ControlLimits",
    "OrderRefused",
    "SessionEnded",
    "SessionOrdered",
    "TaskAcknowledge",
    "TaskComplete",
    "TaskReported",
    "TaskStatus",
    "channel_closed_frame",
    "client_known_frame",
    "interactive_shell_frame",
    "publication_frame",
    "task_acknowledge_frame",
]

_SCHEMA_VERSION = 1


class TaskStatus(StrEnum):
    """How a session ended, in the words of the stock agent."""

    SUCCESS = "Success"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    TIMED_OUT = "TimedOut"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskComplete:
    """A session has ended on the node; ``output`` is what its person should be told."""

    task_id: str
    status: TaskStatus
    instance_id: str
    output: str = ""
    retry_number: int = 1

    @classmethod
    def parse(cls, payload: bytes) -> TaskComplete:
        """Read the body."""
        body = JsonObject.parse(payload, what="agent_task_complete")
        name = body.text("FinalTaskStatus")
        try:
            status = TaskStatus(name)
        except ValueError as exc:
            raise RemoteProtocolError(f"task status `{name}` has no meaning") from exc
        return cls(
            task_id=body.text("TaskId"),
            status=status,
            instance_id=body.text_or("InstanceId", ""),
            output=body.text_or("Output", ""),
            retry_number=body.integer_or_none("RetryNumber") or 1,
        )

    def serialize(self) -> bytes:
        """Write the body, with the keys of the stock agent."""
        return write_json(
            {
                "SchemaVersion": _SCHEMA_VERSION,
                "TaskId": self.task_id,
                "Topic": MessageType.AGENT_TASK_COMPLETE,
                "FinalTaskStatus": self.status,
                "IsRoutingFailure": False,
                "AwsAccountId": "",
                "InstanceId": self.instance_id,
                "Output": self.output,
                "S3Bucket": "",
                "S3UrlSuffix": "",
                "CwlGroup": "",
                "CwlStream": "",
                "RetryNumber": self.retry_number,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAcknowledge:
    """The server has taken note that a session ended."""

    message_id: str
    task_id: str

    @classmethod
    def parse(cls, payload: bytes) -> TaskAcknowledge:
        """Read the body."""
        body = JsonObject.parse(payload, what="agent_task_acknowledge")
        return cls(message_id=body.text_or("MessageId", ""), task_id=body.text("TaskId"))

    def serialize(self) -> bytes:
        """Write the body."""
        return write_json(
            {
                "SchemaVersion": _SCHEMA_VERSION,
                "MessageId": self.message_id,
                "TaskId": self.task_id,
                "Topic": MessageType.AGENT_TASK_COMPLETE,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOrdered:
    """Start this session."""

    order: SessionOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """End this session."""

    session_id: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefused:
    """The server sent what cannot be carried out; nobody but the log can be told."""

    message_type: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReported:
    """The report of a session's end is off the list, acknowledged or given up."""

    task_id: str
    acknowledged: bool


ControlEvent: TypeAlias = SessionOrdered | SessionEnded | OrderRefused | TaskReported


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLimits:
    """Bounds of the channel; sizes in bytes, times in seconds."""

    max_payload: int = 1024 * 1024
    report_every_s: float = 1.0
    report_times: int = 3
    max_reports: int = 1000


@dataclass(slots=True)
class _Report:
    task: TaskComplete
    due_at: float


class ControlChannel:
    """The node's end, over any number of connections; owned by one task."""

    def __init__(
        self, *, new_id: Callable[[], UUID], wall_offset: float, limits: ControlLimits
    ) -> None:
        """Make the end; ``wall_offset`` is the epoch's seconds minus the loop clock's."""
        self.closed = False
        self.dropped = 0
        self._limits = limits
        self._stamp = Stamp(new_id, wall_offset)
        self._connected = True
        self._reports: dict[str, _Report] = {}
        self._events: list[ControlEvent] = []
        self._writes: list[bytes] = []
        self._reactions: dict[str, Callable[[bytes], ControlEvent | None]] = {
            MessageType.INTERACTIVE_SHELL: self._on_order,
            MessageType.CHANNEL_CLOSED: self._on_closed,
            MessageType.AGENT_TASK_ACKNOWLEDGE: self._on_acknowledge,
        }

    def task_complete(self, task: TaskComplete, now: float) -> None:
        """Report a session's end until the server acknowledges it or the tries are used up.

        Without a connection the report waits for the next one.

        Raises:
            LocalProtocolError: more reports wait than a node can have sessions.
        """
        if len(self._reports) >= self._limits.max_reports:
            raise LocalProtocolError(f"more than {self._limits.max_reports} reports wait")
        self._reports[task.task_id] = _Report(replace(task, retry_number=1), now)
        self.tick(now)

    def disconnected(self) -> None:
        """Note that the connection is gone: reports wait for another."""
        self._connected = False
        self._writes.clear()

    def reconnected(self, now: float) -> None:
        """Go on over a new connection, with all tries for the reports that wait."""
        self._connected = True
        self._writes.clear()
        for report in self._reports.values():
            report.task = replace(report.task, retry_number=1)
            report.due_at = now
        self.tick(now)

    def receive(self, data: bytes, now: float) -> None:
        """Take one frame; what has no meaning is dropped, for a node must outlive its server."""
        del now
        try:
            message = AgentMessage.parse(
                data, max_payload=self._limits.max_payload, digest_rule=DigestRule.IGNORED
            )
        except RemoteProtocolError:
            self.dropped += 1
            return
        reaction = self._reactions.get(message.message_type)
        if reaction is None:
            self.dropped += 1
            return
        try:
            event = reaction(message.payload)
        except RemoteProtocolError as exc:
            event = OrderRefused(message_type=message.message_type, reason=str(exc))
        if event is not None:
            self._events.append(event)

    def tick(self, now: float) -> None:
        """Send the reports that are due, and give up those that were sent often enough."""
        if not self._connected:
            return
        for task_id, report in list(self._reports.items()):
            if report.due_at > now:
                continue
            if report.task.retry_number > self._limits.report_times:
                del self._reports[task_id]
                self._events.append(TaskReported(task_id=task_id, acknowledged=False))
                continue
            message = self._stamp.unnumbered(
                MessageType.AGENT_TASK_COMPLETE, report.task.serialize(), now
            )
            self._writes.append(message.serialize())
            report.task = replace(report.task, retry_number=report.task.retry_number + 1)
            report.due_at = now + self._limits.report_every_s

    def deadline(self) -> float | None:
        """When ``tick`` is next due; None while there is no connection or nothing to report."""
        if not self._connected:
            return None
        return min((report.due_at for report in self._reports.values()), default=None)

    def events(self) -> Sequence[ControlEvent]:
        """Take the events since the last call."""
        taken, self._events = self._events, []
        return taken

    def writes(self) -> Sequence[bytes]:
        """Take the frames to send since the last call."""
        taken, self._writes = self._writes, []
        return taken

    def _on_order(self, payload: bytes) -> SessionOrdered:
        return SessionOrdered(order=SessionOrder.parse(payload))

    def _on_closed(self, payload: bytes) -> SessionEnded:
        body = ChannelClosed.parse(payload)
        return SessionEnded(session_id=body.session_id, output=body.output)

    def _on_acknowledge(self, payload: bytes) -> TaskReported | None:
        task_id = TaskAcknowledge.parse(payload).task_id
        if self._reports.pop(task_id, None) is None:
            return None
        return TaskReported(task_id=task_id, acknowledged=True)


def interactive_shell_frame(order: SessionOrder, *, stamp: Stamp, now: float) -> bytes:
    """Make the frame that starts a session on a node."""
    message = stamp.unnumbered(MessageType.INTERACTIVE_SHELL, order.serialize(), now)
    return message.serialize()


def channel_closed_frame(body: ChannelClosed, *, stamp: Stamp, now: float) -> bytes:
    """Make the frame that ends a session, on either channel; id and date are filled in."""
    date = stamp.date(now)
    message_id = stamp.new_id()
    filled = replace(body, message_id=str(message_id), created_date=str(date))
    return AgentMessage(
        message_type=MessageType.CHANNEL_CLOSED,
        payload=filled.serialize(),
        message_id=message_id,
        created_date=date,
    ).serialize()


def task_acknowledge_frame(body: TaskAcknowledge, *, stamp: Stamp, now: float) -> bytes:
    """Make the frame that stops a node from reporting a session's end again."""
    message = stamp.unnumbered(MessageType.AGENT_TASK_ACKNOWLEDGE, body.serialize(), now)
    return message.serialize()


def client_known_frame(body: ClientKnown, *, stamp: Stamp, now: float) -> bytes:
    """Make the frame that tells our own agent, on the data channel, who its client is."""
    message = stamp.unnumbered(MessageType.MOORING_CLIENT, body.serialize(), now)
    return message.serialize()


def publication_frame(*, paused: bool, stamp: Stamp, now: float) -> bytes:
    """Make the frame that holds an agent's output back, or lets it go on."""
    kind = MessageType.PAUSE_PUBLICATION if paused else MessageType.START_PUBLICATION
    return stamp.unnumbered(kind, b"{}", now, flags=OUTSIDE_NUMBERING).serialize()
