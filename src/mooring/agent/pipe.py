"""One connection of a port session that carries it alone, as `ssh` over a session does.

The client's bytes go to the target and the target's to the client, with nothing between. When
the target ends its side the session is over, once all it said is in the channel; a client that
has nothing more to say cannot tell us, so its going is the server's to notice.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable

import anyio
import anyio.abc

from mooring.agent.forward import Connect
from mooring.net.bell import Bell
from mooring.net.outlet import Outlet
from mooring.net.streams import Usage
from mooring.wire.data_channel import DataChannel

__all__ = ["Pipe"]

_MAX_AHEAD = 1024 * 1024
_MOST_AHEAD = 16 * 1024 * 1024
_PIECE_COST = 64
"""What a piece takes beside its bytes: a client may send them one by one."""
_READ_SIZE = 32 * 1024
_GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


class Pipe:
    """The node's side; ``connect`` makes the connection."""

    def __init__(
        self, channel: DataChannel, speak: Callable[[], None], *, connect: Connect
    ) -> None:
        self._taken = Bell()
        self._outlet = Outlet(channel, speak, self._taken.ring)
        self._connect = connect
        self._pieces: deque[bytes] = deque()
        self._ahead = 0
        self._arrived = Bell()
        self._ending = anyio.Event()
        self.usage = Usage()

    async def run(self) -> None:
        """Carry until the target has ended or ``stop``.

        Raises:
            TargetRefused: there is no connection.
        """
        try:
            target = await self._connect()
        except BaseException:
            self.usage.refused += 1
            raise
        self.usage.connections += 1
        try:
            async with target, anyio.create_task_group() as tasks:
                tasks.start_soon(self._pour, target)
                tasks.start_soon(self._cancel_on_stop, tasks.cancel_scope)
                await self._draw(target)
                tasks.cancel_scope.cancel()
        finally:
            self.stop()  # what nobody takes any more keeps nobody from hearing the client's acks

    def stop(self) -> None:
        """End the connection."""
        self._ending.set()
        self._taken.ring()

    def has_room(self) -> None:
        """Hear that the channel takes data again."""
        self._outlet.has_room()

    def take(self, data: bytes) -> bool:
        """Take bytes of the client; False if hopelessly much of them lies ahead."""
        self._pieces.append(data)
        self._ahead += len(data) + _PIECE_COST
        self._arrived.ring()
        return self._ahead <= _MOST_AHEAD

    def is_full(self) -> bool:
        """Whether too much lies ahead of the target; see ``Forward.is_full``."""
        is_much = self._ahead > _MAX_AHEAD
        return is_much and not self._outlet.is_waiting and not self._ending.is_set()

    async def wait_room(self) -> None:
        """Wait until it is not full."""
        while self.is_full():
            await self._taken.wait()

    async def _pour(self, target: anyio.abc.SocketStream) -> None:
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                with contextlib.suppress(*_GONE):
                    await target.send(piece)
                self._ahead -= len(piece) + _PIECE_COST
                self.usage.bytes_in += len(piece)
                self._taken.ring()
            await self._arrived.wait()

    async def _draw(self, target: anyio.abc.SocketStream) -> None:
        while True:
            try:
                data = await target.receive(_READ_SIZE)
            except (anyio.EndOfStream, *_GONE):
                return
            self.usage.bytes_out += len(data)
            await self._outlet.send(data)

    async def _cancel_on_stop(self, scope: anyio.CancelScope) -> None:
        await self._ending.wait()
        scope.cancel()
