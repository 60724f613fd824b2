"""The carrier moves bytes and keeps deadlines; everything else is the channel's and its owner's."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest
from tests.net.served import MAX_MESSAGE, Door, served

from mooring.net.carrier import Carrier
from mooring.net.websocket import WebSocketClosed
from mooring.net.websocket_client import WebSocket, connect


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Agents and the command line may run on either loop."""
    return "asyncio", {"use_uvloop": request.param}


class Diary:
    """A channel that has an event for each message and each tick."""

    def __init__(self) -> None:
        self.closed = False
        self.due: float | None = None
        self.ticks: list[float] = []
        self.waiting: list[bytes] = []
        self._events: list[str] = []

    def reconnected(self, now: float) -> None:
        """Nothing to do."""

    def disconnected(self) -> None:
        """Nothing to do."""

    def receive(self, data: bytes, now: float) -> None:  # noqa: ARG002
        self._events.append(data.decode())

    def tick(self, now: float) -> None:
        self.ticks.append(now)
        self.due = None
        self._events.append("tick")

    def deadline(self) -> float | None:
        return self.due

    def events(self) -> Sequence[str]:
        taken, self._events = self._events, []
        return taken

    def writes(self) -> Sequence[bytes]:
        taken, self.waiting = self.waiting, []
        return taken


class Person:
    """Whom the channel speaks for; holds ``limit`` events."""

    def __init__(self, limit: int = 1000) -> None:
        self.heard: list[str] = []
        self.limit = limit
        self._news = anyio.Event()

    def handle(self, event: str) -> None:
        self.heard.append(event)
        self._change()

    def is_full(self) -> bool:
        return len(self.heard) >= self.limit

    async def wait_room(self) -> None:
        while self.is_full():
            await self._news.wait()

    def allow(self, limit: int) -> None:
        self.limit = limit
        self._change()

    def _change(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    async def until(self, *words: str) -> None:
        """Wait until exactly these were heard, in order."""
        while self.heard != list(words):
            await self._news.wait()


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[WebSocket, Door]]:
    """Dial a server that sends everything back."""
    door = Door()
    async with served(door) as (port, _):
        with anyio.fail_after(10):
            websocket = await connect(
                f"ws://127.0.0.1:{port}/",
                headers={},
                ssl=None,
                deadline_s=5,
                max_message=MAX_MESSAGE,
            )
            async with websocket:
                yield websocket, door


@asynccontextmanager
async def hearing(carrier: Carrier[str]) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        with carrier:
            tasks.start_soon(carrier.hear)
            yield
            tasks.cancel_scope.cancel()


async def test_sends_what_there_is_and_hands_on_what_comes_of_it() -> None:
    channel, person = Diary(), Person()
    channel.waiting = [b"early"]
    async with connected() as (websocket, _):
        carrier = Carrier(channel, websocket, person)
        async with hearing(carrier):
            await person.until("early")
            channel.waiting = [b"one", b"two"]
            carrier.speak()

            await person.until("early", "one", "two")

    assert carrier.has_heard


async def test_ticks_when_it_is_due_and_not_before() -> None:
    channel, person = Diary(), Person()
    async with connected() as (websocket, _):
        carrier = Carrier(channel, websocket, person)
        async with hearing(carrier):
            now = anyio.current_time()
            channel.due = now + 30
            carrier.speak()
            channel.due = due = now + 0.02
            carrier.speak()
            await person.until("tick")

            assert channel.ticks[0] >= due


async def test_what_is_due_later_than_it_was_is_not_done_too_soon() -> None:
    channel, person = Diary(), Person()
    async with connected() as (websocket, _):
        carrier = Carrier(channel, websocket, person)
        async with hearing(carrier):
            now = anyio.current_time()
            channel.due = now + 0.01
            carrier.speak()
            channel.due = now + 0.05
            carrier.speak()
            await person.until("tick")

            assert len(channel.ticks) == 1
            assert channel.ticks[0] >= now + 0.05


async def test_a_full_owner_hears_the_rest_later_and_in_order() -> None:
    channel, person = Diary(), Person(limit=3)
    words = [str(number) for number in range(50)]
    async with connected() as (websocket, _):
        carrier = Carrier(channel, websocket, person)
        async with hearing(carrier):
            channel.waiting = [word.encode() for word in words]
            carrier.speak()
            # One more than the limit may be under way to the task that hears.
            while not websocket.pending:
                await anyio.lowlevel.checkpoint()  # until the server has sent them back
            assert len(person.heard) <= 4

            person.allow(1000)
            await person.until(*words)


async def test_last_words_are_sent_before_it_is_over() -> None:
    channel, person = Diary(), Person()
    async with connected() as (websocket, door):
        carrier = Carrier(channel, websocket, person)
        async with hearing(carrier):
            channel.waiting = [b"last"]
            channel.closed = True
            carrier.speak()
            await carrier.wait_over()

            await person.until("last")
    assert len(door.listeners) == 1


async def test_the_end_of_the_connection_is_raised_and_nothing_is_sent_after_it() -> None:
    channel, person = Diary(), Person()
    async with connected() as (websocket, door):
        carrier = Carrier(channel, websocket, person)
        with carrier:
            peer = door.listeners[0].peer
            assert peer is not None
            peer.close(1001, "bye")
            with pytest.raises(WebSocketClosed):
                await carrier.hear()
            channel.waiting = [b"late"]
            carrier.speak()

            assert channel.waiting == [b"late"]


async def test_outside_of_its_block_it_says_and_does_nothing() -> None:
    channel, person = Diary(), Person()
    async with connected() as (websocket, _):
        carrier = Carrier(channel, websocket, person)
        with carrier:
            pass
        channel.waiting = [b"x"]
        carrier.speak()

        assert channel.waiting == [b"x"]
        assert websocket.ears is None


async def test_a_socket_that_is_full_leaves_the_rest_in_the_channel_until_it_moves() -> None:
    channel, person = Diary(), Person(limit=0)
    async with connected() as (websocket, _):
        carrier = Carrier(channel, websocket, person)
        async with hearing(carrier):
            sent = 0
            while websocket.takes_now:
                channel.waiting = [b"x" * 100_000]
                sent += 1
                carrier.speak()
            channel.waiting = [b"more"]
            carrier.speak()
            assert channel.waiting == [b"more"]

            person.allow(10_000)
            while not person.heard or person.heard[-1] != "more":
                await anyio.lowlevel.checkpoint()  # megabytes come back meanwhile

    assert len(person.heard) == sent + 1
