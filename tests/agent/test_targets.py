"""Addresses nobody reaches through a node, in every spelling; names are resolved once."""

from collections.abc import Sequence

import anyio
import anyio.abc
import pytest
from anyio.streams.stapled import MultiListener

from mooring.agent.targets import TargetRefused, addresses_of, connect, is_reachable


def port_of(listener: anyio.abc.AsyncResource) -> int:
    assert isinstance(listener, MultiListener)
    port: int = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 no database
    return port


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.169.253",
        "169.254.170.2",
        "169.254.170.23",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "::ffff:0.0.0.0",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "not an address",
        "",
        "2852039166",
    ],
)
def test_nobody_reaches(address: str) -> None:
    assert not is_reachable(address, asked="db.example.com")
    assert not is_reachable(address, asked=address)
    assert not is_reachable(address, asked="localhost")


@pytest.mark.parametrize(
    "address", ["10.0.0.5", "192.168.1.1", "8.8.8.8", "2001:db8::5", "fd12::1"]
)
def test_everybodys_network_is_reached(address: str) -> None:
    assert is_reachable(address, asked="db.example.com")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_the_node_itself_is_reached_only_when_it_was_asked_for(address: str) -> None:
    assert is_reachable(address, asked="localhost")
    assert is_reachable(address, asked="127.0.0.1")
    assert is_reachable(address, asked="[::1]")
    assert not is_reachable(address, asked="innocent.example.com")


async def test_a_name_is_resolved_once_and_dialled_where_it_led() -> None:
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = port_of(listener)
        stream = await connect("localhost", port, resolve=rebinding)
        await stream.aclose()

    assert asked == ["localhost"]


async def test_an_address_that_may_not_be_reached_is_not_dialled_for_another_that_may() -> None:
    async def both(_host: str, _port: int) -> Sequence[str]:
        return ["169.254.169.254", "127.0.0.1"]

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = port_of(listener)
        stream = await connect("localhost", port, resolve=both)
        peer = stream.extra(anyio.abc.SocketAttribute.remote_address)  # noqa: S610 no database
        await stream.aclose()

    assert peer == ("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "found"),
    [("evil.example.com", ["127.0.0.1"]), ("empty.example.com", []), ("x", ["169.254.169.254"])],
)
async def test_without_an_address_that_may_be_reached_nothing_is_dialled(
    host: str, found: list[str]
) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return found

    with pytest.raises(TargetRefused, match="no address that may be reached"):
        await connect(host, 80, resolve=resolve)


async def test_a_name_that_does_not_resolve_is_refused() -> None:
    async def fails(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(TargetRefused, match="does not resolve: no such name"):
        await connect("nowhere", 80, resolve=fails)


async def test_a_port_nobody_listens_on_says_so() -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = port_of(listener)

    with pytest.raises(TargetRefused, match=f"no connection to `127.0.0.1` port {port}"):
        await connect("127.0.0.1", port)


@pytest.mark.parametrize("port", [0, -1, 65536])
async def test_a_port_out_of_range_is_refused(port: int) -> None:
    with pytest.raises(TargetRefused, match="expected a port"):
        await connect("127.0.0.1", port)


async def test_the_machines_resolver_reads_numbers_as_it_does_for_others() -> None:
    assert await addresses_of("127.0.0.1", 80) == ["127.0.0.1"]
    decimal = await addresses_of("2852039166", 80)
    assert not any(is_reachable(address, asked="2852039166") for address in decimal)
