"""Hosts that no session forwards to, as far as their spelling shows it.

Who may reach which host is the policies' to say. Here are the addresses that nobody reaches
through a node: link-local ones, where clouds keep the credentials of the node itself, those of
the same services elsewhere, and addresses of no host. Where a *name* leads is seen only by the
node, and our agent looks again when it dials; a stock agent compares with a short list, so what
can be seen here is refused for both. An address in a spelling that resolvers understand and
this module does not (``0x7f.1``, ``2852039166``) is refused, not guessed at. So is a zone
(``fd00::9%db.example``): only link-local addresses have one, and resolvers that skip it would
dial the address under a name that policies allow.
"""

from __future__ import annotations

import ipaddress

from mooring.wire.addresses import is_nobodys

__all__ = ["host_name", "host_problem"]

_HEX = frozenset("0123456789abcdef")


def host_problem(host: str) -> str:
    """Return what is wrong with a host, as the end of a sentence; nothing when it may be tried."""
    name = host.lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return "is no address in its usual form" if _is_number(name) or ":" in name else ""
    if is_nobodys(address):
        return "is an address that no session may reach through a node"
    return "is no address in its usual form" if "%" in name else ""


def host_name(host: str) -> str:
    """Return a host in the one way to write it: policies compare texts, and addresses have many."""
    name = host.lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _is_number(name: str) -> bool:
    """Tell whether resolvers take a name for an IPv4 address: its last part is a number."""
    last = name.rpartition(".")[2]
    return last.isdecimal() or (last.startswith("0x") and _HEX.issuperset(last[2:]))
