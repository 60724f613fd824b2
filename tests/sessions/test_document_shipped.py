"""The documents that come with the service have AWS's names and parameters."""

import pytest

from mooring.sessions.document_resolve import resolve_session
from mooring.sessions.document_shipped import (
    DEFAULT,
    SHIPPED,
    SHIPPED_BODIES,
    is_reserved,
    is_shipped_name,
)
from mooring.wire.session_order import SessionType

# Names, types and parameters as the Systems Manager User Guide uses them.
EXPECTED = {
    "AWS-StartSSHSession": (SessionType.PORT, {"portNumber"}),
    "AWS-StartPortForwardingSession": (SessionType.PORT, {"portNumber", "localPortNumber"}),
    "AWS-StartPortForwardingSessionToRemoteHost": (
        SessionType.PORT,
        {"portNumber", "localPortNumber", "host"},
    ),
    "AWS-StartPortForwardingSessionToSocket": (
        SessionType.PORT,
        {"portNumber", "localUnixSocket"},
    ),
    "AWS-StartInteractiveCommand": (SessionType.INTERACTIVE_COMMANDS, {"command"}),
    "AWS-StartNonInteractiveCommand": (
        SessionType.NON_INTERACTIVE_COMMANDS,
        {"command", "separateOutputStream", "stdOutSeparatorPrefix", "stdErrSeparatorPrefix"},
    ),
    "AWS-PasswordReset": (SessionType.INTERACTIVE_COMMANDS, {"username"}),
}


def test_names_types_and_parameters_are_awss() -> None:
    shipped = {name: (row.session_type, set(row.parameters)) for name, row in SHIPPED.items()}

    assert shipped == EXPECTED
    assert list(SHIPPED_BODIES) == sorted(SHIPPED_BODIES)


@pytest.mark.parametrize("port", ["1", "22", "9999", "59999", "65535"])
def test_every_port_can_be_forwarded(port: str) -> None:
    for name in ("AWS-StartSSHSession", "AWS-StartPortForwardingSession"):
        assert (
            resolve_session(SHIPPED[name], {"portNumber": (port,)}).properties["portNumber"] == port
        )


def test_a_command_runs_on_every_platform() -> None:
    resolved = resolve_session(SHIPPED["AWS-StartInteractiveCommand"], {"command": ("ls -l",)})

    expected = {"commands": "ls -l", "runAsElevated": False}
    assert resolved.properties == dict.fromkeys(("windows", "linux", "macos"), expected)


def test_a_command_without_a_terminal_may_have_its_streams_apart() -> None:
    resolved = resolve_session(
        SHIPPED["AWS-StartNonInteractiveCommand"],
        {"command": ("id",), "separateOutputStream": ("True",), "stdErrSeparatorPrefix": ("E:",)},
    )

    assert resolved.properties["linux"] == {
        "commands": "id",
        "runAsElevated": False,
        "separateOutputStream": True,
        "stdOutSeparatorPrefix": "",
        "stdErrSeparatorPrefix": "E:",
    }


@pytest.mark.parametrize("user", ["-x", "a b", "a;id", "$(id)", "", "a" * 65])
def test_a_password_is_set_for_a_plain_user_name_only(user: str) -> None:
    with pytest.raises(Exception, match="username"):
        resolve_session(SHIPPED["AWS-PasswordReset"], {"username": (user,)})


def test_the_default_is_a_shell_without_parameters() -> None:
    resolved = resolve_session(DEFAULT, {})

    assert resolved.session_type is SessionType.STANDARD_STREAM
    assert resolved.properties == {}


@pytest.mark.parametrize(
    ("name", "shipped", "reserved"),
    [
        ("AWS-StartSSHSession", True, True),
        ("aws-mine", False, True),
        ("AmazonThing", False, True),
        ("SSM-SessionManagerRunShell", False, False),
        ("Mine", False, False),
    ],
)
def test_the_services_names_are_not_for_accounts(
    name: str, *, shipped: bool, reserved: bool
) -> None:
    assert (is_shipped_name(name), is_reserved(name)) == (shipped, reserved)
