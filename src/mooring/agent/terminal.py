"""Join a shell to a data channel: what is typed goes in, what it prints goes out.

Output is read only while the channel has room, so a client that reads slowly stops the program,
not the agent's memory. Payloads end between characters, because clients decode each one by itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import anyio

from mooring.agent.shell import Shell
from mooring.agent.work import SMALL_PAYLOAD
from mooring.net.bell import Bell
from mooring.wire.data_channel import DataChannel
from mooring.wire.payloads import PayloadType, TerminalSize
from mooring.wire.utf8 import Utf8Splitter, incomplete_suffix

__all__ = ["Terminal", "pieces"]

_READ_SIZE = 32 * 1024
_BUSY_BYTES = 4 * 1024
_GATHER_S = 0.001
"""While more than ``_BUSY_BYTES`` are on their way nobody waits for an echo; so what a program
prints is gathered a little, or a flood would leave in crumbs, each with a frame of its own."""

_MAX_AHEAD = 256 * 1024
_MOST_AHEAD = 16 * 1024 * 1024


class Terminal:
    """One shell and one channel; ``speak`` is called when the channel has something to send."""

    def __init__(
        self, shell: Shell, channel: DataChannel, speak: Callable[[], None], *, profile: str
    ) -> None:
        """Join them; the lines of ``profile`` are typed before everything else."""
        self._shell = shell
        self._channel = channel
        self._speak = speak
        self._loop = asyncio.get_running_loop()
        self._payload = SMALL_PAYLOAD
        self._splitter = Utf8Splitter()
        self._unsent: deque[bytes] = deque()
        self._is_reading = False
        self._gathering: asyncio.TimerHandle | None = None
        self._room = Bell()
        self._stop = anyio.Event()
        self._ahead: deque[bytes] = deque([f"{profile}\n".encode()] if profile else ())
        self._ahead_bytes = sum(map(len, self._ahead))
        self._is_writing = False
        self._taken = Bell()
        self._is_running = False
        self._is_over = False

    async def run(self) -> int:
        """Work until the shell has ended and its output is in the channel; its exit code."""
        self._is_running = True
        try:
            self._send()
            self._type()
            code = await self._shell.wait()
        finally:
            self._is_running = False
            self._is_over = True
            self._read_on(on=False)
            if self._gathering is not None:
                self._gathering.cancel()
            self._forget_input()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cancel_on_stop, tasks.cancel_scope)
            await self._show_rest()
            tasks.cancel_scope.cancel()
        return code

    def stop(self) -> None:
        """Show no more: nobody will see it."""
        self._stop.set()
        self._taken.ring()

    def has_room(self) -> None:
        """Hear that the channel takes output again."""
        self._send()
        self._room.ring()

    def use_payloads(self, size_bytes: int) -> None:
        """Cut output into pieces of this size from now on."""
        self._payload = size_bytes
        self._channel.set_max_payload(size_bytes)

    def resize(self, size: TerminalSize) -> None:
        """Change the size that programs see."""
        self._shell.resize(columns=size.columns, rows=size.rows)

    # What is typed.

    def is_full(self) -> bool:
        """Whether far too much input lies ahead of the shell to take more.

        Not reading is how a peer is slowed down. But who does not read gets no acknowledgements
        either: while the shell waits for those before it reads on, we must not wait for it. The
        channel says only at half its window that it has room, so some room is no answer.
        """
        is_much = self._ahead_bytes > _MAX_AHEAD
        return is_much and not self._unsent and not self._stop.is_set()

    async def wait_room(self) -> None:
        """Wait until it is not full."""
        while self.is_full():
            await self._taken.wait()

    def type(self, data: bytes) -> bool:
        """Take input, and type what the shell takes at once; False if it lies hopelessly ahead."""
        if self._is_over:
            return True
        if self._is_running and not self._ahead:
            data = data[self._shell.put(data) :]
        if data:
            self._ahead.append(data)
            self._ahead_bytes += len(data)
            self._write_on(on=self._is_running)
        return self._ahead_bytes <= _MOST_AHEAD

    def _type(self) -> None:
        """Go on typing; called whenever the terminal takes more."""
        while self._ahead:
            data = self._ahead[0]
            taken = self._shell.put(data)
            self._ahead_bytes -= taken
            if taken < len(data):
                self._ahead[0] = data[taken:]
                break
            self._ahead.popleft()
        self._write_on(on=bool(self._ahead))
        self._taken.ring()

    def _forget_input(self) -> None:
        """Let whoever waits for the shell to read go on: it never will."""
        self._write_on(on=False)
        self._ahead.clear()
        self._ahead_bytes = 0
        self._taken.ring()

    def _write_on(self, *, on: bool) -> None:
        if on and not self._is_writing:
            self._loop.add_writer(self._shell.fileno(), self._type)
        elif self._is_writing and not on:
            self._loop.remove_writer(self._shell.fileno())
        self._is_writing = on

    # What is shown.

    def _notice(self) -> None:
        """See that the shell has printed something."""
        if self._channel.unacked_bytes > _BUSY_BYTES:
            self._gathering = self._loop.call_later(_GATHER_S, self._show)
            self._read_on(on=False)
        else:
            self._show()

    def _show(self) -> None:
        """Take what the shell has printed."""
        self._gathering = None
        output, is_over = self._shell.take(_READ_SIZE)
        self._unsent.extend(pieces(self._splitter.push(output), self._payload))
        self._send()
        if is_over:
            self._read_on(on=False)

    async def _show_rest(self) -> None:
        await self._send_all()
        while output := await self._shell.drain(_READ_SIZE):
            self._unsent.extend(pieces(self._splitter.push(output), self._payload))
            await self._send_all()
        self._unsent.extend(pieces(self._splitter.flush(), self._payload))
        await self._send_all()

    async def _send_all(self) -> None:
        self._send()
        while self._unsent:
            await self._room.wait()

    def _send(self) -> None:
        """Put into the channel what it has room for, and read on when that is all."""
        # INVARIANT: a piece leaves the queue in the moment in which it enters the channel.
        is_news = False
        while self._unsent and self._channel.room() and not self._channel.closed:
            piece = self._unsent.popleft()
            self._channel.send(PayloadType.OUTPUT, piece, self._loop.time())
            is_news = True
        if self._channel.closed:
            self._unsent.clear()
        if is_news:
            self._speak()
        self._read_on(on=self._is_running and not self._unsent and self._gathering is None)
        if self._unsent:
            self._taken.ring()

    def _read_on(self, *, on: bool) -> None:
        if on and not self._is_reading:
            self._loop.add_reader(self._shell.fileno(), self._notice)
        elif self._is_reading and not on:
            self._loop.remove_reader(self._shell.fileno())
        self._is_reading = on

    async def _cancel_on_stop(self, scope: anyio.CancelScope) -> None:
        await self._stop.wait()
        scope.cancel()


def pieces(data: bytes, size_bytes: int) -> list[bytes]:
    """Cut output into pieces of at most ``size_bytes`` (4 or more), between characters."""
    found = []
    start = 0
    while start < len(data):
        piece = data[start : start + size_bytes]
        if start + len(piece) < len(data):
            piece = piece[: len(piece) - incomplete_suffix(piece)]
        found.append(piece)
        start += len(piece)
    return found
