"""Chance that can be asked again: a number for each position of a stream, whatever was asked before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from zlib import crc32

Fate = Callable[[int], int]

_ALL = 2**64 - 1


@cache
def fate_of(seed: int, stream: str) -> Fate:
    """The fate of a stream, such as a table's name: 64 bits for each position, evenly spread and the same
    for the same seed. A checksum spreads what a multiplication then mixes: of all that is the same on every
    machine, nothing is faster here; good enough for rows to look at, for nothing else."""
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=12).digest()
    start, key = int.from_bytes(digest[:4]), int.from_bytes(digest[4:]) | 1

    def fate(position: int) -> int:
        mixed = (crc32(position.to_bytes(8), start) + 1) * key & _ALL
        return mixed ^ mixed >> 32

    return fate
