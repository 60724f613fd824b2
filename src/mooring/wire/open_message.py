"""The first frame of a channel, a text frame: who speaks, and the token that lets it in.

===============  ==========================================================================
client           MessageSchemaVersion, RequestId, TokenValue, ClientId, ClientVersion
agent, data      MessageSchemaVersion, RequestId, TokenValue, ClientInstanceId, ClientId
agent, control   Cookie, MessageSchemaVersion, RequestId, TokenValue, AgentVersion, PlatformType
===============  ==========================================================================

Only the token is required: clients exist that leave the other keys out or fill them with values
of another type, and AWS lets them in. Control frames may come before this one.

Source: session-manager-plugin, src/service; amazon-ssm-agent, agent/session/service.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, JsonValue, write_json

__all__ = [
    "MAX_OPEN_MESSAGE",
    "OpenMessage",
    "client_open_message",
    "control_open_message",
    "data_open_message",
]

MAX_OPEN_MESSAGE = 16 * 1024
"""Bytes that no first frame of an honest peer reaches."""

_SCHEMA_VERSION = "1.0"
_LONGEST_NAME = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMessage:
    """What a first frame says; all but the token may be empty and none of it is proven."""

    token: str = field(repr=False)
    request_id: str = ""
    client_id: str = ""
    client_version: str = ""
    client_instance_id: str = ""
    agent_version: str = ""
    platform_type: str = ""

    @classmethod
    def parse(cls, data: bytes | str, *, max_size: int = MAX_OPEN_MESSAGE) -> OpenMessage:
        """Read the first frame.

        Args:
            data: the whole text frame.
            max_size: most characters or bytes accepted; it is read before anybody is trusted.

        Raises:
            RemoteProtocolError: it is too large, no JSON object, or has no token.
        """
        if len(data) > max_size:
            raise RemoteProtocolError(f"first message of {len(data)} bytes, limit is {max_size}")
        body = JsonObject.parse(data, what="first message")
        return cls(
            token=body.text("TokenValue"),
            request_id=_name(body, "RequestId"),
            client_id=_name(body, "ClientId"),
            client_version=_name(body, "ClientVersion"),
            client_instance_id=_name(body, "ClientInstanceId"),
            agent_version=_name(body, "AgentVersion"),
            platform_type=_name(body, "PlatformType"),
        )


def client_open_message(*, token: str, request_id: str, client_id: str, client_version: str) -> str:
    """Write a client's first frame."""
    return _write(
        {
            "MessageSchemaVersion": _SCHEMA_VERSION,
            "RequestId": request_id,
            "TokenValue": token,
            "ClientId": client_id,
            "ClientVersion": client_version,
        }
    )


def data_open_message(*, token: str, request_id: str, client_instance_id: str) -> str:
    """Write an agent's first frame on the data channel of a session."""
    return _write(
        {
            "MessageSchemaVersion": _SCHEMA_VERSION,
            "RequestId": request_id,
            "TokenValue": token,
            "ClientInstanceId": client_instance_id,
            "ClientId": "",
        }
    )


def control_open_message(
    *, token: str, request_id: str, agent_version: str, platform_type: str
) -> str:
    """Write an agent's first frame on its control channel."""
    return _write(
        {
            "Cookie": None,
            "MessageSchemaVersion": _SCHEMA_VERSION,
            "RequestId": request_id,
            "TokenValue": token,
            "AgentVersion": agent_version,
            "PlatformType": platform_type,
        }
    )


def _name(body: JsonObject, key: str) -> str:
    """Return a text that only describes; one of another type, or endless, is left out."""
    try:
        text = body.text_or(key, "")
    except RemoteProtocolError:
        return ""
    return text if len(text) <= _LONGEST_NAME else ""


def _write(fields: dict[str, JsonValue]) -> str:
    return write_json(fields).decode()
