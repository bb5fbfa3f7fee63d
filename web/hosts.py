"""Which names the console answers to, and which paths a redirect may go to (TRUST W6, W7)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import unquote

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

# A path of ours: no host in front of it in any reading (//host, /\host), nothing that climbs or is hidden.
_LOCAL_PATH = re.compile(r"/(?![/\\])[\w\-.~!$&'()*+,;=:@%/?]*", re.ASCII)


def is_loopback(host: str) -> bool:
    """True when `host`, with or without a port, can only be this machine."""
    name = host[1 : host.find("]")] if host.startswith("[") else host.rpartition(":")[0] or host
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def local_path(wanted: str | None, otherwise: str = "/") -> str:
    """`wanted` when it is a path on this site, else `otherwise`."""
    if not wanted or not _LOCAL_PATH.fullmatch(wanted):
        return otherwise
    plain = unquote(wanted)
    suspicious = "//" in plain.partition("?")[0] or ".." in plain or "\\" in plain or not plain.isprintable()
    return otherwise if suspicious else wanted
