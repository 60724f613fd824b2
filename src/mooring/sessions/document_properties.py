"""The ``properties`` of each session type: what a document may say, and what goes to the node.

====================================  ==========================================================
type                                  properties
====================================  ==========================================================
Port                                  portNumber (must be there), host, type, localPortNumber,
                                      localUnixSocket, localConnectionType: all of them texts
InteractiveCommands,                  linux, windows, macos: each commands, runAsElevated,
NonInteractiveCommands                separateOutputStream, stdOutSeparatorPrefix,
                                      stdErrSeparatorPrefix
Standard_Stream                       the same, although nothing reads them
====================================  ==========================================================

Sources: the structures that stock peers decode them into (session-manager-plugin, portsession;
amazon-ssm-agent, agent/session/contracts). Those refuse a number where they want a text, and a
list of commands, so both are turned into texts here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from mooring.sessions.document import DocumentProblem, DocumentRefused
from mooring.sessions.document_host import host_problem
from mooring.wire.json_object import JsonValue
from mooring.wire.session_order import SessionType

__all__ = ["LOCAL_FORWARDING", "check_properties", "order_properties", "platforms"]

LOCAL_FORWARDING = "LocalPortForwarding"
"""The ``type`` of a Port session that forwards connections; without it, it is one stream."""
_PORT_MEMBERS = frozenset(
    {"portNumber", "host", "type", "localPortNumber", "localUnixSocket", "localConnectionType"}
)
_PLATFORMS = {"linux": "Linux", "windows": "Windows", "macos": "MacOS"}
_FLAGS = ("runAsElevated", "separateOutputStream")
_PREFIXES = ("stdOutSeparatorPrefix", "stdErrSeparatorPrefix")
_COMMAND_MEMBERS = frozenset({"commands", *_FLAGS, *_PREFIXES})
_PREFIX = re.compile(r"[0-9a-zA-Z\r\n_:-]{0,30}")
_PORT = re.compile(r"[0-9]{1,5}")
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,253}")
_MAX_PORT = 65535
_MAX_SOCKET = 107
_TRUE = frozenset({"true", "1", "t"})
_FALSE = frozenset({"false", "0", "f", ""})


def platforms(session_type: SessionType, properties: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return the platforms that a document is for, as Systems Manager spells them."""
    if session_type in {SessionType.PORT, SessionType.STANDARD_STREAM}:
        return tuple(_PLATFORMS.values())
    return tuple(shown for name, shown in _PLATFORMS.items() if name in properties)


def check_properties(session_type: SessionType, properties: Mapping[str, JsonValue]) -> None:
    """Return when a document may have these properties.

    Raises:
        DocumentRefused: CONTENT.
    """
    if session_type is SessionType.PORT:
        _check_members(properties, _PORT_MEMBERS, "properties")
        if not properties.get("portNumber"):
            raise _refused("properties of a Port session need `portNumber`")
        for name, value in properties.items():
            if not isinstance(value, str | int) or isinstance(value, bool):
                raise _refused(f"`{name}` of properties is neither a text nor a number")
        return
    _check_members(properties, frozenset(_PLATFORMS), "properties")
    if session_type is not SessionType.STANDARD_STREAM and not properties:
        raise _refused("properties need `linux`, `windows` or `macos`")
    for name, value in properties.items():
        if not isinstance(value, Mapping):
            raise _refused(f"`{name}` of properties is not an object")
        _check_members(value, _COMMAND_MEMBERS, f"`{name}` of properties")
        _check_commands(name, value)


def _check_commands(platform: str, body: Mapping[str, JsonValue]) -> None:
    commands = body.get("commands")
    is_list = isinstance(commands, list) and all(isinstance(item, str) for item in commands)
    if not commands or not (isinstance(commands, str) or is_list):
        raise _refused(f"`{platform}` of properties needs `commands`, a text or a list of texts")
    for name in _FLAGS:
        if not isinstance(body.get(name, False), bool | str):
            raise _refused(f"`{name}` of properties is neither true nor false")
    for name in _PREFIXES:
        if not isinstance(body.get(name, ""), str):
            raise _refused(f"`{name}` of properties is not a text")


def order_properties(
    session_type: SessionType, filled: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return properties, whose parameters are filled in, as the node is to read them.

    Raises:
        DocumentRefused: PARAMETERS, when what was filled in cannot be meant.
    """
    if session_type is SessionType.PORT:
        return _port(filled)
    return {
        name: _commands(value) if isinstance(value, Mapping) else value
        for name, value in filled.items()
    }


def _port(filled: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    texts = {name: _one_text(name, value) for name, value in filled.items()}
    texts["portNumber"] = _port_text("portNumber", texts["portNumber"], least=1)
    if texts.get("localPortNumber"):
        texts["localPortNumber"] = _port_text("localPortNumber", texts["localPortNumber"], least=0)
    host = texts.get("host", "")
    if host and not _HOST.fullmatch(host):
        raise _bad("host", host, "a host name or an IP address")
    problem = host_problem(host) if host else ""
    if problem:
        raise DocumentRefused(
            DocumentProblem.PARAMETERS, f"`host` is `{host[:64]}`, which {problem}"
        )
    if texts.get("type", "") not in {"", LOCAL_FORWARDING}:
        raise _bad("type", texts["type"], f"`{LOCAL_FORWARDING}` or nothing")
    if texts.get("localConnectionType", "") not in {"", "tcp", "unix"}:
        raise _bad("localConnectionType", texts["localConnectionType"], "`tcp` or `unix`")
    if len(texts.get("localUnixSocket", "").encode()) > _MAX_SOCKET:
        raise _bad("localUnixSocket", texts["localUnixSocket"], f"{_MAX_SOCKET} bytes at most")
    return dict(texts)


def _port_text(name: str, text: str, *, least: int) -> str:
    """Return a port in the one way to write it: policies compare texts."""
    if not _PORT.fullmatch(text) or not least <= int(text) <= _MAX_PORT:
        raise _bad(name, text, f"a port from {least} to {_MAX_PORT}")
    return str(int(text))


def _commands(body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    made = dict(body)
    commands = made["commands"]
    if isinstance(commands, list | tuple):
        commands = "\n".join(_one_text("commands", item) for item in commands)
    if not isinstance(commands, str) or not commands.strip():
        raise _bad("commands", str(commands), "a text that is not empty")
    made["commands"] = commands
    for name in _FLAGS:
        if name in made:
            made[name] = _flag(name, made[name])
    for name in _PREFIXES:
        if name in made and not _PREFIX.fullmatch(_one_text(name, made[name])):
            raise _bad(name, str(made[name]), _PREFIX.pattern)
    return made


def _one_text(name: str, value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _bad(name, str(value), "one text")


def _flag(name: str, value: JsonValue) -> bool:
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise _bad(name, text, "true or false")
    return text in _TRUE


def _check_members(body: Mapping[str, JsonValue], known: frozenset[str], what: str) -> None:
    for name in body:
        if name not in known:
            expected = ", ".join(sorted(known))
            raise _refused(f"{what} hold `{name[:64]}`, expected one of {expected}")


def _bad(name: str, got: str, expected: str) -> DocumentRefused:
    return DocumentRefused(
        DocumentProblem.PARAMETERS, f"`{name}` is `{got[:64]}`, expected {expected}"
    )


def _refused(message: str) -> DocumentRefused:
    return DocumentRefused(DocumentProblem.CONTENT, message)
