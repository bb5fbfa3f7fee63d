"""Connections that send rows as a file: what they give to a server that asks for another."""

from __future__ import annotations

import time

import pytest

from core.connection import ConnectionParameters, Dialect
from core.errors import ServerError
from database.adapters import adapter_for
from database.adapters.base import fetch_all, translated
from database.adapters.row_lines import lines_of
from database.adapters.seeding_adapters import seeding_adapter_for
from tests.database.adapters import imposters


def test_c5_a_server_that_asks_for_a_file_gets_nothing() -> None:
    """TRUST C5, for the one connection on which LOAD DATA LOCAL is on."""
    with imposters.imposter(imposters.mysql_that_wants_a_file) as one:
        parameters = ConnectionParameters(Dialect.MYSQL, "shop", host="127.0.0.1", port=one.port, user="app")
        seeding = seeding_adapter_for(Dialect.MYSQL, adapter_for(parameters))
        with pytest.raises(ServerError), translated(seeding.adapter):
            fetch_all(seeding.open(5), "SELECT 1")
        time.sleep(0.1)
    assert b"root:" not in one.received


def test_rows_are_written_so_that_nothing_is_misread() -> None:
    awkward = ("a\tb\nc\\N", None, 7, 0.5, "", "é")
    assert lines_of([awkward, awkward]) == 2 * "a\\tb\\nc\\\\N\t\\N\t7\t0.5\t\té\n".encode()
