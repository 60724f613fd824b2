"""What the kernel says of the network, captured and made."""

import struct
import subprocess
import sys

import anyio
import pytest

from mooring.agent.netlink import has_change, open_netlink, watch

# Each as rtnetlink(7) lays it out: length, type, flags, sequence, port; then the body.
NEWADDR = struct.pack("=IHHII", 20, 20, 0, 0, 0) + b"\x02\x08\x80\xfe"
NEWROUTE = struct.pack("=IHHII", 16, 24, 0, 0, 0)
NEWNEIGHBOUR = struct.pack("=IHHII", 16, 28, 0, 0, 0)


def test_an_address_or_a_route_is_a_change() -> None:
    assert has_change(NEWADDR)
    assert has_change(NEWROUTE)


def test_a_neighbour_is_none() -> None:
    assert not has_change(NEWNEIGHBOUR)


def test_finds_a_change_behind_something_else() -> None:
    assert has_change(NEWNEIGHBOUR + NEWROUTE)


@pytest.mark.parametrize("data", [b"", b"\x00" * 16, b"\xff" * 7, NEWNEIGHBOUR + b"\x01"])
def test_survives_what_is_no_message(data: bytes) -> None:
    assert not has_change(data)


async def test_hears_of_a_real_change() -> None:
    netlink = open_netlink()
    assert netlink is not None
    heard = anyio.Event()

    with netlink:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch, netlink, heard.set)
            with anyio.move_on_after(10):
                while not heard.is_set():
                    change_an_address()
                    with anyio.move_on_after(0.5):
                        await heard.wait()
            tasks.cancel_scope.cancel()

    assert heard.is_set() or not may_change_addresses()


def change_an_address() -> None:
    """Give loopback one more address for a moment, as root; nothing else listens on it."""
    for verb in ("add", "del"):
        subprocess.run(
            ["/usr/sbin/ip", "address", verb, "127.7.7.7/32", "dev", "lo"],
            check=False,
            capture_output=True,
        )


def may_change_addresses() -> bool:
    probe = "import os,sys; sys.exit(not (os.geteuid() == 0 and os.path.exists('/usr/sbin/ip')))"
    return subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
