"""The word pools, read once each from the files beside."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_POOLS = Path(__file__).parent / "pools"


@dataclass(frozen=True)
class Key:
    """A public key: its kind, such as "ed25519", and its fingerprint as OpenSSH prints it."""

    kind: str
    fingerprint: str


@dataclass(frozen=True)
class Shape:
    """A command as it was typed, and what came of it. `seconds` is about how long it takes; `explanation` is
    empty for one that nobody suggested."""

    text: str
    output: str
    error: str
    exit_code: int
    seconds: float
    folder: str
    explanation: str


@cache
def first_names() -> tuple[tuple[str, str], ...]:
    """(name, the same in lower-case Latin letters) pairs."""
    return _pairs("first_names.txt")


@cache
def last_names() -> tuple[tuple[str, str], ...]:
    """As `first_names`."""
    return _pairs("last_names.txt")


@cache
def hosts() -> tuple[str, ...]:
    """Names and addresses that are set aside for examples (RFC 2606, RFC 5737)."""
    return tuple(_lines("hosts.txt"))


@cache
def pool(name: str) -> tuple[str, ...]:
    """Another pool: cities, countries, streets, companies or words."""
    return tuple(_lines(f"{name}.txt"))


@cache
def keys() -> tuple[Key, ...]:
    """Real public keys, whose private halves nobody has."""
    return tuple(Key(kind, fingerprint(blob)) for kind, blob in map(str.split, _lines("keys.txt")))


@cache
def shapes() -> tuple[Shape, ...]:
    """Commands that people type."""
    return tuple(Shape(*json.loads(line)) for line in _lines("commands.jsonl"))


def fingerprint(blob: str) -> str:
    """The fingerprint of a public key in base64: SHA-256 over its wire form (RFC 4253)."""
    digest = hashlib.sha256(base64.b64decode(blob)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _pairs(file: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, plain) for name, plain in (line.split("\t") for line in _lines(file)))


def _lines(file: str) -> list[str]:
    return (_POOLS / file).read_text(encoding="utf-8").splitlines()
