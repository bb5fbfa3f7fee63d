"""The index by which parts of users' names are found, where the server can have one."""

from __future__ import annotations


def has_part_index() -> bool:
    """True where such an index is there."""
    return False
