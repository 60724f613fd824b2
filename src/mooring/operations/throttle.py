"""Slow guessing down: so many attempts are free, each further one doubles the wait.

An attempt counts before its answer is known, so that a thousand at once are no way around. What
is remembered lives in this process and is bounded: the key whose last attempt is longest ago is
forgotten first. Several processes let through as many times the attempts.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

__all__ = ["Throttle", "address_key"]

_NO_WAIT = timedelta()
_MOST_DOUBLINGS = 16
_SUBNET = 64


def address_key(address: str) -> str:
    """Return the key of an address; whoever has one of IPv6 has all of its /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return f"address {address}"
    if not isinstance(parsed, IPv6Address):
        return f"address {parsed}"
    if parsed.ipv4_mapped is not None:
        return f"address {parsed.ipv4_mapped}"
    return f"address {IPv6Network((int(parsed), _SUBNET), strict=False)}"


@dataclass(slots=True)
class _Attempts:
    count: int
    last: datetime


class Throttle:
    """Attempts by key, such as a user or an address."""

    def __init__(
        self,
        *,
        first_wait: timedelta = timedelta(seconds=30),
        longest_wait: timedelta = timedelta(minutes=15),
        forget_after: timedelta = timedelta(hours=1),
        capacity: int = 20_000,
    ) -> None:
        self._first_wait = first_wait
        self._longest_wait = longest_wait
        self._forget_after = forget_after
        self._capacity = capacity
        self._attempts: OrderedDict[str, _Attempts] = OrderedDict()

    def attempt(self, key: str, now: datetime, *, free: int) -> timedelta:
        """Count an attempt; when it comes too soon, count nothing and say how long to wait."""
        known = self._attempts.get(key)
        if known is None or now - known.last >= self._forget_after:
            known = _Attempts(0, now)
        wait = known.last + self._wait_after(known.count, free) - now
        if wait > _NO_WAIT:
            return wait
        known.count += 1
        known.last = now
        self._attempts[key] = known
        self._attempts.move_to_end(key)
        if len(self._attempts) > self._capacity:
            self._attempts.popitem(last=False)
        return _NO_WAIT

    def succeeded(self, key: str) -> None:
        """Forget a key: whoever holds it has proved to be the right one."""
        self._attempts.pop(key, None)

    def forgive(self, key: str) -> None:
        """Take one attempt back, where others share the key."""
        known = self._attempts.get(key)
        if known is not None:
            known.count = max(0, known.count - 1)

    def _wait_after(self, count: int, free: int) -> timedelta:
        if count < free:
            return _NO_WAIT
        return min(self._longest_wait, self._first_wait * (1 << min(count - free, _MOST_DOUBLINGS)))
