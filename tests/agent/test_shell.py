"""Real shells on real terminals."""

import os
import pwd
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from mooring.agent.processes import end_all, is_running, read_process
from mooring.agent.runas import ShellUser
from mooring.agent.shell import Shell, ShellFailed, environment, login_shell, start_shell


def myself(shell: str = "/bin/bash") -> ShellUser:
    entry = pwd.getpwuid(os.getuid())
    return ShellUser(
        name=entry.pw_name,
        uid=entry.pw_uid,
        gid=entry.pw_gid,
        groups=None,
        home="/",
        shell=shell,
    )


@asynccontextmanager
async def opened(user: ShellUser | None = None) -> AsyncIterator[Shell]:
    shell = start_shell(user or myself(), {})
    try:
        yield shell
    finally:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shell.wait)
            await end_all(shell.pid, None, grace_s=0, limit_s=5)
        shell.close()


async def read_until(shell: Shell, pattern: bytes) -> bytes:
    """Read until the output holds ``pattern``, and give back all of it."""
    seen = b""
    with anyio.fail_after(10):
        while not re.search(pattern, seen):
            piece = await shell.read(32 * 1024)
            assert piece, f"the shell ended after {seen!r}"
            seen += piece
    return seen


async def typed(shell: Shell, data: bytes) -> None:
    """Type all of it, however slowly the shell reads."""
    while data:
        data = data[shell.put(data) :]
        if data:
            await anyio.wait_writable(shell.fileno())


async def quiet(shell: Shell) -> None:
    """Switch off what makes output hard to read: prompt and echo."""
    await typed(shell, b"PS1= PS2= PROMPT_COMMAND=; bind 'set enable-bracketed-paste off'\n")
    await typed(shell, b"stty -echo; echo re''ady\n")
    await read_until(shell, rb"ready\r\n")


async def test_runs_what_is_typed() -> None:
    async with opened() as shell:
        await quiet(shell)

        await typed(shell, b"echo $((6 * 7))\n")

        assert b"42\r\n" in await read_until(shell, rb"42\r\n")


async def test_starts_with_80_columns_and_24_rows() -> None:
    async with opened() as shell:
        await quiet(shell)

        await typed(shell, b"stty size\n")

        assert await read_until(shell, rb"\r\n") == b"24 80\r\n"


async def test_tells_programs_the_size_of_the_terminal() -> None:
    async with opened() as shell:
        await quiet(shell)

        shell.resize(columns=133, rows=51)
        await typed(shell, b"stty size\n")

        assert await read_until(shell, rb"\r\n") == b"51 133\r\n"


async def test_reports_the_exit_code() -> None:
    async with opened() as shell:
        await typed(shell, b"exit 37\n")

        with anyio.fail_after(10):
            assert await shell.wait() == 37


async def test_reports_the_signal_that_killed_the_shell_as_shells_do() -> None:
    async with opened() as shell:
        await typed(shell, b"kill -KILL $$\n")

        with anyio.fail_after(10):
            assert await shell.wait() == 128 + 9


async def test_what_was_printed_before_the_exit_can_still_be_read() -> None:
    async with opened() as shell:
        await quiet(shell)
        await typed(shell, b"seq 1 200; sleep 100 & exit\n")
        with anyio.fail_after(10):
            await shell.wait()

        seen = b""
        while piece := await shell.drain(32 * 1024):
            seen += piece

        assert seen.startswith(b"1\r\n2\r\n")
        assert b"199\r\n200\r\n" in seen


async def test_the_end_of_the_terminal_is_the_end_of_the_output() -> None:
    async with opened() as shell:
        await typed(shell, b"exit\n")
        await shell.wait()

        with anyio.fail_after(10):
            while await shell.read(4096):
                pass

        assert await shell.read(4096) == b""


async def test_control_c_stops_a_flood() -> None:
    async with opened() as shell:
        await quiet(shell)
        await typed(shell, b"yes\n")
        await read_until(shell, rb"(y\r\n){1000}")

        await typed(shell, b"\x03")
        await typed(shell, b"echo qui''et\n")

        assert await read_until(shell, rb"quiet\r\n")


async def test_types_more_than_the_terminal_holds_at_once() -> None:
    async with opened() as shell:
        await quiet(shell)
        await typed(shell, b"stty raw; echo ra''w; head -c 300000 | cksum\n")
        await read_until(shell, b"raw")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(typed, shell, b"x" * 300_000)
            seen = await read_until(shell, rb"\d+ 300000")

        assert seen


async def test_the_environment_holds_nothing_of_the_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("MOORING_AGENT_STATE_DIR", "hunter2")
    async with opened(myself("/bin/sh")) as shell:
        await typed(shell, b"stty -echo; PS1=; echo re''ady\n")
        await read_until(shell, rb"ready\r\n")

        await typed(shell, b"env -0 | tr '\\0\\n' '\\n '; echo do''ne\n")
        seen = (await read_until(shell, rb"done\r\n")).decode()

        names = {line.partition("=")[0] for line in seen.splitlines() if "=" in line}
        allowed = {"TERM", "LANG", "HOME", "SHELL", "USER", "LOGNAME", "PATH"}
        assert names - {"PWD", "OLDPWD", "SHLVL", "_", "PS1", "MAIL"} <= allowed
        assert "hunter2" not in seen


async def test_the_shell_has_no_descriptor_but_its_terminal() -> None:
    leaked = os.dup2(2, 20, inheritable=True)
    async with opened() as shell:
        await quiet(shell)

        await typed(shell, b"readlink /proc/$$/fd/* | sort -u\n")
        await typed(shell, b"echo do''ne\n")
        seen = (await read_until(shell, rb"done\r\n")).decode()
    os.close(leaked)

    assert {line for line in seen.split() if line.startswith("/")} <= {seen.split()[0]}
    assert seen.startswith("/dev/pts/")


async def test_leads_a_process_session_of_its_own() -> None:
    async with opened() as shell:
        await quiet(shell)

        found = read_process(shell.pid)

        assert found is not None
        assert found.session == shell.pid


async def test_ends_background_processes_too() -> None:
    async with opened() as shell:
        await quiet(shell)
        await typed(shell, b"(trap '' HUP; exec sleep 1000) & echo pid=$!.\n")
        pid = int(re.findall(rb"pid=(\d+)", await read_until(shell, rb"pid=\d+\."))[0])
        child = read_process(pid)
        assert child is not None

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shell.wait)
            ended = await end_all(shell.pid, None, grace_s=0.1, limit_s=5)

        assert ended
        assert not is_running(pid, child.start_time)


def test_an_own_shell_goes_before_bash() -> None:
    assert login_shell(myself("/bin/sh")) == "/bin/sh"


@pytest.mark.parametrize("shell", ["/usr/sbin/nologin", "/bin/false", "", "/no/such", "bash"])
def test_takes_bash_or_sh_when_there_is_no_own_shell(shell: str) -> None:
    assert login_shell(myself(shell)) in {"/bin/bash", "/bin/sh"}


def test_keeps_the_language_and_invents_one_only_if_there_is_none() -> None:
    assert environment(myself(), "/bin/sh", {})["LANG"] == "C.UTF-8"
    assert environment(myself(), "/bin/sh", {"LANG": "ja_JP.UTF-8"})["LANG"] == "ja_JP.UTF-8"
    assert "LC_EVIL" not in environment(myself(), "/bin/sh", {"LC_EVIL": "x"})


def test_a_user_has_no_folders_of_root_in_the_path() -> None:
    user = replace(myself(), uid=1000)

    assert "sbin" not in environment(user, "/bin/sh", {})["PATH"]


async def test_a_shell_that_cannot_be_run_ends_with_127() -> None:
    # A folder counts as executable, and is no program.
    async with opened(myself("/")) as shell:
        assert await shell.wait() == 127


def test_says_when_a_node_has_no_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(ShellFailed, match="no shell"):
        login_shell(myself())


async def test_a_command_runs_in_a_terminal_and_ends_with_its_own_code() -> None:
    shell = start_shell(myself(), {}, "tty -s && echo in $((6*7)) terminal; exit 3")
    try:
        await read_until(shell, rb"in 42 terminal\r\n")

        with anyio.fail_after(10):
            assert await shell.wait() == 3
    finally:
        shell.close()
