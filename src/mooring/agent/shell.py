"""A login shell on a pseudo-terminal of its own, and the two directions of its bytes.

The shell starts with a clean environment: none of the agent's variables reaches it, whatever
they are, because the environment is built from an allow-list and not from the agent's.

Source: pty(7), tty_ioctl(4), environ(7), login(1) for what a login shell may expect.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import resource
import signal
import struct
import termios
from collections.abc import Mapping
from dataclasses import dataclass

import anyio

from mooring.agent.runas import ShellUser, tty_group

__all__ = ["INHERITED", "Shell", "ShellFailed", "environment", "login_shell", "start_shell"]

INHERITED = ("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_TIME", "TZ")
"""All that a shell takes over from the agent's environment: how the machine speaks."""

_READ_SIZE = 4096
"""What the kernel's terminal hands out at most in one read."""

_LITTLE = 256
_SH = "/bin/sh"

_ROOT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_USER_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
_NOT_SHELLS = ("nologin", "false", "true", "sync")
_WINDOW = struct.Struct("HHHH")
_DRAIN_QUIET_S = 0.05
_EXIT_CANNOT_START = 127
_SIGNAL_BASE = 128


class ShellFailed(Exception):
    """No shell could be started; the text is for the person who wanted it."""


def login_shell(user: ShellUser) -> str:
    """Return the user's own shell, or bash, or sh.

    A service user's `nologin` is no answer to a person whom policy lets in, so it counts as none.
    """
    choices = [user.shell, "/bin/bash", "/bin/sh"]
    if os.path.basename(user.shell) in _NOT_SHELLS:
        del choices[0]
    for path in choices:
        if path.startswith("/") and os.access(path, os.X_OK):
            return path
    raise ShellFailed("this node has no shell to start")


def environment(user: ShellUser, shell: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """Build what the shell finds in its environment, from nothing."""
    kept = {name: inherited[name] for name in INHERITED if name in inherited}
    return {
        "LANG": "C.UTF-8",
        **kept,
        "TERM": "xterm-256color",
        "HOME": user.home,
        "SHELL": shell,
        "USER": user.name,
        "LOGNAME": user.name,
        "PATH": _ROOT_PATH if user.uid == 0 else _USER_PATH,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """All that the child needs to know, so that it only has to do it."""

    user: ShellUser
    shell: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]


def start_shell(user: ShellUser, inherited: Mapping[str, str], command: str = "") -> Shell:
    """Start a login shell, or a command in ``sh``; call it while this process has one thread.

    Raises:
        ShellFailed: there is no terminal, no process or no shell to be had.
    """
    shell = login_shell(user)
    program = _SH if command else shell
    arguments = ("sh", "-c", command) if command else (f"-{os.path.basename(shell)}",)
    plan = _Plan(
        user=user,
        shell=program,
        arguments=arguments,
        environment=environment(user, shell, inherited),
    )
    try:
        master, slave = pty.openpty()
    except OSError as error:
        raise ShellFailed(f"no terminal is free on this node: {error}") from error
    try:
        _prepare_terminal(master, slave, user)
        pid = os.fork()
    except OSError as error:
        os.close(master)
        os.close(slave)
        raise ShellFailed(f"the shell could not be started: {error}") from error
    if pid == 0:
        _become(plan, slave)
    os.close(slave)
    return Shell(master=master, pid=pid)


def _prepare_terminal(master: int, slave: int, user: ShellUser) -> None:
    if user.groups is not None:
        # As sshd does: else the user could not open the own terminal by its name.
        group = tty_group()
        os.fchown(slave, user.uid, user.gid if group is None else group)
        os.fchmod(slave, 0o600 if group is None else 0o620)
    attributes = termios.tcgetattr(slave)
    attributes[0] |= termios.IUTF8 if hasattr(termios, "IUTF8") else 0o40000
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    fcntl.ioctl(master, termios.TIOCSWINSZ, _WINDOW.pack(24, 80, 0, 0))
    os.set_blocking(master, False)


def _become(plan: _Plan, slave: int) -> None:
    """Turn the forked child into the shell; never returns."""
    try:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for number in (0, 1, 2):
            os.dup2(slave, number)
        os.closerange(3, max(256, resource.getrlimit(resource.RLIMIT_NOFILE)[0] & 0xFFFFF))
        _default_signals()
        os.umask(0o022)
        _drop_to(plan.user)
        _go_home(plan.user.home)
        os.execve(plan.shell, list(plan.arguments), dict(plan.environment))  # noqa: S606  # the point of it all
    except OSError as error:
        os.write(2, f"the shell could not be started: {error}\r\n".encode())
    finally:
        os._exit(_EXIT_CANNOT_START)


def _default_signals() -> None:
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def _drop_to(user: ShellUser) -> None:
    if user.groups is None:
        return
    os.setgroups(user.groups)
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)


def _go_home(home: str) -> None:
    try:
        os.chdir(home)  # noqa: TID251  # this process becomes the shell
    except OSError:
        os.chdir("/")  # noqa: TID251  # see above


class Shell:
    """One shell and its terminal. One task reads, one writes."""

    def __init__(self, *, master: int, pid: int) -> None:
        self.pid = pid
        self._master = master
        self._process = os.pidfd_open(pid)
        self._code: int | None = None

    def fileno(self) -> int:
        """Return the terminal's descriptor, to wait for it."""
        return self._master

    async def read(self, limit: int) -> bytes:
        """Wait for output and take what is there, ``limit`` bytes at most; empty at the end."""
        while True:
            output, is_over = self.take(limit)
            if output or is_over:
                return output
            await anyio.wait_readable(self._master)

    async def drain(self, limit: int) -> bytes:
        """Take what the shell left behind when it ended; empty when there is no more.

        Its background processes may keep the terminal open, so a short silence is the end too.
        """
        with anyio.move_on_after(_DRAIN_QUIET_S):
            return await self.read(limit)
        return b""

    def take(self, limit: int) -> tuple[bytes, bool]:
        """Take output without waiting, and tell whether it has ended.

        After little there is most likely no more, so that the echo of a key costs one read.
        """
        pieces: list[bytes] = []
        size = 0
        is_over = False
        while size < limit:
            try:
                piece = os.read(self._master, min(_READ_SIZE, limit - size))
            except BlockingIOError:
                break
            except OSError:
                # EIO: nobody holds the other side any more.
                is_over = True
                break
            if not piece:
                is_over = True
                break
            pieces.append(piece)
            size += len(piece)
            if size < _LITTLE:
                break
        return b"".join(pieces), is_over

    def put(self, data: bytes) -> int:
        """Type ``data`` without waiting, and count the bytes that the terminal took.

        A shell that is gone reads nothing, and takes all.
        """
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)

    def resize(self, *, columns: int, rows: int) -> None:
        """Change the terminal's size; the programs in it get SIGWINCH."""
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, _WINDOW.pack(rows, columns, 0, 0))

    async def wait(self) -> int:
        """Wait for the shell to end; its exit code, or 128 and the signal that killed it."""
        while self._code is None:
            await anyio.wait_readable(self._process)
            self._code = reap(self.pid)
        return self._code

    def close(self) -> None:
        """Let go of the terminal: the kernel hangs up on whoever still holds it."""
        for handle in (self._master, self._process):
            with contextlib.suppress(OSError):
                os.close(handle)


def reap(pid: int) -> int | None:
    """Take the exit code of a child that has ended; None while it runs."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return _EXIT_CANNOT_START
    if found == 0:
        return None
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _SIGNAL_BASE - code
