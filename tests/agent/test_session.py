"""Whole sessions: a real shell, real websockets, and a client in the test."""

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
from tests.agent.fake_server import Client, FakeServer, fake_server, fixed_world, stamp
from tests.agent.nodes import NODE_ID, SESSION_ID, api, registered
from tests.agent.test_shell import myself

from mooring.agent.api import ChannelKind
from mooring.agent.credentials import CredentialSource
from mooring.agent.line import Dialled, dial
from mooring.agent.processes import is_running, read_process
from mooring.agent.session import Session, SessionTimes
from mooring.agent.shell import Shell, start_shell
from mooring.agent.shell_work import ShellWork
from mooring.agent.work import MakeWork
from mooring.wire.control_channel import channel_closed_frame, client_known_frame, publication_frame
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.open_message import data_open_message
from mooring.wire.payloads import (
    ChannelClosed,
    ClientKnown,
    PayloadType,
    SessionFlag,
    TerminalSize,
    serialize_flag,
)

TIMES = SessionTimes(
    retry_base_s=0.01, retry_cap_s=0.05, farewell_s=2.5, hang_up_s=0.1, kill_s=5, report_s=1
)
QUIET = b"PS1= PS2= PROMPT_COMMAND=; bind 'set enable-bracketed-paste off'; stty -echo\n"
OVER = b"<Error><Code>BadRequest</Code><Message>Session is already terminated</Message></Error>"


class Running:
    """A session under way, and its client."""

    def __init__(self, server: FakeServer, session: Session, shell: Shell | None) -> None:
        self.server = server
        self.session = session
        self.shell = shell
        assert server.client is not None
        self.client: Client = server.client
        self.over = anyio.Event()

    async def prompt(self) -> None:
        """Bring the shell to a state in which output is only output."""
        self.client.type(QUIET + b"echo re''ady\n")
        await self.client.until_shown(b"ready\r\n")
        self.client.shown = b""

    async def until_over(self) -> None:
        with anyio.fail_after(20):
            await self.over.wait()


def dialler(server: FakeServer, folder: Path) -> Callable[[], Awaitable[Dialled]]:
    client = api(server.url, fixed_world())
    state = registered(folder, server.url)
    credentials = CredentialSource(client, state, rotates_key=False)

    async def connect() -> Dialled:
        dialled = await dial(client, credentials, ChannelKind.DATA, SESSION_ID)
        text = data_open_message(token=dialled.token, request_id="r", client_instance_id=NODE_ID)
        await dialled.websocket.send_text(text)
        return dialled

    return connect


def shell_work(shell: Shell, profile: str, times: SessionTimes) -> MakeWork:
    return lambda channel, speak: ShellWork(
        shell,
        channel,
        speak,
        profile=profile,
        keeper=None,
        hang_up_s=times.hang_up_s,
        kill_s=times.kill_s,
    )


@asynccontextmanager
async def session(
    folder: Path, *, failure: str = "", profile: str = "", times: SessionTimes = TIMES
) -> AsyncIterator[Running]:
    shell = None if failure else start_shell(myself(), {})
    async with fake_server() as server:
        server.client = Client(server)
        made = Session(
            session_id=SESSION_ID,
            channel=DataChannel(
                role=Role.AGENT, new_id=fixed_world().new_id, wall_offset=1.0, limits=Limits()
            ),
            make_work=None if shell is None else shell_work(shell, profile, times),
            failure=failure,
            dial=dialler(server, folder),
            random=lambda: 0.5,
            times=times,
        )
        running = Running(server, made, shell)

        async def run() -> None:
            await made.run()
            running.over.set()
            server.change()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            yield running
            made.end()
    if shell is not None:
        shell.close()


async def test_shows_what_the_shell_prints_and_reports_its_exit_code(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()

        running.client.type(b"echo $((6*7)); exit 9\n")
        end = await running.client.until_ended()
        await running.until_over()

        assert running.client.shown.startswith(b"42\r\n")
        assert end == {
            "SchemaVersion": 1,
            "SessionState": "Terminating",
            "SessionId": SESSION_ID,
            "ExitCode": 9,
        }


async def test_says_first_that_it_is_connected(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()

        assert running.client.ends[0]["SessionState"] == "Connected"


async def test_loses_and_doubles_nothing_when_lines_are_cut_in_a_flood(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        client, server = running.client, running.server

        client.type(b"seq 100000 160000; echo do''ne\n")
        for cut in range(1, 6):
            mark = len(client.shown) + 20_000
            await server.until(lambda mark=mark: len(client.shown) >= mark)  # type: ignore[misc]
            assert client.line is not None
            client.line.drop()
            await server.until(lambda cut=cut: len(server.lines) > cut)  # type: ignore[misc]
        await client.until_shown(b"done\r\n")

        numbers = [int(line) for line in client.shown.split() if line.isdigit()]
        assert numbers == list(range(100000, 160001))


async def test_what_is_typed_while_there_is_no_line_arrives_once(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        assert running.client.line is not None
        running.client.line.drop()
        await running.server.until(lambda: running.client.line is None)

        running.client.type(b"echo on''ce\n")
        await running.client.until_shown(b"once\r\n")

        assert running.client.shown.count(b"once") == 1


async def test_channel_closed_ends_every_process_of_the_session(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        running.client.type(b"(trap '' HUP; exec sleep 1000) & echo pid=$!.\n")
        await running.server.until(lambda: b"." in running.client.shown)
        pid = int(re.findall(rb"pid=(\d+)", running.client.shown)[0])
        child = read_process(pid)
        assert child is not None

        body = ChannelClosed(session_id=SESSION_ID)
        running.client.say(channel_closed_frame(body, stamp=stamp(), now=0))
        await running.until_over()

        assert not is_running(pid, child.start_time)


async def test_a_flag_of_the_client_ends_the_session_and_the_end_is_reported(
    tmp_path: Path,
) -> None:
    async with session(tmp_path) as running:
        await running.prompt()

        running.client.type(serialize_flag(SessionFlag.TERMINATE_SESSION), PayloadType.FLAG)
        end = await running.client.until_ended()
        await running.until_over()

        assert end["ExitCode"] == 128 + 1


async def test_exit_leaves_background_processes_to_their_person(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        running.client.type(b"(trap '' HUP; exec sleep 1000) & disown; echo pid=$!.\n")
        await running.server.until(lambda: b"." in running.client.shown)
        pid = int(re.findall(rb"pid=(\d+)", running.client.shown)[0])

        running.client.type(b"exit\n")
        await running.until_over()

        assert read_process(pid) is not None
        os.kill(pid, 9)


async def test_resizes_the_terminal(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()

        size = TerminalSize(columns=99, rows=33).serialize()
        running.client.type(size, PayloadType.SIZE)
        running.client.type(b"stty size\n")
        await running.client.until_shown(b"33 99\r\n")

        running.client.type(b"not json", PayloadType.SIZE)
        running.client.type(b"echo al''ive\n")
        await running.client.until_shown(b"alive\r\n")

        assert running.client.shown == b"33 99\r\nalive\r\n"


async def test_payloads_are_small_until_the_client_is_known(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        running.client.type(b"head -c 60000 /dev/zero | tr '\\0' x; echo; echo do''ne\n")
        await running.client.until_shown(b"done\r\n")
        small = max(map(len, running.client.payloads))

        body = ClientKnown(client_version="1.2.0.0", client_id="c", resumed=False)
        running.client.say(client_known_frame(body, stamp=stamp(), now=0))
        running.client.type(b"head -c 600000 /dev/zero | tr '\\0' x; echo; echo ov''er\n")
        await running.client.until_shown(b"over\r\n")

        large = max(map(len, running.client.payloads))
        assert small == 1024
        assert 1024 < large <= 32 * 1024


async def test_never_cuts_a_character(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        running.client.payloads.clear()

        running.client.type("yes x€😀é | head -n 3000; echo do''ne\n".encode())
        await running.client.until_shown(b"done\r\n")

        for payload in running.client.payloads:
            payload.decode()
        assert running.client.shown.decode().count("x€😀é\r\n") == 3000


async def test_control_c_quiets_a_flood_within_the_window(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        running.client.type(b"yes\n")
        await running.server.until(lambda: len(running.client.shown) > 100_000)

        running.client.type(b"\x03")
        before = len(running.client.shown)
        running.client.type(b"echo qui''et\n")
        await running.client.until_shown(b"quiet\r\n")

        # What was under way: the channel's window, and what the kernel's terminal holds.
        assert len(running.client.shown) - before < 128 * 1024 + 128 * 1024


async def test_a_pause_holds_output_back_and_start_lets_it_go(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        running.client.say(publication_frame(paused=True, stamp=stamp(), now=0))
        assert running.shell is not None
        running.shell.put(b"echo sil''ence\n")

        running.client.say(publication_frame(paused=False, stamp=stamp(), now=0))
        await running.client.until_shown(b"silence\r\n")


async def test_types_the_profile_before_anything_else(tmp_path: Path) -> None:
    async with session(tmp_path, profile="echo pro''file; exit 4") as running:
        end = await running.client.until_ended()

        assert b"profile\r\n" in running.client.shown
        assert end["ExitCode"] == 4


async def test_reports_why_there_is_no_shell(tmp_path: Path) -> None:
    async with session(tmp_path, failure="user `bob` does not exist") as running:
        end = await running.client.until_ended()
        await running.until_over()

        assert end["Output"] == "user `bob` does not exist"
        assert "ExitCode" not in end


async def test_ends_when_the_server_says_that_it_has_ended(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        assert running.shell is not None
        shell = read_process(running.shell.pid)
        assert shell is not None

        running.server.channel_answers.append((400, OVER, {}))
        assert running.client.line is not None
        running.client.line.drop()
        await running.until_over()

        assert not is_running(shell.pid, shell.start_time)


async def test_goes_on_while_the_server_is_broken(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()

        running.server.channel_answers.extend([(503, b"", {})] * 5)
        assert running.client.line is not None
        running.client.line.drop()
        running.client.type(b"echo st''ill\n")
        await running.client.until_shown(b"still\r\n")


async def test_gives_up_when_it_is_refused_for_too_long(tmp_path: Path) -> None:
    times = replace(TIMES, refused_s=0.2)
    async with session(tmp_path, times=times) as running:
        await running.prompt()

        running.server.channel_answers.extend([(404, b"", {})] * 1000)
        assert running.client.line is not None
        running.client.line.drop()

        await running.until_over()


async def test_a_paste_into_a_program_that_echoes_it_does_not_deadlock(tmp_path: Path) -> None:
    async with session(tmp_path) as running:
        await running.prompt()
        running.client.type(b"stty raw; echo set''tled; head -c 600000; echo do''ne\n")
        # Not a word of the line itself, whose echo comes before the terminal is raw.
        await running.client.until_shown(b"settled")

        for _ in range(600):
            await running.server.until(lambda: running.client.channel.room() > 1000)
            running.client.type(b"0123456789" * 100)
        await running.client.until_shown(b"done")

        assert running.client.shown.count(b"0123456789") == 60_000
