"""The node's side of a forward: a connection to the target for each stream of the client."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio
import anyio.abc

from mooring.agent.targets import TargetRefused
from mooring.net.streams import Streams, Usage
from mooring.wire.data_channel import DataChannel
from mooring.wire.payloads import PayloadType, SessionFlag, serialize_flag

__all__ = ["Connect", "Forward"]

Connect = Callable[[], Awaitable[anyio.abc.SocketStream]]

logger = logging.getLogger(__name__)


class Forward:
    """Carries until ``stop``; ``connect`` makes a connection to the target."""

    def __init__(
        self,
        channel: DataChannel,
        speak: Callable[[], None],
        *,
        connect: Connect,
        version: int,
    ) -> None:
        self._channel = channel
        self._speak = speak
        self._connect = connect
        self._streams = Streams(channel, speak, version=version, opened=self._opened)
        self._waiting: list[int] = []
        self._tasks: anyio.abc.TaskGroup | None = None

    @property
    def usage(self) -> Usage:
        """What was carried so far."""
        return self._streams.usage

    async def run(self) -> None:
        """Carry until ``stop``, which ends every connection."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            for stream_id in self._waiting:
                tasks.start_soon(self._serve, stream_id)
            await self._streams.run()
            tasks.cancel_scope.cancel()
        self._tasks = None

    def stop(self) -> None:
        """End every connection."""
        self._streams.stop()

    def has_room(self) -> None:
        """Hear that the channel takes data again."""
        self._streams.has_room()

    def take(self, data: bytes) -> bool:
        """Take bytes of the client; False if the session cannot go on."""
        return self._streams.take(data)

    def is_full(self) -> bool:
        """Whether nothing more should be taken for now."""
        return self._streams.is_full()

    async def wait_room(self) -> None:
        """Wait until it is not full."""
        await self._streams.wait_room()

    def _opened(self, stream_id: int) -> None:
        if self._tasks is None:
            self._waiting.append(stream_id)
        else:
            self._tasks.start_soon(self._serve, stream_id)

    async def _serve(self, stream_id: int) -> None:
        """Have one connection, from its first byte to its last."""
        try:
            target = await self._connect()
        except TargetRefused as error:
            logger.info("target_refused", extra={"reason": str(error)})
            self._streams.refuse(stream_id)
            # A client that does not read is told no more: flags are kept until it has read them.
            if not self._channel.closed and self._channel.room():
                flag = serialize_flag(SessionFlag.CONNECT_TO_PORT_ERROR)
                self._channel.send(PayloadType.FLAG, flag, anyio.current_time())
                self._speak()
            return
        await self._streams.carry(stream_id, target)
