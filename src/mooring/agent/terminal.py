"""Join a shell to a data channel: what is typed goes in, what it prints goes out.

Output is read only while the channel has room, so a client that reads slowly stops the program,
not the agent's memory. Payloads end between characters, because clients decode each one by itself.
"""

from __future__ import annotations

from collections import deque

import anyio

from mooring.agent.bell import Bell
from mooring.agent.shell import Shell
from mooring.wire.data_channel import DataChannel
from mooring.wire.payloads import PayloadType, TerminalSize
from mooring.wire.utf8 import Utf8Splitter, incomplete_suffix

__all__ = ["LARGE_PAYLOAD", "SMALL_PAYLOAD", "Terminal", "pieces"]

SMALL_PAYLOAD = 1024
"""What every client takes, in bytes."""

LARGE_PAYLOAD = 32 * 1024

_READ_SIZE = 32 * 1024
_MAX_AHEAD = 256 * 1024
_MOST_AHEAD = 16 * 1024 * 1024


class Terminal:
    """One shell and one channel; ``bell`` rings when the channel has something to send."""

    def __init__(self, shell: Shell, channel: DataChannel, bell: Bell, *, profile: str) -> None:
        """Join them; the lines of ``profile`` are typed before everything else."""
        self._shell = shell
        self._channel = channel
        self._bell = bell
        self._payload = SMALL_PAYLOAD
        self._splitter = Utf8Splitter()
        self._unsent: deque[bytes] = deque()
        self._room = Bell()
        self._waits_for_room = False
        self._stop = anyio.Event()
        self._is_over = False
        self._ahead: deque[bytes] = deque([f"{profile}\n".encode()] if profile else ())
        self._ahead_bytes = sum(map(len, self._ahead))
        self._arrived = Bell()
        self._taken = Bell()

    async def run(self) -> int:
        """Work until the shell has ended and its output is in the channel; its exit code."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._type)
            tasks.start_soon(self._show)
            code = await self._shell.wait()
            tasks.cancel_scope.cancel()
        self._forget_input()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cancel_on_stop, tasks.cancel_scope)
            await self._show_rest()
            tasks.cancel_scope.cancel()
        return code

    def _forget_input(self) -> None:
        """Let whoever waits for the shell to read go on: it never will."""
        self._is_over = True
        self._ahead.clear()
        self._ahead_bytes = 0
        self._taken.ring()

    def stop(self) -> None:
        """Show no more: nobody will see it."""
        self._stop.set()
        self._taken.ring()

    def has_room(self) -> None:
        """Hear that the channel takes output again."""
        self._room.ring()

    def use_payloads(self, size_bytes: int) -> None:
        """Cut output into pieces of this size from now on."""
        self._payload = size_bytes
        self._channel.set_max_payload(size_bytes)

    def resize(self, size: TerminalSize) -> None:
        """Change the size that programs see."""
        self._shell.resize(columns=size.columns, rows=size.rows)

    async def type(self, data: bytes) -> bool:
        """Take input; waits while far too much of it lies ahead. False if nothing helps.

        Not reading is how a peer is slowed down. But who does not read gets no acknowledgements
        either: while the shell waits for those before it reads on, we must not wait for it. The
        channel says only at half its window that it has room, so some room is no answer.
        """
        if self._is_over:
            return True
        self._ahead.append(data)
        self._ahead_bytes += len(data)
        self._arrived.ring()
        while self._ahead_bytes > _MAX_AHEAD and not self._waits_for_room:
            if self._stop.is_set():
                break
            await self._taken.wait()
        return self._ahead_bytes <= _MOST_AHEAD

    async def _type(self) -> None:
        while True:
            while self._ahead:
                data = self._ahead.popleft()
                await self._shell.write(data)
                self._ahead_bytes -= len(data)
                self._taken.ring()
            await self._arrived.wait()

    async def _show(self) -> None:
        while True:
            await self._send()
            output = await self._shell.read(_READ_SIZE)
            if not output:
                return
            self._unsent.extend(pieces(self._splitter.push(output), self._payload))

    async def _show_rest(self) -> None:
        await self._send()
        while output := await self._shell.drain(_READ_SIZE):
            self._unsent.extend(pieces(self._splitter.push(output), self._payload))
            await self._send()
        self._unsent.extend(pieces(self._splitter.flush(), self._payload))
        await self._send()

    async def _send(self) -> None:
        # INVARIANT: a piece leaves the queue in the moment in which it enters the channel, so
        # nothing is lost when this is cancelled while it waits.
        while self._unsent and not self._channel.closed:
            if self._channel.room():
                now = anyio.current_time()
                self._channel.send(PayloadType.OUTPUT, self._unsent.popleft(), now)
                self._bell.ring()
            else:
                self._waits_for_room = True
                self._taken.ring()
                await self._room.wait()
                self._waits_for_room = False

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
