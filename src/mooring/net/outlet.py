"""Put bytes into a data channel as it has room, in order, for one task at a time."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from mooring.net.bell import Bell
from mooring.wire.data_channel import DataChannel
from mooring.wire.payloads import PayloadType

__all__ = ["Outlet"]

_PIECE = 32 * 1024


class Outlet:
    """The channel's end for one sender.

    ``speak`` is called when the channel has something to send, ``stuck`` when the sender begins
    to wait for room.

    Attributes:
        is_waiting: whether the sender waits for the peer to acknowledge what it has.
    """

    def __init__(
        self, channel: DataChannel, speak: Callable[[], None], stuck: Callable[[], None]
    ) -> None:
        self._channel = channel
        self._speak = speak
        self._stuck = stuck
        self._room = Bell()
        self.is_waiting = False

    def has_room(self) -> None:
        """Hear that the channel takes data again."""
        self._room.ring()

    async def send(self, data: bytes) -> None:
        """Return when all of it is in the channel; what comes after its end is dropped.

        INVARIANT: a piece counts as sent in the moment in which it enters the channel, so that
        whoever is cancelled while it waits has sent a prefix.
        """
        rest = memoryview(data)
        while rest and not self._channel.closed:
            size = min(len(rest), _PIECE)
            if self._channel.room():
                piece, rest = bytes(rest[:size]), rest[size:]
                self._channel.send(PayloadType.OUTPUT, piece, anyio.current_time())
                self._speak()
            else:
                self.is_waiting = True
                self._stuck()
                await self._room.wait()
                self.is_waiting = False
