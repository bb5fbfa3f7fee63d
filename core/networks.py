"""Addresses and networks as a request or a setting names them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def plain_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in `text`, without its zone, and as IPv4 when it is one written as IPv6; None when there
    is none."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
