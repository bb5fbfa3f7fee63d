"""What stands after the ? of an address, which anybody may write."""

from __future__ import annotations

from flask import request

_LARGEST = 2**63 - 1  # what the column of an id holds; SQLite's driver refuses more


def whole_number(name: str) -> int:
    """The number of that name, from 0 to what a column holds; 0 when there is none or it is no number."""
    return max(0, min(request.args.get(name, 0, type=int), _LARGEST))
