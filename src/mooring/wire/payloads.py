"""What the frames of a data channel carry: types, and the JSON bodies as values.

The bodies of the control channel are in ``session_order`` and ``control_channel``.

===================  =================  ================================================
type                 from -> to         payload
===================  =================  ================================================
input_stream_data    client -> agent    by PayloadType, numbered
output_stream_data   agent -> client    by PayloadType, numbered
acknowledge          both               ``Acknowledge``
channel_closed       server -> both     ``ChannelClosed``
start_publication    server -> both     content means nothing; go on
pause_publication    server -> both     content means nothing; hold output back
agent_session_state  agent -> server    ``AgentSessionState``
mooring_client       server -> agent    ``ClientKnown``; ours, never sent to a stock agent
===================  =================  ================================================

``Output`` and ``ExitCode`` of a session state and ``ExitCode`` of a closed channel are our own
keys; stock peers skip keys they do not know.

Source: amazon-ssm-agent, agent/session/contracts; session-manager-plugin, src/message.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, JsonValue, write_json

__all__ = [
    "BYTE_STREAMS",
    "HANDSHAKE_TYPES",
    "OUR_CLIENTS",
    "Acknowledge",
    "AgentSessionState",
    "ChannelClosed",
    "ClientKnown",
    "MessageType",
    "PayloadType",
    "SessionFlag",
    "SessionState",
    "TerminalSize",
    "parse_exit_code",
    "parse_flag",
    "serialize_exit_code",
    "serialize_flag",
]

OUR_CLIENTS = "mooring-"
"""How the ids of our own clients begin; a stock client's is a bare UUID."""

_SCHEMA_VERSION = 1
_FLAG = struct.Struct("!I")
_U32 = 2**32 - 1
_LARGEST_TERMINAL = 2**16 - 1
_LARGEST_EXIT_CODE = 2**31 - 1
_EXIT_CODE = re.compile(rb"EXIT_CODE: ?(-?[0-9]{1,10})\s*")


class MessageType(StrEnum):
    """The types of frame on both channels that we send or understand."""

    INPUT_STREAM_DATA = "input_stream_data"
    OUTPUT_STREAM_DATA = "output_stream_data"
    ACKNOWLEDGE = "acknowledge"
    CHANNEL_CLOSED = "channel_closed"
    START_PUBLICATION = "start_publication"
    PAUSE_PUBLICATION = "pause_publication"
    AGENT_SESSION_STATE = "agent_session_state"
    MOORING_CLIENT = "mooring_client"
    INTERACTIVE_SHELL = "interactive_shell"
    AGENT_TASK_COMPLETE = "agent_task_complete"
    AGENT_TASK_ACKNOWLEDGE = "agent_task_acknowledge"


class PayloadType(IntEnum):
    """What a frame of numbered data carries."""

    OUTPUT = 1
    ERROR = 2
    SIZE = 3
    PARAMETER = 4
    HANDSHAKE_REQUEST = 5
    HANDSHAKE_RESPONSE = 6
    HANDSHAKE_COMPLETE = 7
    ENC_CHALLENGE_REQUEST = 8
    ENC_CHALLENGE_RESPONSE = 9
    FLAG = 10
    STDERR = 11
    EXIT_CODE = 12


BYTE_STREAMS = frozenset({PayloadType.OUTPUT, PayloadType.ERROR, PayloadType.STDERR})
"""Types whose payload may be cut anywhere."""

HANDSHAKE_TYPES = frozenset(range(PayloadType.HANDSHAKE_REQUEST, PayloadType.FLAG))
"""Types that are understood before there is anything for the data to go to."""


class SessionFlag(IntEnum):
    """The number in a payload of type FLAG."""

    DISCONNECT_TO_PORT = 1
    TERMINATE_SESSION = 2
    CONNECT_TO_PORT_ERROR = 3


class SessionState(StrEnum):
    """What an agent says of its side of a session."""

    CONNECTED = "Connected"
    TERMINATING = "Terminating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """One frame of numbered data has arrived.

    ``message_id`` is for people who read captures; only type and number decide. With
    ``cumulative`` (between our own ends) every frame up to the number has arrived.
    """

    message_type: str
    message_id: str
    sequence_number: int
    cumulative: bool = False

    @classmethod
    def parse(cls, payload: bytes) -> Acknowledge:
        """Read the body; clients differ in all but type and number."""
        body = JsonObject.parse(payload, what="acknowledge")
        return cls(
            message_type=body.text("AcknowledgedMessageType"),
            message_id=body.text_or("AcknowledgedMessageId", ""),
            sequence_number=body.integer("AcknowledgedMessageSequenceNumber"),
            cumulative=body.is_true("Cumulative"),
        )

    def serialize(self) -> bytes:
        """Write the body, in the order of the stock peers."""
        body: dict[str, JsonValue] = {
            "AcknowledgedMessageType": self.message_type,
            "AcknowledgedMessageId": self.message_id,
            "AcknowledgedMessageSequenceNumber": self.sequence_number,
            "IsSequentialMessage": True,
        }
        return write_json(body | {"Cumulative": True} if self.cumulative else body)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSize:
    """How large the client's terminal is, in characters."""

    columns: int
    rows: int

    @classmethod
    def parse(cls, payload: bytes) -> TerminalSize:
        """Read the body. A number beyond what a terminal can be told is cut to that."""
        body = JsonObject.parse(payload, what="size")
        return cls(
            columns=min(body.integer("cols", most=_U32), _LARGEST_TERMINAL),
            rows=min(body.integer("rows", most=_U32), _LARGEST_TERMINAL),
        )

    def serialize(self) -> bytes:
        """Write the body."""
        return write_json({"cols": self.columns, "rows": self.rows})


def parse_flag(payload: bytes) -> SessionFlag:
    """Read a payload of type FLAG.

    Raises:
        RemoteProtocolError: it is not four bytes, or a number without a meaning.
    """
    if len(payload) != _FLAG.size:
        raise RemoteProtocolError(f"flag of {len(payload)} bytes, expected {_FLAG.size}")
    (number,) = _FLAG.unpack(payload)
    try:
        return SessionFlag(number)
    except ValueError as exc:
        raise RemoteProtocolError(f"flag {number} has no meaning") from exc


def serialize_flag(flag: SessionFlag) -> bytes:
    """Write a payload of type FLAG."""
    return _FLAG.pack(flag)


def parse_exit_code(payload: bytes) -> int:
    """Read a payload of type EXIT_CODE; a command that died of a signal has a negative one.

    Raises:
        RemoteProtocolError: it is not the text that agents write.
    """
    match = _EXIT_CODE.fullmatch(payload)
    if match is None:
        raise RemoteProtocolError("exit code is not `EXIT_CODE: <number>`")
    return int(match[1])


def serialize_exit_code(code: int) -> bytes:
    """Write a payload of type EXIT_CODE."""
    return f"EXIT_CODE: {code}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelClosed:
    """The session is over; ``output`` is what the person is told, empty for a plain end.

    ``created_date`` is text as its writer formats it; nobody reads it.
    """

    message_id: str = ""
    created_date: str = ""
    destination_id: str = ""
    session_id: str
    output: str = ""
    exit_code: int | None = None

    @classmethod
    def parse(cls, payload: bytes) -> ChannelClosed:
        """Read the body."""
        body = JsonObject.parse(payload, what="channel_closed")
        return cls(
            message_id=body.text_or("MessageId", ""),
            created_date=body.text_or("CreatedDate", ""),
            destination_id=body.text_or("DestinationId", ""),
            session_id=body.text_or("SessionId", ""),
            output=body.text_or("Output", ""),
            exit_code=body.integer_or_none("ExitCode", most=_LARGEST_EXIT_CODE),
        )

    def serialize(self) -> bytes:
        """Write the body."""
        body: dict[str, JsonValue] = {
            "MessageType": MessageType.CHANNEL_CLOSED,
            "MessageId": self.message_id,
            "CreatedDate": self.created_date,
            "DestinationId": self.destination_id,
            "SessionId": self.session_id,
            "SchemaVersion": _SCHEMA_VERSION,
            "Output": self.output,
        }
        return write_json(_with_exit_code(body, self.exit_code))


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSessionState:
    """What an agent tells the server; ``output`` and ``exit_code`` only our own agent knows."""

    session_id: str
    state: SessionState
    output: str = ""
    exit_code: int | None = None

    @classmethod
    def parse(cls, payload: bytes) -> AgentSessionState:
        """Read the body."""
        body = JsonObject.parse(payload, what="agent_session_state")
        name = body.text("SessionState")
        try:
            state = SessionState(name)
        except ValueError as exc:
            raise RemoteProtocolError(f"session state `{name}` has no meaning") from exc
        return cls(
            session_id=body.text("SessionId"),
            state=state,
            output=body.text_or("Output", ""),
            exit_code=body.integer_or_none("ExitCode", most=_LARGEST_EXIT_CODE),
        )

    def serialize(self) -> bytes:
        """Write the body; without our own keys where there is nothing to say in them."""
        body: dict[str, JsonValue] = {
            "SchemaVersion": _SCHEMA_VERSION,
            "SessionState": self.state,
            "SessionId": self.session_id,
        }
        if self.output:
            body["Output"] = self.output
        return write_json(_with_exit_code(body, self.exit_code))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKnown:
    """What a gateway saw of the client and our agent cannot: the client's first message.

    ``client_version`` is empty for clients that name none; ``resumed`` says that the same
    client has come back, whose numbering goes on.
    """

    client_version: str
    client_id: str
    resumed: bool

    @property
    def is_ours(self) -> bool:
        """Whether the client knows cumulative acknowledgements; its id says so."""
        return self.client_id.startswith(OUR_CLIENTS)

    @classmethod
    def parse(cls, payload: bytes) -> ClientKnown:
        """Read the body."""
        body = JsonObject.parse(payload, what="mooring_client")
        return cls(
            client_version=body.text_or("ClientVersion", ""),
            client_id=body.text_or("ClientId", ""),
            resumed=body.is_true("Resumed"),
        )

    def serialize(self) -> bytes:
        """Write the body."""
        return write_json(
            {
                "ClientVersion": self.client_version,
                "ClientId": self.client_id,
                "Resumed": self.resumed,
            }
        )


def _with_exit_code(body: dict[str, JsonValue], exit_code: int | None) -> dict[str, JsonValue]:
    return body if exit_code is None else body | {"ExitCode": exit_code}
