"""What STS tells of keys and of denials.

A key's account is told to that account only: at AWS anybody with the permission may ask, but an
account of another tenant is none of the caller's business here.
"""

from __future__ import annotations

from mooring.operations.authorization_messages import decoded
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.problems import OperationRefused, Problem

__all__ = ["account_of_key", "decode_message"]


async def account_of_key(call: Call, access_key_id: str) -> str:
    """Return the account of a key, if it is the caller's own.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ACCESS_DENIED.
    """
    await require(call, Question(action=call.action))
    account_id = call.caller.account_id
    is_own = access_key_id == call.caller.access_key_id
    if not is_own and await call.glance(lambda tx: tx.identities.access_key(access_key_id)) is None:
        raise OperationRefused(
            Problem.ACCESS_DENIED, "The access key id is none of the caller's account."
        )
    return account_id


async def decode_message(call: Call, message: str) -> str:
    """Return the JSON of a denial's encoded message.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_AUTHORIZATION_MESSAGE.
    """
    await require(call, Question(action=call.action))
    return decoded(call.world, call.caller.account_id, message)
