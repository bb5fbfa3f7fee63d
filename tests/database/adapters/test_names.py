"""Names that could be options, connection strings or SQL reach exactly the database of that name
(TRUST X2, X4, D2)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import ConnectionParameters
from core.errors import AlreadyExists, DatabaseMissing, InvalidInput, NotFound
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Adapter
from tests.database.adapters.conftest import Opened

HOSTILE = (
    "-x",
    "--file=/x/p",
    "a=b",
    "host=127.0.0.1 port=9",
    "postgresql://127.0.0.1:9/d",
    "dbname='x' host='127.0.0.1'",
    "it's",
    'say "no"',
    "`tick`",
    "back\\slash",
    "line\nbreak",
    "100%s %(x)s %",
    "under_score",
    "a b  c",
    "a?mode=ro#x%20y",
    ";DROP DATABASE x",
    "été 數據",
)


@pytest.fixture
def place(parameters: ConnectionParameters, tmp_path: Path) -> Callable[[str], ConnectionParameters]:
    """Where a database of that name goes: on the server, or in a folder of the test's own."""
    in_file = not parameters.host

    def to(name: str) -> ConnectionParameters:
        return replace(parameters, database=str(tmp_path / "data" / name) if in_file else name)

    return to


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_created_connected_listed_and_dropped(
    place: Callable[[str], ConnectionParameters], name: str
) -> None:
    target = place(name)
    adapter = adapter_for(target)
    with closing_connection(adapter.maintenance, 10) as (_, maintenance):
        with suppress(NotFound):
            adapter.drop_database(maintenance, target.database)
        adapter.create_database(maintenance, target.database)
        try:
            with closing_connection(target, 10) as (inside, connection):
                inside.rows(connection, "CREATE TABLE mark (id integer)")
                inside.table_sizes(connection)
                assert target.database in inside.list_databases(connection)
                assert inside.schema_names(connection).tables == {"mark"}
            with pytest.raises(AlreadyExists):
                adapter.create_database(maintenance, target.database)
        finally:
            adapter.drop_database(maintenance, target.database)
        assert target.database not in adapter.list_databases(maintenance)
        with pytest.raises(NotFound):
            adapter.drop_database(maintenance, target.database)


@pytest.mark.parametrize("name", ["", "nul\0byte", "x" * 300, "é" * 300])
def test_a_name_no_server_could_keep_is_refused(
    place: Callable[[str], ConnectionParameters], opened: Opened, name: str
) -> None:
    adapter, connection = opened
    database = place(name).database if name else ""
    before = adapter.list_databases(connection)
    with pytest.raises(InvalidInput):
        adapter.create_database(connection, database)
    assert adapter.list_databases(connection) == before


def test_a_name_is_never_cut(opened: Opened) -> None:
    """TRUST D9: the limit counts bytes on PostgreSQL, characters elsewhere."""
    adapter, connection = opened
    if not adapter.parameters.host:
        pytest.skip("a path has no such limit")
    longest = "x" * adapter.name_limit  # type: ignore[attr-defined]
    adapter.create_database(connection, longest)
    try:
        assert longest in adapter.list_databases(connection)
    finally:
        adapter.drop_database(connection, longest)
    with pytest.raises(InvalidInput, match="too long"):
        adapter.create_database(connection, longest + "x")


@pytest.mark.parametrize("name", ["host=127.0.0.1 port={port}", "postgresql://127.0.0.1:{port}/d"])
def test_a_name_sends_the_password_nowhere_else(
    place: Callable[[str], ConnectionParameters], name: str
) -> None:
    """A canary where the name points to gets no connection."""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.2)
        target = place(name.format(port=canary.getsockname()[1]))
        with pytest.raises(DatabaseMissing):
            adapter_for(target).connect(10)
        with pytest.raises(TimeoutError):
            canary.accept()


def test_a_missing_database(place: Callable[[str], ConnectionParameters]) -> None:
    with pytest.raises(DatabaseMissing) as raised:
        adapter_for(place("nowhere")).connect(10)
    assert "nowhere" in raised.value.message
    assert raised.value.hint
    assert raised.value.__cause__ is not None or not place("nowhere").host


def test_dropping_ends_the_sessions_inside(place: Callable[[str], ConnectionParameters]) -> None:
    target = place("inhabited")
    adapter: Adapter = adapter_for(target)
    with closing_connection(adapter.maintenance, 10) as (_, maintenance):
        adapter.create_database(maintenance, target.database)
        inhabitant = adapter.connect(10)
        adapter.rows(inhabitant, "CREATE TABLE t (id integer)")
        adapter.rows(inhabitant, "BEGIN")
        adapter.rows(inhabitant, "INSERT INTO t VALUES (1)")
        adapter.drop_database(maintenance, target.database)
        inhabitant.close()
        assert target.database not in adapter.list_databases(maintenance)
