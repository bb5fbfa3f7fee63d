"""Text of the environment turned into values. Each parser raises ValueError that says what is allowed."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

from core.addresses import check_place
from core.networks import Network
from core.urls import check_host, check_name

E = TypeVar("E", bound=StrEnum)

_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_WHOLE = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")
_IDENTITY = re.compile(r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}")
_VERSION = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){0,3}")
_TRUSTED = re.compile(r"\.?[\w.\-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")


def text(given: str) -> str:
    """Any text."""
    return given


def flag(given: str) -> bool:
    """Yes or no, in any case."""
    try:
        return _FLAGS[given.lower()]
    except KeyError:
        raise ValueError(", ".join(_FLAGS)) from None


def word(kind: type[E], *left_out: E) -> Callable[[str], E]:
    """A parser for one of the words of `kind`, in any case."""
    allowed = [one for one in kind if one not in left_out]

    def parse(given: str) -> E:
        if given.lower() not in allowed:
            raise ValueError(", ".join(allowed))
        return kind(given.lower())

    return parse


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser for a whole number from `low` to `high`."""

    def parse(given: str) -> int:
        if not _WHOLE.fullmatch(given) or not low <= int(given) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(given)

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    """A parser for seconds from `low` to `high`, decimals allowed."""

    def parse(given: str) -> float:
        value = float(given) if _DECIMAL.fullmatch(given) else math.nan
        if not low <= value <= high:
            raise ValueError(f"seconds from {low:g} to {high:g}")
        return value

    return parse


def pool_size(given: str) -> int:
    """A number of connections, or "auto": (2 x cores) + 1."""
    if given.lower() == "auto":
        return 2 * (os.cpu_count() or 1) + 1
    try:
        return whole(1, 1000)(given)
    except ValueError as error:
        raise ValueError(f"auto, or {error}") from None


def port(given: str) -> int:
    """A port; 0 for none, which leaves it to the kind of server."""
    return whole(1, 65535)(given) if given else 0


def host(given: str) -> str:
    """One host name or address."""
    try:
        return check_host(given)
    except ValueError:
        raise ValueError("one host name or address") from None


def name(given: str) -> str:
    """A name that a server can be given."""
    try:
        return check_name(given)
    except ValueError:
        raise ValueError("a name without control characters") from None


def path(given: str) -> Path:
    """A path; a relative one starts at the current folder."""
    return Path(name(given))


def optional_path(given: str) -> Path | None:
    """A path, or nothing."""
    return path(given) if given else None


def places(given: str) -> tuple[str, ...]:
    """Networks, addresses and host names with commas between them."""
    found = tuple(place for one in given.split(",") if (place := one.strip().lower()))
    try:
        return tuple(check_place(one) for one in found)
    except ValueError:
        raise ValueError("networks (10.0.0.0/8), addresses and host names with commas between") from None


def networks(given: str) -> tuple[Network, ...]:
    """Networks and single addresses with commas between them."""
    try:
        return tuple(ip_network(place) for one in given.split(",") if (place := one.strip()))
    except ValueError:
        raise ValueError("networks (10.0.0.0/8) and addresses with commas between") from None


def named_folders(given: str) -> tuple[tuple[str, Path], ...]:
    """NAME=FOLDER with commas between; no name twice."""
    pairs = [one.strip().partition("=") for one in given.split(",") if one.strip()]
    found = {
        name.strip(): Path(folder.strip()) for name, _, folder in pairs if name.strip() and folder.strip()
    }
    if len(found) < len(pairs) or not given.isprintable():
        raise ValueError("NAME=FOLDER with commas between")
    return tuple(found.items())


def trusted_hosts(given: str) -> tuple[str, ...]:
    """Host names with commas between them; one that starts with a dot stands for its subdomains too."""
    hosts = tuple(host for one in given.split(",") if (host := one.strip()))
    if not all(_TRUSTED.fullmatch(one) for one in hosts):
        raise ValueError("host names with commas between them")
    return hosts


def optional_whole(low: int, high: int) -> Callable[[str], int | None]:
    """A parser for a whole number from `low` to `high`, or nothing."""
    parse = whole(low, high)
    return lambda given: parse(given) if given else None


def age_recipient(given: str) -> str:
    """A public key of age (X25519), or nothing. A private one is refused: it does not belong there."""
    if given and not _RECIPIENT.fullmatch(given):
        raise ValueError("an age recipient, which begins with age1")
    return given


def age_identity(given: str) -> str:
    """A private key of age (X25519) alone, out of a text such as `age-keygen` writes with its comments; or
    nothing."""
    lines = [line.strip() for line in given.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if found and not (len(found) == 1 and _IDENTITY.fullmatch(found[0])):
        raise ValueError("one age identity, which begins with AGE-SECRET-KEY-1")
    return "".join(found)


def versions(given: str) -> tuple[tuple[int, ...], ...]:
    """Versions such as 16.16, with commas between; none for nothing."""
    found = [one.strip() for one in given.split(",") if one.strip()]
    if not all(_VERSION.fullmatch(one) for one in found):
        raise ValueError("versions such as 16.16, with commas between")
    return tuple(tuple(int(number) for number in one.split(".")) for one in found)


def folders(given: str) -> str:
    """Absolute paths of folders with colons between, or nothing."""
    if given and not all(part.startswith("/") and part.isprintable() for part in given.split(":")):
        raise ValueError("absolute paths of folders with colons between")
    return given
