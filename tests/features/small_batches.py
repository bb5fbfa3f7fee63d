"""Seedings of a few rows that take many transactions all the same."""

from __future__ import annotations

import pytest

from core.connection import Dialect
from database.adapters import seeding_adapters

BATCH = 100


def make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a transaction has BATCH rows at most."""
    for dialect in Dialect:
        monkeypatch.setattr(seeding_adapters._seeding_class(dialect), "batch", BATCH)
