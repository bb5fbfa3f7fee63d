"""What every adapter does alike (ARCHITECTURE section 6), on a real server of each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.connection import ConnectionParameters, Dialect
from core.errors import ConnectionFailed, InvalidInput
from database.adapters import adapter_class, adapter_for, closing_connection, open_connection
from database.adapters.base import Capability
from tests.database.adapters.conftest import Opened
from tests.servers import Server

SCHEMA = (
    "CREATE TABLE parent (id integer NOT NULL, code varchar(20), CONSTRAINT pk_parent PRIMARY KEY (id),"
    " CONSTRAINT uq_parent_code UNIQUE (code), CONSTRAINT ck_parent_id CHECK (id > 0))",
    "CREATE TABLE child (id integer NOT NULL, parent_id integer, CONSTRAINT pk_child PRIMARY KEY (id),"
    " CONSTRAINT fk_child_parent_id FOREIGN KEY (parent_id) REFERENCES parent (id))",
    "CREATE INDEX ix_child_parent_id ON child (parent_id)",
)


def run(opened: Opened, *statements: str) -> None:
    adapter, connection = opened
    for statement in statements:
        adapter.rows(connection, statement)


def test_the_adapter_of_what_really_answers(server: Server, opened: Opened) -> None:
    adapter, _ = opened
    assert type(adapter) is adapter_class(Dialect(server.dialect))


@pytest.mark.parametrize("announced", [Dialect.MYSQL, Dialect.MARIADB])
def test_mysql_and_mariadb_are_told_apart_by_their_answer(
    server: Server, parameters: ConnectionParameters, announced: Dialect
) -> None:
    if server.dialect not in (Dialect.MYSQL, Dialect.MARIADB):
        pytest.skip("nobody takes this server for another")
    with closing_connection(replace(parameters, dialect=announced), 10) as (adapter, connection):
        assert adapter.label == adapter.server_version(connection).product
        assert type(adapter) is adapter_class(Dialect(server.dialect))


def test_ping_and_the_version_the_server_gives(server: Server, opened: Opened) -> None:
    adapter, connection = opened
    adapter.ping(connection)
    version = adapter.server_version(connection)
    assert version.text == server.version
    assert version.numbers == tuple(int(part) for part in server.version.split("."))
    assert str(version) == f"{adapter.label} {server.version}"


def test_a_dead_connection_is_explained(parameters: ConnectionParameters) -> None:
    adapter, connection = open_connection(parameters, 10)
    connection.close()
    with pytest.raises(ConnectionFailed) as raised:
        adapter.ping(connection)
    assert raised.value.hint
    assert raised.value.__cause__ is not None


def test_statements_run_in_autocommit(connect: Callable[..., Opened], opened: Opened) -> None:
    run(opened, *SCHEMA, "INSERT INTO parent VALUES (1, 'one')")
    adapter, other = connect()
    assert adapter.rows(other, "SELECT count(*) FROM parent") == [(1,)]


def test_schema_names(opened: Opened) -> None:
    adapter, connection = opened
    assert adapter.schema_names(connection).tables == frozenset()
    run(opened, *SCHEMA)
    names = adapter.schema_names(connection)
    assert names.tables == {"parent", "child"}
    assert names.columns == {("parent", "id"), ("parent", "code"), ("child", "id"), ("child", "parent_id")}
    assert {"ix_child_parent_id"} <= names.indexes <= {"ix_child_parent_id", "uq_parent_code"}
    assert names.constraints == {"uq_parent_code", "ck_parent_id", "fk_child_parent_id"}


def test_schema_names_sees_what_was_dropped(opened: Opened) -> None:
    adapter, connection = opened
    run(opened, SCHEMA[0], "CREATE INDEX ix_extra ON parent (code, id)")
    assert "ix_extra" in adapter.schema_names(connection).indexes
    run(opened, "DROP TABLE parent")
    assert adapter.schema_names(connection).indexes == frozenset()


def test_revisions(opened: Opened) -> None:
    adapter, connection = opened
    assert adapter.revisions(connection) == ()
    run(opened, "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    assert adapter.revisions(connection) == ()
    run(opened, "INSERT INTO alembic_version VALUES ('b2'), ('a1')")
    assert adapter.revisions(connection) == ("a1", "b2")
    run(opened, "DROP TABLE alembic_version")
    run(opened, "CREATE VIEW alembic_version AS SELECT 'c3' AS version_num")
    assert adapter.revisions(connection) == ()  # whose functions would run as whoever looks


def test_small_tables_are_counted_exactly(opened: Opened) -> None:
    adapter, connection = opened
    run(opened, *SCHEMA, "INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    child, parent = adapter.table_sizes(connection)
    assert (child.name, child.rows, child.exact) == ("child", 0, True)
    assert (parent.name, parent.rows, parent.exact) == ("parent", 3, True)
    assert parent.size and parent.size > 0


def test_large_tables_are_estimated(opened: Opened) -> None:
    """A table that was never analysed too."""
    adapter, connection = opened
    digits = " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10))
    run(
        opened,
        "CREATE TABLE large (id integer PRIMARY KEY, code varchar(20))",
        f"INSERT INTO large SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 1, 'x' FROM ({digits}) a,"
        f" ({digits}) b, ({digits}) c, ({digits}) e WHERE e.d < 5",
    )
    (large,) = adapter.table_sizes(connection, exact_below=100)
    assert not large.exact and 1000 <= large.rows <= 25_000
    (large,) = adapter.table_sizes(connection, exact_below=1_000_000)
    assert large.exact and large.rows == 5000
    assert large.size is None or adapter.database_size(connection) >= large.size > large.rows


def test_names_that_need_quotes_are_measured(opened: Opened) -> None:
    """TRUST X4."""
    adapter, connection = opened
    name = "a'b\"c`d\\e%f_g %s"
    column = adapter.quote("q'%s\"`")
    run(opened, f"CREATE TABLE {adapter.quote(name)} ({column} integer)")
    run(opened, f"INSERT INTO {adapter.quote(name)} VALUES (1)")
    assert [(one.name, one.rows) for one in adapter.table_sizes(connection)] == [(name, 1)]
    assert adapter.schema_names(connection).columns == {(name, "q'%s\"`")}


@pytest.mark.parametrize("name", ["a\0b", "\udc80"])
def test_quote_refuses_what_no_quoting_carries(
    server: Server, parameters: ConnectionParameters, name: str
) -> None:
    with pytest.raises(InvalidInput):
        adapter_for(parameters).quote(name)


def test_an_empty_name_is_refused_where_no_table_can_have_it(opened: Opened) -> None:
    adapter, _ = opened
    if adapter.supports(Capability.SESSIONS):  # a server
        with pytest.raises(InvalidInput):
            adapter.quote("")
    else:
        run(opened, f"CREATE TABLE {adapter.quote('')} ({adapter.quote('')} integer)")


def test_limits_tls_and_folder(server: Server, opened: Opened) -> None:
    adapter, connection = opened
    limits, tls = adapter.connection_limits(connection), adapter.tls_state(connection)
    if adapter.supports(Capability.SESSIONS):
        assert limits is not None and 1 <= limits.used <= limits.allowed
        assert tls is not None and tls.encrypted == bool(tls.version)
    else:
        assert limits is None and tls is None
    folder = adapter.data_folder(connection)
    assert folder or not server.ours


def test_a_fresh_database_is_healthy(opened: Opened) -> None:
    adapter, connection = opened
    probes = adapter.probes(connection)
    assert probes and {probe.status for probe in probes} == {"healthy"}
    assert all(probe.name and probe.value for probe in probes)
