"""What a client says and understands on a data channel: handshake, shell output, the end.

No I/O here: events of the channel come in, what to show and the end come out.

Stock agents begin a plain shell without a handshake; then their first output begins the session.
Our client refuses encryption, and the ports of agents so old that they know no mux, in words.

Source: session-manager-plugin, src/datachannel/streaming.go.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from mooring.cli.plugin.ending import Ending, How
from mooring.cli.printable import printable
from mooring.wire.channel_events import Closed, Event, Received
from mooring.wire.data_channel import DataChannel
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.handshake import (
    ActionStatus,
    ActionType,
    HandshakeComplete,
    HandshakeRequest,
    HandshakeState,
    ProcessedAction,
    Terms,
    answer,
    is_newer,
    next_state,
)
from mooring.wire.json_object import JsonValue
from mooring.wire.payloads import PayloadType, SessionFlag, parse_exit_code, parse_flag
from mooring.wire.session_order import SessionType

__all__ = ["CLIENT_VERSION", "Conversation", "Face"]

CLIENT_VERSION = "1.2.900.0"
"""Above every version gate of stock agents, and above the one under which the AWS CLI would pass
the token as an argument that others can read."""

_OURS = Terms(max_payload=64 * 1024, window_bytes=128 * 1024)
_OURS_FOR_PORTS = Terms(max_payload=64 * 1024, window_bytes=1024 * 1024)
_PORT_PAYLOAD = 32 * 1024
"""What stock agents take in a port session; a shell's keys are never so many."""
_MUX_SINCE = "3.0.196.0"
_NO_PORTS = "the node's agent is too old to forward ports to this plugin; update the agent"
_NO_ENCRYPTION = "this plugin cannot encrypt sessions with KMS yet; use AWS's plugin for it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What a conversation needs of its owner."""

    show: Callable[[bytes], None]
    """Show the node's output."""
    say: Callable[[str], None]
    """Show a line of our own."""
    begin: Callable[[SessionType, Mapping[str, JsonValue]], None]
    """The node is there: take keys, or connections; properties come with ports alone."""


class Conversation:
    """One session as its client sees it; it lives as long as its channel."""

    def __init__(self, channel: DataChannel, face: Face) -> None:
        self._channel = channel
        self._face = face
        self._state = HandshakeState.WAITING_FOR_REQUEST
        self._session_type = SessionType.STANDARD_STREAM
        self._properties: Mapping[str, JsonValue] = {}
        self._exit_code: int | None = None
        self.ending: Ending | None = None
        """Set at the end; ``farewell`` says that the agent should hear it first."""
        self.farewell = False

    def react(self, event: Event, now: float) -> None:
        """Take one event of the channel."""
        if self.ending is not None:
            return
        if isinstance(event, Closed):
            code = self._exit_code if event.exit_code is None else event.exit_code
            self.ending = Ending(how=How.CLOSED, text=event.output, exit_code=code)
        elif isinstance(event, Received):
            # What makes no sense is dropped, as a stock client does.
            with contextlib.suppress(RemoteProtocolError):
                self._take(event.payload_type, event.payload, now)

    def _take(self, payload_type: int, payload: bytes, now: float) -> None:
        before = self._state
        after = next_state(before, payload_type)
        if payload_type == PayloadType.HANDSHAKE_REQUEST:
            self._answer(HandshakeRequest.parse(payload), now)
            self._state = after
            return
        self._state = after
        if payload_type == PayloadType.HANDSHAKE_COMPLETE:
            self._greet(HandshakeComplete.parse(payload))
        if before is not HandshakeState.DONE:
            self._face.begin(self._session_type, self._properties)
        if payload_type == PayloadType.EXIT_CODE:
            with contextlib.suppress(RemoteProtocolError):
                self._exit_code = parse_exit_code(payload)
        if payload_type == PayloadType.FLAG:
            self._hear_flag(payload)
        elif payload_type != PayloadType.HANDSHAKE_COMPLETE and self._is_for_me(payload_type):
            self._face.show(payload)

    def _is_for_me(self, payload_type: int) -> bool:
        """A shell shows whatever comes; among the bytes of a port nothing else may get."""
        return self._session_type is not SessionType.PORT or payload_type == PayloadType.OUTPUT

    def _hear_flag(self, payload: bytes) -> None:
        if parse_flag(payload) is SessionFlag.CONNECT_TO_PORT_ERROR:
            self._face.say("Connection to destination port failed, check SSM Agent logs.\n")

    def _answer(self, request: HandshakeRequest, now: float) -> None:
        is_port = request.session_type() is SessionType.PORT
        terms = _OURS_FOR_PORTS if is_port else _OURS
        response = answer(request, client_version=CLIENT_VERSION, terms=terms)
        refusal = _refusal(request)
        if refusal:
            refused = tuple(_refuse(action, refusal) for action in response.actions)
            response = replace(response, actions=refused, errors=(refusal,), terms=None)
            self.ending = Ending(how=How.FAILED, text=f"Cannot perform start session: {refusal}")
            self.farewell = True
        self._channel.send(PayloadType.HANDSHAKE_RESPONSE, response.serialize(), now)
        if response.terms is not None:
            self._channel.adopt(response.terms)
        elif is_port and not refusal:
            self._channel.set_max_payload(_PORT_PAYLOAD)
        if not refusal:
            self._session_type = request.session_type()
            self._properties = _properties(request)

    def _greet(self, complete: HandshakeComplete) -> None:
        if complete.customer_message:
            self._face.say(f"{printable(complete.customer_message)}\n")


def _refusal(request: HandshakeRequest) -> str:
    """Say why this client cannot take part; empty when it can."""
    if any(action.action_type == ActionType.KMS_ENCRYPTION for action in request.actions):
        return _NO_ENCRYPTION
    is_port = request.session_type() is SessionType.PORT
    return _NO_PORTS if is_port and not is_newer(request.agent_version, _MUX_SINCE) else ""


def _properties(request: HandshakeRequest) -> Mapping[str, JsonValue]:
    for action in request.actions:
        found = action.parameters.get("Properties")
        if action.action_type == ActionType.SESSION_TYPE and isinstance(found, Mapping):
            return found
    return {}


def _refuse(action: ProcessedAction, text: str) -> ProcessedAction:
    if action.status != ActionStatus.SUCCESS:
        return action
    return replace(action, status=ActionStatus.FAILED, error=text)
