"""A database with our tables in it, on each kind of server, and what tests of operations ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import Settings, load_settings
from tests.operations.support import made_schema


@pytest.fixture
def empty_settings(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings of a database without a table."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)
    return load_settings()


@pytest.fixture
def settings(empty_settings: Settings) -> Iterator[Settings]:
    """Settings of a database with all tables."""
    made_schema(empty_settings)
    yield empty_settings
