"""Carry a sans-I/O channel over a websocket: the only place where the two meet.

A person waits for each key, so what comes in is taken, and what follows from it is sent, in the
very callback that read it; a task's turn in between costs more than all the rest. Only what cannot
be done at once waits:

====================  =========================================================================
the socket is full    what is to be sent stays in the channel until the server has read on
the owner is full     what came in stays in the websocket, which in the end reads no more
nothing is due yet    one timer, that of the earliest time ever asked for; it looks again then
====================  =========================================================================
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from types import TracebackType
from typing import Generic, Protocol, TypeVar

import anyio

from mooring.net.websocket_client import WebSocket

__all__ = ["Carrier", "Channel", "Owner"]

EventT = TypeVar("EventT")
EventT_co = TypeVar("EventT_co", covariant=True)
EventT_contra = TypeVar("EventT_contra", contravariant=True)

_EARLY_S = 0.001
"""Loops count in milliseconds, so a timer may come so much before its time."""


class Channel(Protocol[EventT_co]):
    """What every codec with state offers. No method waits, and none reads a clock."""

    closed: bool

    def reconnected(self, now: float) -> None:
        """Go on over a new connection."""

    def disconnected(self) -> None:
        """Note that the connection is gone."""

    def receive(self, data: bytes, now: float) -> None:
        """Take one message from the peer."""

    def tick(self, now: float) -> None:
        """Do what is due: resend, acknowledge, give up."""

    def deadline(self) -> float | None:
        """When ``tick`` is next due, in seconds on the loop's clock; None for never."""

    def events(self) -> Sequence[EventT_co]:
        """Take the events since the last call."""

    def writes(self) -> Sequence[bytes]:
        """Take the messages to send since the last call."""


class Owner(Protocol[EventT_contra]):
    """Who a channel speaks for."""

    def handle(self, event: EventT_contra) -> None:
        """Do what an event asks for; nothing here waits."""

    def is_full(self) -> bool:
        """Whether nothing more should be heard for now."""

    async def wait_room(self) -> None:
        """Wait until it is not full."""


class Carrier(Generic[EventT]):
    """One connection while it carries a channel, inside ``with``.

    Implements ``websocket_client.Ears``; these methods are for the websocket.
    """

    def __init__(
        self, channel: Channel[EventT], websocket: WebSocket, owner: Owner[EventT]
    ) -> None:
        self.has_heard = False
        """Whether anything came over this connection."""
        self._channel = channel
        self._websocket = websocket
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._is_open = False
        self._over = anyio.Event()
        self._news = anyio.Event()

    def __enter__(self) -> Carrier[EventT]:
        self._is_open = True
        self._websocket.ears = self
        self.speak()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        self._websocket.ears = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def speak(self) -> None:
        """Send what the channel has, as soon as the socket takes it; call it after each change."""
        if not self._is_open:
            return
        if self._websocket.takes_now:
            frames = self._channel.writes()
            if frames:
                self._websocket.send_now(frames)
            if self._channel.closed:
                self._over.set()
        due = self._channel.deadline()
        if due is not None and due < self._timer_at:
            self._arm(due)

    async def hear(self) -> None:
        """Take what could not be taken at once.

        Raises:
            WebSocketClosed: the connection is over.
        """
        while True:
            if self._owner.is_full():
                await self._owner.wait_room()
            self._take(await self._websocket.receive())

    async def wait_over(self) -> None:
        """Wait until the channel has closed and its last words are on their way."""
        await self._over.wait()

    async def wait_heard(self) -> None:
        """Wait for the next message."""
        self._news = anyio.Event()
        await self._news.wait()

    # What the websocket calls.

    def heard(self, message: bytes | str) -> bool:
        """See ``Ears.heard``."""
        if self._owner.is_full():
            return False
        self._take(message)
        return True

    def may_speak(self) -> None:
        """See ``Ears.may_speak``."""
        self.speak()

    def _take(self, message: bytes | str) -> None:
        # Text has no meaning after the first words.
        if isinstance(message, bytes):
            self.has_heard = True
            self._channel.receive(message, self._loop.time())
            self._tell()
            self.speak()
            self._news.set()

    def _tell(self) -> None:
        for event in self._channel.events():
            self._owner.handle(event)

    def _arm(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._loop.call_at(due, self._look)

    def _look(self) -> None:
        """Do what is due; what was acknowledged meanwhile is due no more."""
        self._timer, self._timer_at = None, math.inf
        due = self._channel.deadline()
        now = self._loop.time()
        if due is not None and due <= now + _EARLY_S:
            self._channel.tick(max(now, due))
            self._tell()
        self.speak()
