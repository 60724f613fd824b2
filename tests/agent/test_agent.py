"""The agent as a process: sessions outlive it, and it finds them again."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
from tests.agent.fake_server import ROLE_TOKEN, Client, FakeServer, fake_server, order_frame, stamp
from tests.agent.nodes import NODE_ID, SESSION_ID, order, registered

from mooring.agent.processes import is_running, read_process
from mooring.agent.registry import SessionRegistry
from mooring.agent.state import StateDir
from mooring.wire.control_channel import channel_closed_frame
from mooring.wire.payloads import ChannelClosed


@asynccontextmanager
async def agent(
    server: FakeServer, state: StateDir, *options: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Run an agent until its control channel stands; kill it at the end."""
    before = len(control_lines(server))
    process = subprocess.Popen(
        [
            sys.executable, "-P", "-m", "mooring.agent", "run",
            "--state-dir", str(state.path), *options,
        ],
        env={**os.environ, "MOORING_AGENT_SESSIONS_RUN_AS": "self", **(environment or {})},
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await server.until(lambda: len(control_lines(server)) > before)
        yield process
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[tuple[FakeServer, StateDir]]:
    """Serve, and end every session at the end."""
    async with fake_server() as server:
        # The agent's clock is the real one.
        token = ROLE_TOKEN | {"TokenExpirationDate": int(now()) + 3600}
        server.answers["RequestManagedInstanceRoleToken"] = lambda _: (200, token)
        state = registered(folder, server.url)
        server.client = Client(server)
        try:
            yield server, state
        finally:
            registry = SessionRegistry(state.sessions)
            for session in registry.all():
                os.kill(session.pid, signal.SIGTERM)
                with anyio.CancelScope(shield=True):
                    await registry.wait_gone(session)


def now() -> float:
    return float(subprocess.run(["date", "+%s"], capture_output=True, check=True).stdout)


def control_lines(server: FakeServer) -> list[Any]:
    return [line for line in server.lines if "control-channel" in line.request.path]


async def begin(server: FakeServer) -> Client:
    """Order a session and bring its shell to a quiet prompt."""
    client = server.client
    assert client is not None
    control_lines(server)[-1].send(order_frame(order()))
    await server.until(lambda: client.line is not None)
    client.type(b"PS1= PS2= PROMPT_COMMAND=; bind 'set enable-bracketed-paste off'; stty -echo\n")
    client.type(b"echo re''ady\n")
    await client.until_shown(b"ready\r\n")
    client.shown = b""
    return client


async def ask(client: Client, text: str, pattern: bytes) -> str:
    """Type a line and return what the first group of ``pattern`` finds in the answer."""
    client.type(text.encode() + b"\n")
    await client.server.until(lambda: re.search(pattern, client.shown) is not None)
    found = re.search(pattern, client.shown)
    assert found is not None
    return found[1].decode()


async def gone(pid: int, start_time: int) -> None:
    with anyio.fail_after(10):
        while is_running(pid, start_time):
            await anyio.lowlevel.checkpoint()


async def test_reports_itself_in_short_and_then_in_full(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state), agent(server, state):
        await server.until(lambda: len(server.named("UpdateInstanceInformation")) >= 2)

        short, full = server.named("UpdateInstanceInformation")[:2]
        assert short.fields["InstanceId"] == full.fields["InstanceId"] == NODE_ID
        assert "ComputerName" not in short.fields
        assert full.fields["AgentStatus"] == "Active"


async def test_a_session_outlives_a_killed_agent_and_is_not_started_twice(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state):
        async with agent(server, state):
            client = await begin(server)
            shell = await ask(client, "echo pid=$$.", rb"pid=(\d+)\.")

        async with agent(server, state):
            control_lines(server)[-1].send(order_frame(order()))
            again = await ask(client, "echo still=$$.", rb"still=(\d+)\.")

        assert again == shell
        assert len(list(SessionRegistry(state.sessions).all())) == 1


async def test_stops_within_two_seconds_and_leaves_its_sessions(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state), agent(server, state) as process:
        client = await begin(server)
        began = anyio.current_time()

        process.terminate()
        await anyio.to_thread.run_sync(process.wait)

        assert anyio.current_time() - began < 2
        assert process.returncode == 0
        assert await ask(client, "echo still=$$.", rb"still=(\d+)\.")


async def test_ends_its_sessions_when_it_is_run_so(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state), agent(server, state, "--end-sessions") as process:
        await begin(server)

        process.terminate()
        await anyio.to_thread.run_sync(process.wait)

        assert list(SessionRegistry(state.sessions).all()) == []


async def test_ends_with_its_parent_and_so_do_the_sessions(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state):
        command = [sys.executable, "-P", "-m", "mooring.agent", "run", "--exit-with-parent"]
        parent = subprocess.Popen(
            [
                sys.executable, "-c",
                "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))",
                *command, "--state-dir", str(state.path),
            ],
            env=os.environ | {"MOORING_AGENT_SESSIONS_RUN_AS": "self"},
        )  # fmt: skip
        await server.until(lambda: bool(control_lines(server)))
        client = await begin(server)
        shell = int(await ask(client, "echo pid=$$.", rb"pid=(\d+)\."))
        found = read_process(shell)
        assert found is not None

        parent.kill()
        parent.wait()

        await gone(shell, found.start_time)


async def test_channel_closed_on_the_control_channel_ends_orphans_too(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state), agent(server, state):
        client = await begin(server)
        # Forked twice, in a process session of its own, deaf to hang-ups: nothing but descent.
        daemon = "(trap '' HUP; setsid sleep 1000 & echo pid=$!. ; exit)"
        pid = int(await ask(client, daemon, rb"pid=(\d+)\."))
        found = read_process(pid)
        assert found is not None

        body = ChannelClosed(session_id=SESSION_ID)
        control_lines(server)[-1].send(channel_closed_frame(body, stamp=stamp(), now=0))
        end = await client.until_ended()

        await gone(pid, found.start_time)
        assert end["SessionState"] == "Terminating"


async def test_a_shell_sees_nothing_of_the_agent(tmp_path: Path) -> None:
    secrets = {"AWS_SECRET_ACCESS_KEY": "hunter2", "MOORING_SECRET": "hunter2"}
    async with site(tmp_path) as (server, state), agent(server, state, environment=secrets):
        client = await begin(server)

        count = await ask(client, "echo count=$(env | grep -c hunter2).", rb"count=(\d+)\.")

        assert count == "0"


async def test_session_processes_cannot_be_read_by_their_user(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state), agent(server, state):
        await begin(server)
        session = next(SessionRegistry(state.sessions).all())

        # A process that may be dumped owns its files in /proc; one that may not, root does.
        status = Path(f"/proc/{session.pid}/status").read_text()
        assert f"Pid:\t{session.pid}\n" in status
        assert Path(f"/proc/{session.pid}/environ").stat().st_uid == 0


async def test_a_refused_user_is_told_to_the_person(tmp_path: Path) -> None:
    variables = {"MOORING_AGENT_SESSIONS_RUN_AS": "nobody-of-this-name"}
    async with site(tmp_path) as (server, state), agent(server, state, environment=variables):
        assert server.client is not None
        control_lines(server)[-1].send(order_frame(order()))

        end = await server.client.until_ended()

        assert end["Output"] == "user `nobody-of-this-name` does not exist on this node"


async def test_the_data_channel_says_that_this_is_our_own_agent(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state), agent(server, state):
        client = await begin(server)

        assert client.line is not None
        assert client.line.opening["ClientInstanceId"] == NODE_ID
        assert client.line.opening["MooringAgent"] == "0.1.0"


async def test_two_agents_do_not_share_a_state(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state), agent(server, state):
        second = await anyio.run_process(
            [sys.executable, "-m", "mooring.agent", "run", "--state-dir", str(state.path)],
            check=False,
        )

        assert second.returncode == 1
        assert b"another agent runs with the state" in second.stderr


async def test_tells_when_it_is_ready(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state):
        reader, writer = os.pipe()
        process = subprocess.Popen(
            [
                sys.executable, "-P", "-m", "mooring.agent", "run",
                "--state-dir", str(state.path), "--ready-fd", str(writer),
            ],
            pass_fds=(writer,),
        )  # fmt: skip
        os.close(writer)
        with contextlib.closing(open(reader, "rb")) as pipe:  # a pipe
            said = await anyio.to_thread.run_sync(pipe.readline)
        process.kill()
        process.wait()

        assert said == b"ready\n"
        assert server.lines


async def test_status_of_a_running_agent(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, state), agent(server, state):
        await begin(server)

        done = await anyio.run_process(
            [sys.executable, "-m", "mooring.agent", "status", "--state-dir", str(state.path)]
        )

        found = json.loads(done.stdout)
        assert found["Running"] is True
        assert [each["SessionId"] for each in found["Sessions"]] == [SESSION_ID]
