"""A URL cut into decoded pieces, refusing what two readers could understand differently. What is wrong is
said as "has a ...", never with a piece that could be a password in the wrong place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from urllib.parse import parse_qsl, unquote, urlsplit

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]{0,40})://")
_HOST = re.compile(r"\w([\w.\-]*\w)?\.?")
_PORT = re.compile(r"[0-9]{1,5}")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class UrlPieces:
    """`scheme` in lower case, `path` without the slash that ends the host; the keys of `query` in lower
    case with `_` for `-`, since servers spell them both ways."""

    scheme: str
    user: str
    password: str = field(repr=False)
    host: str
    port: int
    path: str
    query: tuple[tuple[str, str], ...]


def split_url(text: str) -> UrlPieces:
    """The pieces of `text`, decoded; 0 for no port. Raises ValueError that says what is wrong."""
    scheme = scheme_of(text)
    if "#" in text or _HIDDEN.search(text):
        raise ValueError("holds a # or a control character; write a # as %23")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("has a host that no reader takes; brackets in a password are %5B and %5D") from None
    account, _, place = parts.netloc.rpartition("@")
    if parts.netloc and "@" in parts.path + parts.query:
        raise ValueError("has an @ after the host; write / ? # @ in a name or password as %2F %3F %23 %40")
    user, _, password = account.partition(":")
    host, port = _split_place(place)
    path = check_name(_decode(parts.path.removeprefix("/")))
    user = check_name(_decode(user))
    return UrlPieces(scheme, user, _decode(password), host, port, path, _query(parts.query))


def scheme_of(text: str) -> str:
    """The scheme of `text` in lower case. Raises ValueError when there is none."""
    match = _SCHEME.match(text)
    if not match:
        raise ValueError("is not a URL such as postgresql://user:password@host:5432/name")
    return match.group(1).lower()


def check_host(text: str) -> str:
    """One host name or address, an IPv6 one without brackets. Raises ValueError for a list of hosts, a
    socket's folder and anything else, without showing it."""
    if _HOST.fullmatch(text) or _is_ipv6(text):
        return text
    raise ValueError("has a host that is not one name or address")


def check_name(text: str) -> str:
    """A name or path that a server can be given. Raises ValueError for one with control characters."""
    if _HIDDEN.search(text):
        raise ValueError("holds a control character")
    return text


def _split_place(place: str) -> tuple[str, int]:
    host, separator, port = place.rpartition(":")
    if not separator or place.endswith("]"):
        host, port = place, ""
    host = _decode(host)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if port and not (_PORT.fullmatch(port) and 0 < int(port) <= 65535):
        raise ValueError(
            "has a port that is not a number from 1 to 65535; write / and ? in a password as %2F and %3F"
        )
    return check_host(host) if host else "", int(port or 0)


def _query(text: str) -> tuple[tuple[str, str], ...]:
    pairs = parse_qsl(text, keep_blank_values=True)
    return tuple((key.strip().lower().replace("-", "_"), value) for key, value in pairs)


def _decode(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("has a % escape that is not UTF-8") from None


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
