"""Bytes enter the channel in order, and wait while its window is full."""

from __future__ import annotations

import anyio
import anyio.lowlevel
from tests.net.channels import Hearer, Joined

from mooring.net.outlet import Outlet


async def test_a_full_window_is_waited_for_and_all_arrives_in_order() -> None:
    ends = Joined()
    ends.client_reads = False
    outlet = Outlet(ends.agent, ends.bell.ring, lambda: None)
    whole = bytes(range(256)) * 4096

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ends.carry, Hearer(take=lambda _: None, has_room=outlet.has_room))
        tasks.start_soon(outlet.send, whole)
        while not outlet.is_waiting:
            await anyio.lowlevel.checkpoint()
        assert ends.agent.room() == 0

        ends.client_reads = True
        ends.bell.ring()
        got = await ends.until(lambda got: len(got) == len(whole))
        tasks.cancel_scope.cancel()

    assert got == whole
    assert not outlet.is_waiting


async def test_what_comes_after_the_end_is_dropped() -> None:
    ends = Joined()
    ends.agent.closed = True

    await Outlet(ends.agent, ends.bell.ring, lambda: None).send(b"late")

    assert ends.agent.writes() == []
