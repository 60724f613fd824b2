"""Hear from the kernel that the node's own network has changed.

A node that was off the network hears here, in the same millisecond, that it is back, and need not
poll. A sandbox or another system may have no such socket; then ``watch`` just never reports.

Source: rtnetlink(7); message types from <linux/rtnetlink.h>.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
from collections.abc import Callable

import anyio

__all__ = ["has_change", "open_netlink", "watch"]

logger = logging.getLogger(__name__)

_RTMGRP_LINK = 0x1
_RTMGRP_IPV4_IFADDR = 0x10
_RTMGRP_IPV4_ROUTE = 0x40
_RTMGRP_IPV6_IFADDR = 0x100
_RTMGRP_IPV6_ROUTE = 0x400
_GROUPS = (
    _RTMGRP_LINK
    | _RTMGRP_IPV4_IFADDR
    | _RTMGRP_IPV4_ROUTE
    | _RTMGRP_IPV6_IFADDR
    | _RTMGRP_IPV6_ROUTE
)

_RTM_NEWLINK, _RTM_DELLINK = 16, 17
_RTM_NEWADDR, _RTM_DELADDR = 20, 21
_RTM_NEWROUTE, _RTM_DELROUTE = 24, 25
_CHANGES = frozenset(
    {_RTM_NEWLINK, _RTM_DELLINK, _RTM_NEWADDR, _RTM_DELADDR, _RTM_NEWROUTE, _RTM_DELROUTE}
)

_HEADER = struct.Struct("=IHHII")
_READ_SIZE = 64 * 1024
_SETTLE_S = 0.1
"""A change comes as a burst of messages; the last of them is the one that works."""


def open_netlink() -> socket.socket | None:
    """Open the socket that hears of changes; None where the kernel has none for us."""
    try:
        found = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    except OSError as error:
        logger.info("no_network_events", extra={"reason": str(error)})
        return None
    try:
        found.bind((0, _GROUPS))
        found.setblocking(False)  # noqa: FBT003
    except OSError as error:
        found.close()
        logger.info("no_network_events", extra={"reason": str(error)})
        return None
    return found


def has_change(data: bytes) -> bool:
    """Tell whether a datagram of the kernel speaks of a link, an address or a route."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, offset)
        if kind in _CHANGES:
            return True
        if length < _HEADER.size:
            return False
        offset += (length + 3) & ~3
    return False


async def watch(netlink: socket.socket, changed: Callable[[], None]) -> None:
    """Call ``changed`` after each burst of changes, for ever."""
    while True:
        await anyio.wait_readable(netlink)
        is_change = _read_all(netlink)
        await anyio.sleep(_SETTLE_S)
        if _read_all(netlink) or is_change:
            changed()


def _read_all(netlink: socket.socket) -> bool:
    found = False
    with contextlib.suppress(BlockingIOError):
        while True:
            try:
                found = has_change(netlink.recv(_READ_SIZE)) or found
            except BlockingIOError:
                raise
            except OSError:
                # ENOBUFS: more has changed than the kernel kept for us.
                found = True
    return found
