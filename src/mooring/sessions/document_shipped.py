"""The Session documents that come with the service, under the names and parameters that AWS has.

Written anew from what they are documented to do (Systems Manager User Guide, "Start a session")
and from what stock clients and agents read. ``SSM-SessionManagerRunShell`` is not among them:
it is the account's own once it is made, and until then a session has ``DEFAULT``.
"""

from __future__ import annotations

from collections.abc import Mapping

from mooring.sessions.document import SessionDocument
from mooring.sessions.document_check import check_document
from mooring.wire.json_object import JsonValue
from mooring.wire.session_order import SessionType

__all__ = ["DEFAULT", "SHIPPED", "SHIPPED_BODIES", "is_reserved", "is_shipped_name"]

DEFAULT = SessionDocument(session_type=SessionType.STANDARD_STREAM)

_PORTS = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_PORT: Mapping[str, JsonValue] = {
    "type": "String",
    "description": "(Optional) Port of the server that the session connects to",
    "allowedPattern": f"^({_PORTS})$",
    "default": "80",
}
_SSH_PORT: Mapping[str, JsonValue] = {
    **_PORT,
    "description": "(Optional) Port of the SSH server on the node",
    "default": "22",
}
_LOCAL_PORT: Mapping[str, JsonValue] = {
    "type": "String",
    "description": "(Optional) Port on the client's side; 0 takes any that is free",
    "allowedPattern": f"^(0|{_PORTS})$",
    "default": "0",
}
_HOST: Mapping[str, JsonValue] = {
    "type": "String",
    "description": "(Optional) Name or IP address of the server, as the node sees it",
    "allowedPattern": "^[A-Za-z0-9_.:%-]{1,253}$",
    "default": "localhost",
}
_SOCKET: Mapping[str, JsonValue] = {
    "type": "String",
    "description": "Path of the unix socket to listen on at the client's side",
    "allowedPattern": r"^[^\x00-\x1f]{1,107}$",
}
_COMMAND: Mapping[str, JsonValue] = {
    "type": "String",
    "description": "The command to run on the node",
    "minChars": 1,
}
_FLAG: Mapping[str, JsonValue] = {
    "type": "String",
    "description": "(Optional) Send output and errors apart, as they come, and the exit code",
    "allowedValues": ["true", "false", "True", "False"],
    "default": "false",
}
_PREFIX: Mapping[str, JsonValue] = {
    "type": "String",
    "description": "(Optional) What each line of this stream begins with",
    "allowedPattern": r"^[0-9a-zA-Z\r\n_:-]{0,30}$",
    "default": "",
}
_USER: Mapping[str, JsonValue] = {
    "type": "String",
    "description": "The user on the node whose password is set",
    "allowedPattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$",
}
_INTERACTIVE: Mapping[str, JsonValue] = {"commands": "{{ command }}", "runAsElevated": False}
_NON_INTERACTIVE: Mapping[str, JsonValue] = {
    **_INTERACTIVE,
    "separateOutputStream": "{{ separateOutputStream }}",
    "stdOutSeparatorPrefix": "{{ stdOutSeparatorPrefix }}",
    "stdErrSeparatorPrefix": "{{ stdErrSeparatorPrefix }}",
}
_FORWARD: Mapping[str, JsonValue] = {
    "portNumber": "{{ portNumber }}",
    "type": "LocalPortForwarding",
    "localPortNumber": "{{ localPortNumber }}",
}


def _body(
    session_type: SessionType,
    description: str,
    parameters: Mapping[str, JsonValue],
    properties: Mapping[str, JsonValue],
) -> Mapping[str, JsonValue]:
    return {
        "schemaVersion": "1.0",
        "description": description,
        "sessionType": session_type.value,
        "parameters": parameters,
        "properties": properties,
    }


def _everywhere(commands: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    return {"windows": commands, "linux": commands, "macos": commands}


SHIPPED_BODIES: Mapping[str, Mapping[str, JsonValue]] = {
    "AWS-PasswordReset": _body(
        SessionType.INTERACTIVE_COMMANDS,
        "Set the password of a user on a node",
        {"username": _USER},
        {
            "windows": {"commands": "net user {{ username }} *", "runAsElevated": True},
            "linux": {"commands": "passwd {{ username }}", "runAsElevated": True},
            "macos": {"commands": "passwd {{ username }}", "runAsElevated": True},
        },
    ),
    "AWS-StartInteractiveCommand": _body(
        SessionType.INTERACTIVE_COMMANDS,
        "Run one interactive command on a node",
        {"command": _COMMAND},
        _everywhere(_INTERACTIVE),
    ),
    "AWS-StartNonInteractiveCommand": _body(
        SessionType.NON_INTERACTIVE_COMMANDS,
        "Run one command on a node without a terminal",
        {
            "command": _COMMAND,
            "separateOutputStream": _FLAG,
            "stdOutSeparatorPrefix": _PREFIX,
            "stdErrSeparatorPrefix": _PREFIX,
        },
        _everywhere(_NON_INTERACTIVE),
    ),
    "AWS-StartPortForwardingSession": _body(
        SessionType.PORT,
        "Forward a local port to a port of a node",
        {"portNumber": _PORT, "localPortNumber": _LOCAL_PORT},
        _FORWARD,
    ),
    "AWS-StartPortForwardingSessionToRemoteHost": _body(
        SessionType.PORT,
        "Forward a local port to a port of a host that a node can reach",
        {"host": _HOST, "portNumber": _PORT, "localPortNumber": _LOCAL_PORT},
        {**_FORWARD, "host": "{{ host }}"},
    ),
    "AWS-StartPortForwardingSessionToSocket": _body(
        SessionType.PORT,
        "Forward a local unix socket to a port of a node",
        {"portNumber": _PORT, "localUnixSocket": _SOCKET},
        {
            "portNumber": "{{ portNumber }}",
            "type": "LocalPortForwarding",
            "localUnixSocket": "{{ localUnixSocket }}",
            "localConnectionType": "unix",
        },
    ),
    "AWS-StartSSHSession": _body(
        SessionType.PORT,
        "Connect an SSH client to the SSH server of a node",
        {"portNumber": _SSH_PORT},
        {"portNumber": "{{ portNumber }}"},
    ),
}
"""As they are shown, by name in order."""

SHIPPED: Mapping[str, SessionDocument] = {
    name: check_document(body) for name, body in SHIPPED_BODIES.items()
}

_SHIPPED_PREFIXES = ("AWS-", "AWSFleetManager-")
_RESERVED_PREFIXES = ("aws", "amazon", "amzn")


def is_shipped_name(name: str) -> bool:
    """Tell whether a name is one of the service's documents, which no account owns."""
    return name.startswith(_SHIPPED_PREFIXES)


def is_reserved(name: str) -> bool:
    """Tell whether an account may not give a document this name."""
    return name.lower().startswith(_RESERVED_PREFIXES)
