"""Security Token Service: who am I."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.operations.call import Call

__all__ = ["OPERATIONS"]


async def _get_caller_identity(call: Call, _: Input) -> Output:
    principal = call.caller.principal
    return {
        "UserId": principal.user_id,
        "Account": call.caller.account_id,
        "Arn": principal.arn,
    }


OPERATIONS: Mapping[str, Operation] = {
    "GetCallerIdentity": Operation(handler=_get_caller_identity, is_read_only=True),
}
