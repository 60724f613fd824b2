"""What the AWS CLI, or whoever plays it, tells the plugin on the command line.

=====  ==========================================================================================
argv   content
=====  ==========================================================================================
1      the answer to StartSession as JSON, or the name of the variable that holds it
2      region
3      ``StartSession``
4      profile, may be empty; a command line that stops before it is from an old CLI
5      the request to StartSession as JSON
6      the endpoint that the CLI has called
=====  ==========================================================================================

The variable's name is a prefix, so that callers may add to it; it is removed at once, so that no
program started later inherits the token.

Source: session-manager-plugin, src/sessionmanagerplugin/session/session.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mooring.cli.printable import printable
from mooring.secret import Secret
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject

__all__ = ["Invocation", "Notice", "read_arguments"]

_VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"
_OPERATION = "StartSession"
_INSTALLED = (
    "\nThe Session Manager plugin was installed successfully. "
    "Use the AWS CLI to start a session.\n\n"
)
_FEWEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """There is no session to run: what to print, and how to exit."""

    text: str
    status: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One session to run. Empty texts mean that the caller named none."""

    session_id: str
    token: Secret
    stream_url: str
    region: str
    profile: str = ""
    target: str = ""
    endpoint_url: str = ""


def read_arguments(argv: Sequence[str], take_variable: Callable[[str], str]) -> Invocation | Notice:
    """Read the command line; ``take_variable`` removes a variable and returns what it held."""
    if len(argv) == 1:
        return Notice(text=_INSTALLED)
    if len(argv) < _FEWEST:
        return Notice(
            text=f"\nUnknown operation {printable(argv[1])}. \n"
            "Use session-manager-plugin --version to check the version.\n\n"
        )
    answer = take_variable(argv[1]) if argv[1].startswith(_VARIABLE) else argv[1]
    _, _, region, operation, profile, request, endpoint_url = (*argv, "", "", "", "")[:7]
    if operation != _OPERATION:
        return Notice(text="Invalid Operation")
    try:
        body = JsonObject.parse(answer, what="answer to StartSession")
        return Invocation(
            session_id=body.text("SessionId"),
            token=Secret(body.text("TokenValue")),
            stream_url=body.text("StreamUrl"),
            region=region,
            profile=profile,
            target=_target(request),
            endpoint_url=endpoint_url,
        )
    except RemoteProtocolError as error:
        return Notice(text=f"Cannot perform start session: {printable(str(error))}\n")


def _target(request: str) -> str:
    """Return the target as the person typed it; it is only shown, so a bad request is no harm."""
    try:
        return JsonObject.parse(request, what="request").text_or("Target", "")
    except RemoteProtocolError:
        return ""
