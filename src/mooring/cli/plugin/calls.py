"""The plugin's helper process: makes API calls that it reads, one line of JSON each, from a pipe.

See ``control_plane`` for the reasons. It ends when the pipe does, so it cannot outlive the plugin.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping

import anyio

from mooring.cli.account import Account, AccountError, open_account
from mooring.cli.client import SSM, ApiError, Client, Unreachable
from mooring.cli.world import machine_world
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, JsonValue, write_json

__all__ = ["answer", "main"]

_OPERATIONS = frozenset({"ResumeSession", "TerminateSession"})
_CLIENT_ERROR = range(400, 500)
_TRY_AGAIN = frozenset({429, 408})
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "RequestLimitExceeded"})


def main() -> None:
    """Answer every line of standard input."""
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(write_json(answer(line)) + b"\n")
        sys.stdout.buffer.flush()


def answer(line: bytes) -> Mapping[str, JsonValue]:
    """Do what one line asks for."""
    try:
        question = JsonObject.parse(line, what="question")
        account = _account(
            question.text_or("Profile", ""),
            question.text_or("Region", ""),
            question.text_or("EndpointUrl", ""),
        )
        operation = question.text("Operation")
        if operation == "CaFile":
            return {"Answer": {"CaFile": account.ca_file}}
        if operation not in _OPERATIONS:
            return {"Problem": f"no operation `{operation}`"}
        return {"Answer": anyio.run(_call, account, operation, question.text("SessionId"))}
    except ApiError as error:
        return {"Problem": str(error), "Again": _is_worth_another_try(error)}
    except Unreachable as error:
        return {"Problem": str(error), "Again": True}
    except (AccountError, RemoteProtocolError) as error:
        return {"Problem": str(error)}


@functools.cache
def _account(profile: str, region: str, endpoint_url: str) -> Account:
    return open_account(profile=profile, region=region, endpoint_url=endpoint_url)


async def _call(account: Account, operation: str, session_id: str) -> Mapping[str, JsonValue]:
    async with Client(account, now=machine_world().datetime) as client:
        return await client.call(SSM, operation, {"SessionId": session_id})


def _is_worth_another_try(error: ApiError) -> bool:
    if error.code in _THROTTLED or error.status in _TRY_AGAIN:
        return True
    return error.status not in _CLIENT_ERROR


if __name__ == "__main__":
    main()
