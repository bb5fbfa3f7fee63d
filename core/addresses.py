"""Which addresses registered databases may be at: this machine, its link and the metadata services of clouds
are refused unless they are listed (TRUST C3)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from core.urls import check_host

_GLOBAL_IPV6 = IPv6Network("2000::/3")
# What carries an IPv4 address inside: 6to4 and Teredo.
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
# Those of the clouds that lie outside 169.254.0.0/16: Alibaba, Azure, Oracle.
_METADATA = frozenset(map(IPv4Address, ("100.100.100.200", "168.63.129.16", "192.0.0.192")))


def check_place(text: str) -> str:
    """A network, an address or a host name as a list of places has it. Raises ValueError, also for a
    network whose address has bits beyond its length."""
    return str(ip_network(text)) if "/" in text else check_host(text)


def is_allowed(host: str, address: str, listed: tuple[str, ...]) -> bool:
    """True when `address`, which `host` was looked up to, is ordinary or `listed`, or the host is."""
    found = ip_address(address.partition("%")[0])
    return is_ordinary(found) or any(_covers(place, host, found) for place in listed)


def is_ordinary(address: IPv4Address | IPv6Address) -> bool:
    """True for a unicast address that is neither of this machine nor of its link; private ones are. Of
    IPv6 only the global ones: the rest is local, or hides an IPv4 address."""
    if isinstance(address, IPv6Address):
        return address in _GLOBAL_IPV6 and not any(address in tunnel for tunnel in _TUNNELS)
    local = address.is_loopback or address.is_link_local or address in _THIS_NETWORK
    return not (local or address.is_multicast or address.is_reserved or address in _METADATA)


def is_this_machine(host: str) -> bool:
    """True when the text `host` can only mean this machine, so that no network is crossed."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _covers(place: str, host: str, address: IPv4Address | IPv6Address) -> bool:
    try:
        return address in ip_network(place)
    except ValueError:
        return place == host.lower().removesuffix(".")
