"""What agents call beside Systems Manager itself: channels and message polling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from mooring.api.registry import Input, Operation, Output
from mooring.operations.call import Call
from mooring.operations.channels import create_control_channel, create_data_channel
from mooring.operations.messages import wait_for_messages

__all__ = ["EC2MESSAGES", "SSMMESSAGES"]

_SCHEMA_VERSION = "1.0"


async def _create_control_channel(call: Call, given: Input) -> Output:
    token = await create_control_channel(call, given["ChannelId"])
    # A header, which stock agents do not read: over what time ours come back after a cut.
    spread_ms = call.world.site.reconnect_spread // timedelta(milliseconds=1)
    return {
        "TokenValue": token,
        "MessageSchemaVersion": _SCHEMA_VERSION,
        "ReconnectSpread": spread_ms,
    }


async def _create_data_channel(call: Call, given: Input) -> Output:
    token = await create_data_channel(call, given["SessionId"])
    return {"TokenValue": token, "MessageSchemaVersion": _SCHEMA_VERSION}


async def _get_messages(call: Call, given: Input) -> Output:
    await wait_for_messages(call, given["Destination"])
    return {
        "Destination": given["Destination"],
        "MessagesRequestId": given["MessagesRequestId"],
        "Messages": [],
    }


SSMMESSAGES: Mapping[str, Operation] = {
    "CreateControlChannel": Operation(handler=_create_control_channel),
    "CreateDataChannel": Operation(handler=_create_data_channel),
}
EC2MESSAGES: Mapping[str, Operation] = {
    "GetMessages": Operation(handler=_get_messages, is_read_only=True),
}
