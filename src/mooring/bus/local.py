"""The bus within one process.

It promises what a bus between processes can keep, and no more: a message is delivered at most
once; receivers run by themselves, so no publisher waits for one and none hears of its failure;
a requester that gives up does not stop the receiver.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import anyio
from anyio.abc import TaskGroup

from mooring.ports.world import NoSubscriber

__all__ = ["BusStatistics", "LocalBus", "LocalSubscription"]

Receive = Callable[[bytes], Awaitable[bytes]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusStatistics:
    """What the bus holds: subjects listened on, receivers at work, messages dropped so far."""

    subjects: int
    running: int
    dropped: int


class LocalBus:
    """An async context manager; leaving it stops the receivers that are still at work.

    At most ``max_running`` receivers run at a time. A message published beyond that is dropped
    and counted, a request beyond it gets no answer: waiting would make receivers that publish
    wait for each other.
    """

    def __init__(self, *, max_running: int = 10_000) -> None:
        self._subscribers: dict[str, list[LocalSubscription]] = {}
        self._max_running = max_running
        self._running = 0
        self._dropped = 0
        self._tasks: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        self._tasks = await anyio.create_task_group().__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        tasks, self._tasks = self._tasks, None
        self._subscribers.clear()
        assert tasks is not None  # noqa: S101 only entered contexts are left
        tasks.cancel_scope.cancel()
        if isinstance(exc, Exception):
            await tasks.__aexit__(None, None, None)
            return False  # it comes out by itself, and not in a group
        return await tasks.__aexit__(exc_type, exc, traceback)

    def subscribe(self, subject: str, receive: Receive) -> LocalSubscription:
        """Call ``receive`` for each message on the subject; its answer goes to a requester.

        Of several subscribers the newest gets the requests: a node that dialled in again is
        reached on its new line.
        """
        subscription = LocalSubscription(self, subject, receive)
        self._subscribers.setdefault(subject, []).append(subscription)
        return subscription

    async def request(self, subject: str, message: bytes, *, timeout_s: float) -> bytes:
        """Send to one subscriber and return its answer.

        Raises:
            NoSubscriber: nobody listens.
            TimeoutError: no answer in time, or the receiver failed.
        """
        subscribers = self._subscribers.get(subject)
        if not subscribers:
            raise NoSubscriber(f"nobody listens on `{subject}`")
        answer = _Answer()
        self._start(subscribers[-1], message, answer)
        with anyio.move_on_after(timeout_s):
            await answer.given.wait()
        if answer.content is None:
            raise TimeoutError(f"no answer on `{subject}` within {timeout_s:g} s")
        return answer.content

    async def publish(self, subject: str, message: bytes) -> None:
        """Send to every subscriber, and wait for none."""
        for subscription in tuple(self._subscribers.get(subject, ())):
            self._start(subscription, message, _Answer())

    def statistics(self) -> BusStatistics:
        """Say what the bus holds."""
        return BusStatistics(
            subjects=len(self._subscribers), running=self._running, dropped=self._dropped
        )

    def forget(self, subscription: LocalSubscription) -> None:
        """Stop delivering to a subscription; twice is once."""
        subscribers = self._subscribers.get(subscription.subject, [])
        if subscription in subscribers:
            subscribers.remove(subscription)
            if not subscribers:
                del self._subscribers[subscription.subject]

    def _start(self, subscription: LocalSubscription, message: bytes, answer: _Answer) -> None:
        if self._tasks is None or self._running >= self._max_running:
            self._dropped += 1
            return
        self._running += 1
        self._tasks.start_soon(self._deliver, subscription, message, answer)

    async def _deliver(
        self, subscription: LocalSubscription, message: bytes, answer: _Answer
    ) -> None:
        try:
            answer.content = await subscription.receive(message)
        except Exception:  # noqa: BLE001 one receiver's fault must not end the bus
            _log.exception("bus_receiver_failed")
        finally:
            self._running -= 1
            answer.given.set()


class LocalSubscription:
    """A place in the bus; ends with ``close``."""

    def __init__(self, bus: LocalBus, subject: str, receive: Receive) -> None:
        self.subject = subject
        self.receive = receive
        self._bus = bus

    def close(self) -> None:
        """Stop listening. A second call does nothing."""
        self._bus.forget(self)


class _Answer:
    """What comes back from a receiver; nothing, when it failed."""

    def __init__(self) -> None:
        self.given = anyio.Event()
        self.content: bytes | None = None
