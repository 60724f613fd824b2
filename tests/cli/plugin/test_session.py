"""A person at a terminal, the plugin as a process, and a server that does what sessions meet."""

import contextlib
import signal
import subprocess
import termios

import anyio
import pexpect
import pytest
from tests.cli.plugin.gateway import SESSION_ID, Gateway, Person, environment, serving

from mooring.wire.handshake import RequestedAction
from mooring.wire.payloads import PayloadType, TerminalSize
from mooring.wire.session_order import SessionType


async def shell(gateway: Gateway, **more: str) -> Person:
    """Start a plugin on a terminal and wait for its shell."""
    person = Person(gateway.command(), **more)
    await person.reads(f"Starting session with SessionId: {SESSION_ID}\r\n")
    await gateway.until(lambda: gateway.sizes)
    gateway.show(b"$ ")
    await person.reads("$ ")
    return person


def is_raw(person: Person) -> bool:
    flags: int = termios.tcgetattr(person.child.child_fd)[3]
    return not flags & (termios.ICANON | termios.ECHO | termios.ISIG)


async def piped(gateway: Gateway, data: bytes, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run a plugin whose input is a pipe that ends."""

    def run() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # our own program
            gateway.command(), input=data, capture_output=True, check=False, timeout=20,
            env=environment(**more),
        )  # fmt: skip

    return await anyio.to_thread.run_sync(run)


async def test_a_shell_begins_with_the_token_and_ends_with_the_stock_texts() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        gateway.end()
        screen = await person.reads(
            f"\r\n\r\nExiting session with sessionId: {SESSION_ID}.\r\n\r\n"
        )

        assert await person.leaves() == 0
        assert screen == b""
        opening = gateway.opening[0]
        assert opening["TokenValue"] == "token-1"
        assert opening["MessageSchemaVersion"] == "1.0"
        assert opening["ClientVersion"] == "1.2.900.0"
        assert gateway.calls == []


async def test_the_reason_of_the_server_is_shown_without_its_control_characters() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        gateway.end("Terminated by \x1b]52;c;eA==\x07the owner")
        await person.reads(f"SessionId: {SESSION_ID} : Terminated by ")
        rest = await person.reads("the owner")

        assert b"\x1b" not in rest
        assert await person.leaves() == 0


async def test_the_terminal_is_raw_during_the_shell_and_as_before_after_it() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        during = is_raw(person)
        gateway.end()
        await person.reads("Exiting session")
        after = is_raw(person)
        await person.leaves()

    assert during
    assert not after


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_killed_plugin_restores_the_terminal_and_ends_the_session(
    number: signal.Signals,
) -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        person.child.kill(number)
        await gateway.until(lambda: "TerminateSession" in gateway.calls)
        raw = is_raw(person)

        assert await person.leaves() == 128 + number
        assert not raw


async def test_a_terminal_that_is_closed_ends_the_session() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        # It closes, then hangs up and interrupts; the goodbye needs longer than it waits for.
        with contextlib.suppress(pexpect.ExceptionPexpect):
            person.child.close(force=False)
        await gateway.until(lambda: "TerminateSession" in gateway.calls)
        status = await anyio.to_thread.run_sync(person.child.wait)

        assert status == 128 + signal.SIGHUP


async def test_keys_reach_the_node_as_they_are() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        person.types(b"a\r\x03\x1a\x1c\x04\x13\n\xe2\x82\xac")
        await gateway.types(b"\xe2\x82\xac")
        gateway.end()
        await person.leaves()

        assert gateway.typed == b"a\r\x03\x1a\x1c\x04\x13\n\xe2\x82\xac"


async def test_the_size_is_told_at_once_and_when_it_changes() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        person.child.setwinsize(50, 132)
        await gateway.until(lambda: len(gateway.sizes) > 1)
        gateway.end()
        await person.leaves()

    expected = [TerminalSize(columns=100, rows=30), TerminalSize(columns=132, rows=50)]
    assert gateway.sizes == expected


async def test_signals_of_others_are_keys() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        for number, key in ((signal.SIGINT, b"\x03"), (signal.SIGTSTP, b"\x1a")):
            person.child.kill(number)
            await gateway.types(key)
        gateway.end()

        assert await person.leaves() == 0


async def test_a_cut_loses_nothing_of_either_side() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        gateway.cut()
        await gateway.until(lambda: gateway.peer is None)
        person.types(b"typed while cut")
        gateway.show(b"shown while cut\r\n")
        await person.reads("shown while cut")
        await gateway.types(b"typed while cut")
        gateway.show(b"and after\r\n")
        between = await person.reads("and after")
        gateway.end()
        await person.leaves()

        assert between.replace(b"\r\n", b"") in (b"", b"reconnected")
        assert gateway.typed == b"typed while cut"
        assert [opening["TokenValue"] for opening in gateway.opening] == ["token-1", "token-2"]
        assert len({opening["ClientId"] for opening in gateway.opening}) == 1


async def test_a_session_that_is_over_when_we_come_back_has_timed_out() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        gateway.token = None
        gateway.cut()
        await person.reads(f"Session: {SESSION_ID} timed out.\r\n")
        raw = is_raw(person)

        assert await person.leaves() == 0
        assert not raw


async def test_a_refused_resume_says_why_and_fails() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        gateway.refuses_calls = (400, "AccessDeniedException")
        gateway.cut()
        await person.reads(f"cannot resume session {SESSION_ID}: ")
        reason = await person.reads("\r\n")

        assert await person.leaves() == 1
        assert b"AccessDeniedException" in reason


async def test_a_server_error_is_tried_again() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        gateway.refuses_calls = (500, "InternalServerError")
        gateway.cut()
        await gateway.until(lambda: len(gateway.calls) > 1)
        gateway.refuses_calls = None
        gateway.show(b"back\r\n")
        await person.reads("back")
        gateway.end()

        assert await person.leaves() == 0


async def test_enter_tilde_dot_leaves_a_session_that_hangs() -> None:
    async with serving() as gateway:
        person = await shell(gateway)
        person.types(b"\r~?")
        await person.reads("leave the session")
        person.types(b"\r~.")
        await person.reads("Exiting session")
        await gateway.until(lambda: "TerminateSession" in gateway.calls)

        assert await person.leaves() == 0


@pytest.mark.parametrize(("asks", "expected"), [("", 0), ("1", 3)])
async def test_the_remote_exit_code_is_passed_on_to_who_asks(asks: str, expected: int) -> None:
    async with serving() as gateway:
        person = await shell(gateway, MOORING_PLUGIN_EXIT_CODE=asks)
        gateway.end(exit_code=3)

        assert await person.leaves() == expected


async def test_piped_commands_run_and_their_output_is_not_lost() -> None:
    async with serving() as gateway, anyio.create_task_group() as tasks:

        async def node() -> None:
            await gateway.types(b"\x04")
            gateway.show(b"late output\r\n")
            gateway.end()

        tasks.start_soon(node)
        result = await piped(gateway, b"echo late output")

    assert result.returncode == 0
    assert b"late output\r\n" in result.stdout
    assert gateway.typed == b"echo late output\r\x04"
    assert gateway.sizes == [TerminalSize(columns=300, rows=100)]


async def test_the_end_of_input_is_told_again_while_the_shell_stays() -> None:
    async with serving() as gateway, anyio.create_task_group() as tasks:

        async def node() -> None:
            await gateway.types(b"\x04\x04")
            gateway.end()

        tasks.start_soon(node)
        result = await piped(gateway, b"cat\n")

    assert result.returncode == 0


async def test_a_megabyte_goes_through_in_order() -> None:
    output = b"".join(b"%07d\n" % number for number in range(131072))
    async with serving() as gateway, anyio.create_task_group() as tasks:

        async def node() -> None:
            await gateway.types(b"\x04")
            for start in range(0, len(output), 16384):
                await gateway.until(gateway.channel.room)
                gateway.show(output[start : start + 16384])
            gateway.end()

        tasks.start_soon(node)
        result = await piped(gateway, b"seq\n")

    assert output in result.stdout


async def test_a_stock_agent_begins_without_a_handshake() -> None:
    async with serving() as gateway:
        gateway.shakes_hands = False
        person = Person(gateway.command())
        await gateway.until(lambda: gateway.opening)
        gateway.show(b"$ ")
        await person.reads("$ ")
        await gateway.until(lambda: gateway.sizes)
        person.types(b"id\r")
        await gateway.types(b"id\r")
        gateway.end()

        assert await person.leaves() == 0


async def test_the_message_of_the_handshake_is_shown() -> None:
    async with serving() as gateway:
        gateway.customer_message = "be careful"
        person = Person(gateway.command())
        await person.reads("be careful\r\n")
        gateway.end()

        assert await person.leaves() == 0


async def test_an_action_nobody_knows_is_answered_as_the_stock_plugin_does() -> None:
    async with serving() as gateway:
        gateway.extra_actions = (RequestedAction(action_type="Dance"),)
        person = await shell(gateway)
        gateway.end()
        await person.leaves()

    assert gateway.response is not None
    action = gateway.response.actions[1]
    assert (action.status, action.result, action.error) == (0, 3, "Unsupported action Dance")


async def test_what_cannot_be_done_yet_is_refused_in_words() -> None:
    async with serving() as gateway:
        gateway.extra_actions = (RequestedAction(action_type="KMSEncryption"),)
        person = Person(gateway.command())
        await person.reads("cannot encrypt")
        await gateway.until(lambda: gateway.response)

        assert await person.leaves() == 1
        assert gateway.response is not None
        assert not gateway.response.accepts_session_type()


async def test_a_single_stream_is_the_input_and_the_output_as_they_are() -> None:
    async with serving() as gateway:
        gateway.session_type = SessionType.PORT
        async with anyio.create_task_group() as tasks:

            async def node() -> None:
                await gateway.types(b"\n")
                gateway.show(b"SSH-2.0-node\r\n\x00\xff")
                await gateway.types(b"SSH-2.0-client\n")

            tasks.start_soon(node)
            ended = await piped(gateway, b"\nSSH-2.0-client\n")

    assert bytes(gateway.typed) == b"\nSSH-2.0-client\n"
    assert b"SSH-2.0-node\r\n\x00\xff" in ended.stdout
    assert ended.returncode == 0


async def test_a_server_that_ends_it_before_the_handshake_is_heard() -> None:
    async with serving() as gateway:
        gateway.shakes_hands = False
        person = Person(gateway.command())
        await gateway.until(lambda: gateway.opening)
        gateway.end("the node did not answer")
        await person.reads(": the node did not answer")

        assert await person.leaves() == 0


async def test_ctrl_c_works_before_there_is_a_shell() -> None:
    async with serving() as gateway:
        gateway.shakes_hands = False
        person = Person(gateway.command())
        await gateway.until(lambda: gateway.opening)
        person.types(b"\x03")
        await person.reads("Exiting session")

        assert await person.leaves() == 0
        assert gateway.calls == ["TerminateSession"]


async def test_the_exit_code_message_of_a_command_is_its_exit_code() -> None:
    async with serving() as gateway:
        person = await shell(gateway, MOORING_PLUGIN_EXIT_CODE="1")
        gateway.channel.send(PayloadType.EXIT_CODE, b"EXIT_CODE: 7", anyio.current_time())
        gateway.flush()
        gateway.end()

        assert await person.leaves() == 7


async def test_the_token_may_come_in_a_variable() -> None:
    async with serving() as gateway:
        command = gateway.command()
        name = "AWS_SSM_START_SESSION_RESPONSE_X"
        answer, command[3] = command[3], name
        person = Person(command, **{name: answer})
        await gateway.until(lambda: gateway.sizes)
        gateway.end()

        assert await person.leaves() == 0
        assert gateway.opening[0]["TokenValue"] == "token-1"
