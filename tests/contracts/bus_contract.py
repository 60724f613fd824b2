"""What every Bus keeps to. A test module subclasses it and gives a fixture ``bus``.

Nothing here depends on one process or on the order of two receivers, so that a bus over a
network can pass as it is; it waits for events, with a deadline, and never for a time.
"""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from mooring.ports.world import Bus, NoSubscriber

PATIENCE_S = 5.0


async def echo(message: bytes) -> bytes:
    return b"echo " + message


class Listener:
    """Keeps what it receives and lets a test wait for it."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self._changed = anyio.Event()

    async def receive(self, message: bytes) -> bytes:
        self.received.append(message)
        self._changed.set()
        return b""

    async def wait_count(self, count: int) -> None:
        with anyio.fail_after(PATIENCE_S):
            while len(self.received) < count:
                await self._changed.wait()
                self._changed = anyio.Event()


def answering(answer: bytes) -> Callable[[bytes], Awaitable[bytes]]:
    async def receive(message: bytes) -> bytes:
        return answer + message

    return receive


class BusContract:
    """Request and publish."""

    async def test_a_request_comes_back_with_the_answer(self, bus: Bus) -> None:
        bus.subscribe("node.1", echo)

        answer = await bus.request("node.1", b"order", timeout_s=PATIENCE_S)

        assert answer == b"echo order"

    async def test_an_empty_answer_is_an_answer(self, bus: Bus) -> None:
        bus.subscribe("node.1", Listener().receive)

        answer = await bus.request("node.1", b"order", timeout_s=PATIENCE_S)

        assert answer == b""

    async def test_a_request_that_nobody_listens_for_is_told_so(self, bus: Bus) -> None:
        bus.subscribe("node.1", echo)

        with pytest.raises(NoSubscriber):
            await bus.request("node.2", b"order", timeout_s=PATIENCE_S)

    async def test_a_request_that_is_not_answered_in_time_ends(self, bus: Bus) -> None:
        async def never(_: bytes) -> bytes:
            await anyio.sleep_forever()
            return b""

        bus.subscribe("node.1", never)

        with pytest.raises(TimeoutError):
            await bus.request("node.1", b"order", timeout_s=0.02)

    async def test_a_requester_that_gives_up_does_not_stop_the_receiver(self, bus: Bus) -> None:
        go_on, finished = anyio.Event(), anyio.Event()

        async def slow(_: bytes) -> bytes:
            await go_on.wait()
            finished.set()
            return b""

        bus.subscribe("node.1", slow)
        with pytest.raises(TimeoutError):
            await bus.request("node.1", b"order", timeout_s=0.02)

        go_on.set()

        with anyio.fail_after(PATIENCE_S):
            await finished.wait()

    async def test_the_newest_subscriber_gets_the_requests(self, bus: Bus) -> None:
        bus.subscribe("node.1", answering(b"old "))
        newest = bus.subscribe("node.1", answering(b"new "))

        first = await bus.request("node.1", b"x", timeout_s=PATIENCE_S)
        newest.close()
        second = await bus.request("node.1", b"x", timeout_s=PATIENCE_S)

        assert (first, second) == (b"new x", b"old x")

    async def test_a_closed_subscription_gets_nothing_and_closes_twice(self, bus: Bus) -> None:
        subscription = bus.subscribe("node.1", echo)

        subscription.close()
        subscription.close()

        with pytest.raises(NoSubscriber):
            await bus.request("node.1", b"order", timeout_s=PATIENCE_S)

    async def test_closing_twice_leaves_a_later_subscriber_alone(self, bus: Bus) -> None:
        first = bus.subscribe("node.1", answering(b"old "))
        first.close()
        bus.subscribe("node.1", answering(b"new "))

        first.close()

        assert await bus.request("node.1", b"x", timeout_s=PATIENCE_S) == b"new x"

    async def test_a_published_message_reaches_every_subscriber(self, bus: Bus) -> None:
        here, there, elsewhere = Listener(), Listener(), Listener()
        bus.subscribe("presence", here.receive)
        bus.subscribe("presence", there.receive)
        bus.subscribe("other", elsewhere.receive)

        await bus.publish("presence", b"node is up")

        await here.wait_count(1)
        await there.wait_count(1)
        assert (here.received, there.received) == ([b"node is up"], [b"node is up"])
        assert elsewhere.received == []

    async def test_publishing_to_nobody_is_no_error(self, bus: Bus) -> None:
        await bus.publish("presence", b"node is up")

    async def test_a_publisher_does_not_wait_for_receivers(self, bus: Bus) -> None:
        async def never(_: bytes) -> bytes:
            await anyio.sleep_forever()
            return b""

        bus.subscribe("presence", never)

        with anyio.fail_after(PATIENCE_S):
            await bus.publish("presence", b"node is up")

    async def test_a_receiver_that_fails_harms_no_other(self, bus: Bus) -> None:
        async def fail(_: bytes) -> bytes:
            raise RuntimeError("broken receiver")

        listener = Listener()
        bus.subscribe("presence", fail)
        bus.subscribe("presence", listener.receive)

        await bus.publish("presence", b"one")
        await bus.publish("presence", b"two")

        await listener.wait_count(2)
        assert sorted(listener.received) == [b"one", b"two"]

    async def test_a_receiver_may_request_on_its_own_subject(self, bus: Bus) -> None:
        async def relay(message: bytes) -> bytes:
            if message == b"inner":
                return b"done"
            return await bus.request("node.1", b"inner", timeout_s=PATIENCE_S)

        bus.subscribe("node.1", relay)

        assert await bus.request("node.1", b"outer", timeout_s=PATIENCE_S) == b"done"
