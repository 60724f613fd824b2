"""Addresses that no connection through a node may go to, whatever spelling leads there.

====================================  =========================================================
169.254.0.0/16, fe80::/10             link-local; the clouds' metadata and credential services
fd00:ec2::/32                         the same of AWS over IPv6
168.63.129.16, 100.100.100.200,       the same of Azure, Alibaba and Oracle
192.0.0.192
0.0.0.0/8, ::, multicast, broadcast   no host's own address
====================================  =========================================================

An IPv4 address can hide in an IPv6 one (mapped, compatible, 6to4, Teredo, NAT64), so each of
them counts. The server looks at what a session asks for, the node at where a name leads.
"""

from __future__ import annotations

import ipaddress

__all__ = ["Address", "forms", "is_nobodys"]

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
"""Networks whose addresses end in an IPv4 address, beside the mapped ones and 6to4."""


def forms(address: Address) -> tuple[Address, ...]:
    """Return the address and every IPv4 address that hides in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    hidden = [address.ipv4_mapped, address.sixtofour]
    if address.teredo is not None:
        hidden += address.teredo
    if any(address in network for network in _EMBEDDING) and int(address) > 1:
        hidden.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return (address, *(form for form in hidden if form is not None))


def is_nobodys(address: Address) -> bool:
    """Tell whether the address, or one that hides in it, is out of everybody's reach."""
    return any(
        form.is_multicast or any(form in network for network in _NOBODYS) for form in forms(address)
    )
