"""What the walks of backups and restores begin with, and what nothing they leave may hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.connection import parse_url
from tests.journeys.shop import MADE, Shop
from tests.servers import Server


@pytest.fixture
def shop(tmp_path: Path, server: Server, database_url: str) -> Iterator[Shop]:
    """A console of its own, with leave to look where the shop's database is; at the end its password is in no
    row, log, backup or other file but the one it was read from (TRUST K1)."""
    one = Shop(server, database_url, tmp_path, parse_url(database_url).password)
    server.execute(database_url, *MADE)
    one.register()
    yield one
    one.leave()
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "password"]
    assert not [path for path in files if one.password and one.password.encode() in path.read_bytes()]
