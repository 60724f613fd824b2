"""A small warm process that forks one session process per order, in milliseconds.

A fresh Python takes 240 ms to start and 25 MB of its own; a fork of a process that has imported
everything takes 4 ms and shares it. The zygote is forked off when the agent starts, before there
is an event loop, a thread or a socket that a child should not have. It ends with the agent; the
sessions it made do not.

One datagram each way: the order, as the server wrote it; and ``{"Pid": …}``, or an error.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
from collections.abc import Callable
from typing import NoReturn

import anyio

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, write_json

__all__ = ["MAX_ORDER", "Zygote", "ZygoteGone", "start_zygote"]

MAX_ORDER = 128 * 1024
"""The longest order that fits into a datagram, with room to spare."""

_ANSWER_SIZE = 1024
_ANSWER_TIMEOUT_S = 5.0


class ZygoteGone(Exception):
    """The zygote has ended; the agent has to start anew."""


class Zygote:
    """The agent's end."""

    def __init__(self, *, pid: int, line: socket.socket) -> None:
        self.pid = pid
        self._line = line
        self._lock = anyio.Lock()

    async def start(self, order: bytes) -> int:
        """Start a session process and return its id; nobody has to wait for it.

        Raises:
            ZygoteGone: there is no zygote any more.
            OSError: the machine has no process to spare.
        """
        async with self._lock:
            try:
                self._line.send(order)
                with anyio.fail_after(_ANSWER_TIMEOUT_S):
                    await anyio.wait_readable(self._line)
                answer = self._line.recv(_ANSWER_SIZE)
            except (OSError, TimeoutError) as error:
                raise ZygoteGone(f"the zygote does not answer: {error}") from error
        try:
            body = JsonObject.parse(answer, what="answer of the zygote")
            pid = body.integer_or_none("Pid")
        except RemoteProtocolError as error:
            raise ZygoteGone("the zygote has ended") from error
        if pid is None:
            raise OSError(body.text_or("Error", "no process"))
        return pid

    async def wait_gone(self) -> None:
        """Wait until the zygote ends, which it should not."""
        handle = os.pidfd_open(self.pid)
        try:
            await anyio.wait_readable(handle)
        finally:
            os.close(handle)

    def close(self) -> None:
        """Let the zygote end."""
        self._line.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def start_zygote(run_session: Callable[[bytes], None]) -> Zygote:
    """Fork the zygote off; ``run_session`` is what its children do with an order.

    Call it while this process has one thread, and after importing what sessions need.
    """
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    gc.collect()
    # Objects that the collector never visits again stay shared between all processes.
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            _serve(its, run_session)
        finally:
            os._exit(0)
    its.close()
    ours.setblocking(False)  # noqa: FBT003
    return Zygote(pid=pid, line=ours)


def _serve(line: socket.socket, run_session: Callable[[bytes], None]) -> None:
    """Fork on order until the agent is gone."""
    # A terminal's Ctrl-C is for the agent; it lets us know by hanging up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Nobody asks how a session process ended, so the kernel may bury it.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while order := line.recv(MAX_ORDER):
        try:
            pid = os.fork()
        except OSError as error:
            line.send(write_json({"Error": str(error)}))
            continue
        if pid == 0:
            line.close()
            _be_session(order, run_session)
        line.send(write_json({"Pid": pid}))


def _be_session(order: bytes, run_session: Callable[[bytes], None]) -> NoReturn:
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        run_session(order)
        code = 0
    finally:
        os._exit(code)
