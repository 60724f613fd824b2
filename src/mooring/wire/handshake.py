"""The handshake at the start of a data channel, and what each end does at each step.

::

    agent                                     client
      | -- HandshakeRequest (5), out seq 0 ----> |   acknowledged before it is answered
      | <- HandshakeResponse (6), in seq 0 ----- |
      |    (encryption: 8 and 9, not here yet)   |
      | -- HandshakeComplete (7) --------------> |   the session begins

A stock client answers an action it does not know with status 0, result 3 and an error, and goes
on; a stock agent ends the session over any status but 1. Stock peers skip keys they do not know, so
two ends of ours settle more under the key ``Mooring`` in request and response.

Source: session-manager-plugin, src/datachannel/streaming.go; amazon-ssm-agent,
agent/session/contracts and agent/session/datachannel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum, auto

from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.json_object import JsonObject, JsonValue, write_json
from mooring.wire.payloads import PayloadType
from mooring.wire.session_order import SessionType

__all__ = [
    "ActionStatus",
    "ActionType",
    "HandshakeComplete",
    "HandshakeRequest",
    "HandshakeResponse",
    "HandshakeState",
    "ProcessedAction",
    "RequestedAction",
    "Terms",
    "answer",
    "is_newer",
    "next_state",
    "settle",
]

_KEY = "Mooring"
_NANOSECONDS = 10**9
_MAX_WINDOW = 16 * 1024 * 1024
_MAX_PAYLOAD = 64 * 1024
_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})", re.ASCII)


class ActionType(StrEnum):
    """What an agent may ask of a client."""

    SESSION_TYPE = "SessionType"
    KMS_ENCRYPTION = "KMSEncryption"


class ActionStatus(IntEnum):
    """How a client answers; UNKNOWN_ACTION is what a stock client says to a type it never met."""

    UNKNOWN_ACTION = 0
    SUCCESS = 1
    FAILED = 2
    UNSUPPORTED = 3


class HandshakeState(Enum):
    """Where one end stands; see ``next_state``."""

    WAITING_FOR_REQUEST = auto()
    WAITING_FOR_RESPONSE = auto()
    WAITING_FOR_COMPLETE = auto()
    DONE = auto()


_TRANSITIONS = {
    (HandshakeState.WAITING_FOR_REQUEST, PayloadType.HANDSHAKE_REQUEST): (
        HandshakeState.WAITING_FOR_COMPLETE
    ),
    (HandshakeState.WAITING_FOR_COMPLETE, PayloadType.HANDSHAKE_COMPLETE): HandshakeState.DONE,
    (HandshakeState.WAITING_FOR_RESPONSE, PayloadType.HANDSHAKE_RESPONSE): HandshakeState.DONE,
    # A stock agent runs a plain shell without a handshake; its first output says so.
    (HandshakeState.WAITING_FOR_REQUEST, PayloadType.OUTPUT): HandshakeState.DONE,
}


def next_state(state: HandshakeState, payload_type: int) -> HandshakeState:
    """Return where an end stands after it has received ``payload_type``.

    A client begins at WAITING_FOR_REQUEST, an agent that has sent its request at
    WAITING_FOR_RESPONSE; an agent without a handshake is DONE from the start.

    Raises:
        RemoteProtocolError: that payload has no place there.
    """
    for (before, kind), after in _TRANSITIONS.items():
        if before is state and kind == payload_type:
            return after
    if state is HandshakeState.DONE and payload_type not in _HANDSHAKE_ONLY:
        return state
    raise RemoteProtocolError(f"payload type {payload_type} while {state.name.lower()}")


_HANDSHAKE_ONLY = frozenset(
    {
        PayloadType.HANDSHAKE_REQUEST,
        PayloadType.HANDSHAKE_RESPONSE,
        PayloadType.HANDSHAKE_COMPLETE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What two ends of ours agree on beside the stock protocol; sizes in bytes."""

    max_payload: int
    window_bytes: int
    cumulative_acks: bool = True

    @classmethod
    def read(cls, body: JsonObject) -> Terms | None:
        """Read the terms that a peer offers, None from one that has none."""
        if not body.has(_KEY):
            return None
        terms = body.child(_KEY)
        return cls(
            max_payload=min(_MAX_PAYLOAD, max(1, terms.integer("MaxPayload"))),
            window_bytes=min(_MAX_WINDOW, max(1, terms.integer("WindowBytes"))),
            cumulative_acks=terms.is_true("CumulativeAcks"),
        )

    def to_json(self) -> dict[str, JsonValue]:
        """Return the terms as the value of our key."""
        return {
            "MaxPayload": self.max_payload,
            "WindowBytes": self.window_bytes,
            "CumulativeAcks": self.cumulative_acks,
        }


def settle(ours: Terms, theirs: Terms) -> Terms:
    """Return what both ends can bear; both compute the same."""
    return Terms(
        max_payload=min(ours.max_payload, theirs.max_payload),
        window_bytes=min(ours.window_bytes, theirs.window_bytes),
        cumulative_acks=ours.cumulative_acks and theirs.cumulative_acks,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedAction:
    """One thing the agent asks; its parameters belong to the type."""

    action_type: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)

    @classmethod
    def session_type(
        cls, session_type: SessionType, properties: Mapping[str, JsonValue] | None = None
    ) -> RequestedAction:
        """Ask the client to behave as this type of session; only Port has properties."""
        return cls(
            action_type=ActionType.SESSION_TYPE,
            parameters={"SessionType": session_type, "Properties": properties},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeRequest:
    """The agent's opening."""

    agent_version: str
    actions: tuple[RequestedAction, ...]
    terms: Terms | None = None

    @classmethod
    def parse(cls, payload: bytes) -> HandshakeRequest:
        """Read the body."""
        body = JsonObject.parse(payload, what="handshake request")
        return cls(
            agent_version=body.text_or("AgentVersion", ""),
            actions=tuple(
                RequestedAction(
                    action_type=action.text("ActionType"),
                    parameters=action.mapping("ActionParameters"),
                )
                for action in body.children("RequestedClientActions")
            ),
            terms=Terms.read(body),
        )

    def serialize(self) -> bytes:
        """Write the body."""
        actions: list[JsonValue] = [
            {"ActionType": action.action_type, "ActionParameters": action.parameters}
            for action in self.actions
        ]
        body: dict[str, JsonValue] = {
            "AgentVersion": self.agent_version,
            "RequestedClientActions": actions,
        }
        return write_json(_with_terms(body, self.terms))

    def session_type(self) -> SessionType:
        """Return the type of session that the agent asks for.

        Raises:
            RemoteProtocolError: it asks for none, or for one without a meaning.
        """
        for action in self.actions:
            if action.action_type == ActionType.SESSION_TYPE:
                body = JsonObject(action.parameters, what="session type action")
                name = body.text("SessionType")
                try:
                    return SessionType(name)
                except ValueError as exc:
                    raise RemoteProtocolError(f"session type `{name}` has no meaning") from exc
        raise RemoteProtocolError("handshake request names no session type")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedAction:
    """The client's answer to one action; the result belongs to the type."""

    action_type: str
    status: int
    result: JsonValue = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeResponse:
    """The client's answer."""

    client_version: str
    actions: tuple[ProcessedAction, ...]
    errors: tuple[str, ...] = ()
    terms: Terms | None = None

    @classmethod
    def parse(cls, payload: bytes) -> HandshakeResponse:
        """Read the body."""
        body = JsonObject.parse(payload, what="handshake response")
        return cls(
            client_version=body.text_or("ClientVersion", ""),
            actions=tuple(
                ProcessedAction(
                    action_type=action.text("ActionType"),
                    status=action.integer_or_none("ActionStatus", most=255) or 0,
                    result=action.value("ActionResult"),
                    error=action.text_or("Error", ""),
                )
                for action in body.children("ProcessedClientActions")
            ),
            errors=body.texts("Errors"),
            terms=Terms.read(body),
        )

    def serialize(self) -> bytes:
        """Write the body."""
        actions: list[JsonValue] = [
            {
                "ActionType": action.action_type,
                "ActionStatus": action.status,
                "ActionResult": action.result,
                "Error": action.error,
            }
            for action in self.actions
        ]
        body: dict[str, JsonValue] = {
            "ClientVersion": self.client_version,
            "ProcessedClientActions": actions,
            "Errors": self.errors or None,
        }
        return write_json(_with_terms(body, self.terms))

    def accepts_session_type(self) -> bool:
        """Tell whether the client will behave as it was asked to."""
        return any(
            action.action_type == ActionType.SESSION_TYPE and action.status == ActionStatus.SUCCESS
            for action in self.actions
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeComplete:
    """The agent's last word; a message that is not empty is shown to the person."""

    seconds_to_complete: float = 0.0
    customer_message: str = ""

    @classmethod
    def parse(cls, payload: bytes) -> HandshakeComplete:
        """Read the body."""
        body = JsonObject.parse(payload, what="handshake complete")
        nanoseconds = body.integer_or_none("HandshakeTimeToComplete") or 0
        return cls(
            seconds_to_complete=nanoseconds / _NANOSECONDS,
            customer_message=body.text_or("CustomerMessage", ""),
        )

    def serialize(self) -> bytes:
        """Write the body."""
        return write_json(
            {
                "HandshakeTimeToComplete": round(self.seconds_to_complete * _NANOSECONDS),
                "CustomerMessage": self.customer_message,
            }
        )


def answer(request: HandshakeRequest, *, client_version: str, terms: Terms) -> HandshakeResponse:
    """Answer as a client of ours: as the stock one does, and with our terms if the agent has any.

    Encryption is answered as unsupported, which ends a stock agent's session; the alternative
    would be a session that the person believes to be encrypted.
    """
    processed = tuple(_process(action) for action in request.actions)
    return HandshakeResponse(
        client_version=client_version,
        actions=processed,
        errors=tuple(action.error for action in processed if action.error),
        terms=None if request.terms is None else settle(terms, request.terms),
    )


def _process(action: RequestedAction) -> ProcessedAction:
    kind = action.action_type
    if kind == ActionType.SESSION_TYPE:
        name = action.parameters.get("SessionType")
        if isinstance(name, str) and name in set(SessionType):
            return ProcessedAction(action_type=kind, status=ActionStatus.SUCCESS)
        error = f"Unknown session type {name}"
        return ProcessedAction(action_type=kind, status=ActionStatus.FAILED, error=error)
    error = f"Unsupported action {kind}"
    if kind == ActionType.KMS_ENCRYPTION:
        return ProcessedAction(action_type=kind, status=ActionStatus.UNSUPPORTED, error=error)
    # The stock client puts the status where the result belongs; agents have learnt to expect it.
    return ProcessedAction(
        action_type=kind,
        status=ActionStatus.UNKNOWN_ACTION,
        result=int(ActionStatus.UNSUPPORTED),
        error=error,
    )


def is_newer(version: str, than: str) -> bool:
    """Tell whether ``version`` is strictly above ``than``; one of another shape counts as old.

    Raises:
        LocalProtocolError: ``than`` is not exactly four dotted integers.
    """
    bound = _VERSION.fullmatch(than)
    if bound is None:
        raise LocalProtocolError(f"`{than}` is not four dotted integers")
    match = _VERSION.fullmatch(version)
    if match is None:
        return False
    return [int(part) for part in match.groups()] > [int(part) for part in bound.groups()]


def _with_terms(body: dict[str, JsonValue], terms: Terms | None) -> dict[str, JsonValue]:
    return body if terms is None else body | {_KEY: terms.to_json()}
