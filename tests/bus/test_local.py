"""The bus in one process: the contract, and what is its own."""

from collections.abc import AsyncIterator

import anyio
import pytest
from tests.contracts.bus_contract import PATIENCE_S, BusContract, Listener, echo

from mooring.bus.local import LocalBus
from mooring.ports.world import NoSubscriber


@pytest.fixture
async def bus() -> AsyncIterator[LocalBus]:
    async with LocalBus() as opened:
        yield opened


class TestLocalBus(BusContract):
    """The contract on ``LocalBus``."""


async def test_a_request_to_a_receiver_that_fails_ends_at_once() -> None:
    async def fail(_: bytes) -> bytes:
        raise RuntimeError("broken receiver")

    async with LocalBus() as bus:
        bus.subscribe("node.1", fail)

        with anyio.fail_after(PATIENCE_S), pytest.raises(TimeoutError):
            await bus.request("node.1", b"order", timeout_s=1000)


async def test_leaving_the_bus_stops_receivers_and_forgets_subscribers() -> None:
    started, stopped = anyio.Event(), anyio.Event()

    async def wait(_: bytes) -> bytes:
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()
        return b""

    async with LocalBus() as bus:
        bus.subscribe("node.1", wait)
        await bus.publish("node.1", b"x")
        await started.wait()

    assert stopped.is_set()
    with pytest.raises(NoSubscriber):
        await bus.request("node.1", b"x", timeout_s=1)


async def test_messages_beyond_the_bound_are_dropped_and_counted() -> None:
    go_on = anyio.Event()
    listener = Listener()

    async def hold(message: bytes) -> bytes:
        await go_on.wait()
        return await listener.receive(message)

    async with LocalBus(max_running=2) as bus:
        bus.subscribe("presence", hold)

        for message in (b"1", b"2", b"3"):
            await bus.publish("presence", message)
        with pytest.raises(TimeoutError):
            await bus.request("presence", b"4", timeout_s=0.01)

        assert (bus.statistics().running, bus.statistics().dropped) == (2, 2)
        go_on.set()
        await listener.wait_count(2)
        assert sorted(listener.received) == [b"1", b"2"]


async def test_closed_subjects_take_no_room() -> None:
    async with LocalBus() as bus:
        for number in range(100):
            bus.subscribe(f"node.{number}", echo).close()

        assert bus.statistics().subjects == 0


async def test_what_fails_within_the_block_comes_out_as_it_is() -> None:
    async def fail() -> None:
        async with LocalBus() as bus:
            bus.subscribe("a", echo_nothing)
            raise LookupError("as it is")

    with pytest.raises(LookupError, match="as it is"):
        await fail()


async def echo_nothing(_: bytes) -> bytes:
    return b""
