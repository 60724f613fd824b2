"""Where a forwarded connection may go, and how it gets there.

A name is resolved once, and the address that was judged is the address that is dialled: a name
server that answers differently the second time gains nothing. When nothing can be judged,
nothing is dialled. Whether *this* person may reach *this* host and port is the server's policies'
to say, before the node hears of it; ``wire.addresses`` are those that nobody reaches through a
node. The node's own loopback is reached when it was asked for as such, not when a name of
somebody else's turns out to lead there.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import anyio
import anyio.abc

from mooring.wire.addresses import forms, is_nobodys

__all__ = ["Resolve", "TargetRefused", "addresses_of", "connect", "is_reachable"]

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_HERE = frozenset({"localhost", "ip6-localhost", "localhost.localdomain"})
_PORTS = range(1, 65536)
_DIAL_S = 10.0


class TargetRefused(Exception):
    """The connection may not be made, or could not be; the text says which and why."""


def is_reachable(address: str, *, asked: str) -> bool:
    """Tell whether a connection may go to an address that ``asked`` led to."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if is_nobodys(parsed):
        return False
    is_loopback = any(form.is_loopback for form in forms(parsed))
    return not is_loopback or _asks_for_loopback(asked)


def _asks_for_loopback(asked: str) -> bool:
    name = asked.strip("[]").rstrip(".").lower()
    if name in _HERE:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


async def addresses_of(host: str, port: int) -> Sequence[str]:
    """Resolve a name as the machine does; each address once, in the resolver's order.

    Raises:
        OSError: it does not resolve.
    """
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


async def connect(
    host: str, port: int, *, resolve: Resolve = addresses_of, dial_s: float = _DIAL_S
) -> anyio.abc.SocketStream:
    """Connect to the first address of ``host`` that answers.

    Raises:
        TargetRefused: no address of it may be dialled, or none answers.
    """
    if port not in _PORTS:
        raise TargetRefused(f"expected a port from 1 to 65535, got {port}")
    try:
        with anyio.fail_after(dial_s):
            addresses = await resolve(host, port)
    except (OSError, UnicodeError, TimeoutError) as exc:
        raise TargetRefused(f"`{host}` does not resolve: {exc}") from exc
    allowed = [address for address in addresses if is_reachable(address, asked=host)]
    if not allowed:
        raise TargetRefused(f"`{host}` leads to no address that may be reached through a node")
    return await _first_that_answers(host, allowed, port, dial_s)


async def _first_that_answers(
    host: str, addresses: Sequence[str], port: int, dial_s: float
) -> anyio.abc.SocketStream:
    reason: Exception | None = None
    for address in addresses:
        try:
            with anyio.fail_after(dial_s):
                return await anyio.connect_tcp(address, port)
        except (OSError, TimeoutError) as exc:
            reason = exc
    text = str(reason) or "no answer in time"
    raise TargetRefused(f"no connection to `{host}` port {port}: {text}") from reason
