"""Properties reach the node in the types that its plugins read."""

from collections.abc import Mapping

import pytest

from mooring.sessions.document import DocumentProblem, DocumentRefused
from mooring.sessions.document_properties import check_properties, order_properties, platforms
from mooring.wire.json_object import JsonValue
from mooring.wire.session_order import SessionType

PORT = SessionType.PORT
COMMANDS = SessionType.INTERACTIVE_COMMANDS


@pytest.mark.parametrize(
    ("filled", "expected"),
    [
        ({"portNumber": 22}, {"portNumber": "22"}),
        ({"portNumber": "00080"}, {"portNumber": "80"}),
        (
            {"portNumber": "5432", "host": "db.example", "localPortNumber": 0},
            {"portNumber": "5432", "host": "db.example", "localPortNumber": "0"},
        ),
        (
            {"portNumber": "80", "type": "LocalPortForwarding", "localPortNumber": ""},
            {"portNumber": "80", "type": "LocalPortForwarding", "localPortNumber": ""},
        ),
        (
            {"portNumber": "80", "localConnectionType": "unix", "localUnixSocket": "/run/a.sock"},
            {"portNumber": "80", "localConnectionType": "unix", "localUnixSocket": "/run/a.sock"},
        ),
    ],
)
def test_a_ports_properties_are_texts(
    filled: Mapping[str, JsonValue], expected: Mapping[str, str]
) -> None:
    assert order_properties(PORT, filled) == expected


@pytest.mark.parametrize(
    "odd",
    [
        {"portNumber": "0"},
        {"portNumber": "65536"},
        {"portNumber": "-1"},
        {"portNumber": "8 0"},
        {"portNumber": ""},
        {"portNumber": ["80"]},
        {"portNumber": True},
        {"portNumber": "\uff18\uff10"},
        {"portNumber": "anyPortNumber"},
        {"localPortNumber": "65536"},
        {"host": "a b"},
        {"host": "a\n"},
        {"host": "x" * 254},
        {"host": "a/../b"},
        {"type": "Other"},
        {"localConnectionType": "pipe"},
        {"localUnixSocket": "x" * 108},
    ],
)
def test_what_no_port_session_can_use_is_refused(odd: Mapping[str, JsonValue]) -> None:
    with pytest.raises(DocumentRefused) as refused:
        order_properties(PORT, {"portNumber": "80", **odd})

    assert refused.value.problem is DocumentProblem.PARAMETERS


def test_commands_are_one_text_and_flags_are_flags() -> None:
    filled: JsonValue = {
        "commands": ["cd /", "ls"],
        "runAsElevated": "true",
        "separateOutputStream": "False",
        "stdOutSeparatorPrefix": "OUT:\n",
    }

    properties = order_properties(COMMANDS, {"linux": filled})

    assert properties == {
        "linux": {
            "commands": "cd /\nls",
            "runAsElevated": True,
            "separateOutputStream": False,
            "stdOutSeparatorPrefix": "OUT:\n",
        }
    }


@pytest.mark.parametrize(
    "odd",
    [
        {"commands": " "},
        {"commands": [["x"]]},
        {"runAsElevated": "perhaps"},
        {"stdErrSeparatorPrefix": "$ERR"},
        {"stdErrSeparatorPrefix": "x" * 31},
    ],
)
def test_what_no_command_can_use_is_refused(odd: Mapping[str, JsonValue]) -> None:
    with pytest.raises(DocumentRefused) as refused:
        order_properties(COMMANDS, {"linux": {"commands": "ls", **odd}})

    assert refused.value.problem is DocumentProblem.PARAMETERS


@pytest.mark.parametrize(
    ("session_type", "properties"),
    [
        (PORT, {"portNumber": "22", "other": "x"}),
        (PORT, {"portNumber": ["22"]}),
        (PORT, {"host": "x"}),
        (COMMANDS, {}),
        (COMMANDS, {"linux": "ls"}),
        (COMMANDS, {"linux": {}}),
        (COMMANDS, {"linux": {"commands": []}}),
        (COMMANDS, {"linux": {"commands": [5]}}),
        (COMMANDS, {"linux": {"commands": "ls", "runAs": "x"}}),
        (COMMANDS, {"linux": {"commands": "ls", "runAsElevated": 1.5}}),
        (COMMANDS, {"linux": {"commands": "ls", "stdOutSeparatorPrefix": 5}}),
        (COMMANDS, {"solaris": {"commands": "ls"}}),
        (SessionType.STANDARD_STREAM, {"portNumber": "22"}),
    ],
)
def test_what_a_document_may_not_say_is_refused(
    session_type: SessionType, properties: Mapping[str, JsonValue]
) -> None:
    with pytest.raises(DocumentRefused) as refused:
        check_properties(session_type, properties)

    assert refused.value.problem is DocumentProblem.CONTENT


def test_a_shell_needs_no_properties() -> None:
    check_properties(SessionType.STANDARD_STREAM, {})


@pytest.mark.parametrize(
    ("session_type", "properties", "expected"),
    [
        (PORT, {"portNumber": "1"}, ("Linux", "Windows", "MacOS")),
        (SessionType.STANDARD_STREAM, {}, ("Linux", "Windows", "MacOS")),
        (COMMANDS, {"macos": {}, "linux": {}}, ("Linux", "MacOS")),
    ],
)
def test_platforms_are_those_with_commands(
    session_type: SessionType, properties: Mapping[str, JsonValue], expected: tuple[str, ...]
) -> None:
    assert platforms(session_type, properties) == expected
