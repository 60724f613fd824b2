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

__all__ = ["host_name", "host_problem"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NOBODYS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "168.63.129.16/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "255.255.255.255/32",
        "::/128",
        "fe80::/10",
        "fd00:ec2::/32",
    )
)
_EMBEDDING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
_HEX = frozenset("0123456789abcdef")


def host_problem(host: str) -> str:
    """Return what is wrong with a host, as the end of a sentence; nothing when it may be tried."""
    name = host.lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return "is no address in its usual form" if _is_number(name) or ":" in name else ""
    if any(_is_nobodys(form) for form in _forms(address)):
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


def _forms(address: Address) -> tuple[Address, ...]:
    """Return the address and every IPv4 address that hides in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    hidden = [address.ipv4_mapped, address.sixtofour]
    if address.teredo is not None:
        hidden += address.teredo
    if any(address in network for network in _EMBEDDING) and int(address) > 1:
        hidden.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return (address, *(form for form in hidden if form is not None))


def _is_nobodys(address: Address) -> bool:
    return address.is_multicast or any(address in network for network in _NOBODYS)
