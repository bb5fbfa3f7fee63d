"""Places of MySQL and MariaDB: who gets in, what is left when whoever made them dies, and what is looked for
in them (TRUST D5, D9, K4, V5, note g)."""

from __future__ import annotations

import signal
import tempfile
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.connection import ConnectionParameters
from core.errors import AlreadyExists, InvalidInput, PrivilegeMissing, ServerError
from core.progress import Operation
from database.adapters import closing_connection
from database.adapters.backup import Place, name_for, operation_of
from tests.database.backups.mysql_ground import Ground, source_of, start, take
from tests.servers.server import connect

MAKER = """
import os, signal, sys
from core.connection import parse_url
from core.failpoints import listen
from core.progress import Operation
from database.adapters.backup import Means, name_for
from database.adapters.backup_adapters import backup_adapter_for
to, id, step = parse_url(sys.stdin.readline().strip()), *sys.argv[1:]
listen(lambda name: name == step and os.kill(os.getpid(), signal.SIGKILL))
op = Operation(id=id)
backup_adapter_for(to, to, Means()).create_place(op, name_for("scratch", op))
"""


def allows(parameters: ConnectionParameters, sql: str) -> bool:
    try:
        with closing_connection(parameters, 10) as (adapter, connection):
            adapter.rows(connection, sql)
    except ServerError:
        return False
    return True


def test_an_account_for_one_operation_has_one_database(ground: Ground) -> None:
    """D5, D9: not those whose names differ where a pattern would not see it either."""
    adapter = ground.adapter()
    place = adapter.create_place(op := ground.op(), name_for("new", op))
    sibling = place.name.replace("_", "X")
    ground.run(
        f"CREATE DATABASE `{sibling}`", f"CREATE TABLE `{sibling}`.t (a int)", "CREATE TABLE t (a int)"
    )
    try:
        assert len(place.account) <= 32 and "%" not in place.account
        assert allows(place.parameters, "CREATE TABLE t (a int)")
        assert not allows(replace(place.parameters, database=sibling), "SELECT 1")
        for name in (sibling, ground.live, "mysql"):
            assert not allows(place.parameters, f"SELECT * FROM `{name}`.t")
        for sql in ("CREATE DATABASE bk_more", "CREATE USER bk_more", "SET GLOBAL max_connections = 9"):
            assert not allows(place.parameters, sql)
        with pytest.raises(AlreadyExists):
            adapter.create_place(op, place.name)
        adapter.hand_over(op, place, None)
        assert not allows(place.parameters, "SELECT 1")
    finally:
        ground.run(f"DROP DATABASE `{sibling}`")


def test_no_password_is_in_the_log_of_the_server(ground: Ground) -> None:
    """K4."""
    ground.run("SET GLOBAL log_output = 'TABLE'", "SET GLOBAL general_log = 1")
    try:
        place = ground.adapter().create_place(op := ground.op(), name_for("new", op))
    finally:
        ground.run("SET GLOBAL general_log = 0")
    logged = ground.run("SELECT argument FROM mysql.general_log WHERE argument LIKE '%CREATE USER%'")
    texts = [text if isinstance(text, str) else bytes(str(text), "utf-8").decode() for (text,) in logged]
    assert any(place.account in text for text in texts)
    assert not any(place.parameters.password in text for text in texts)


@pytest.mark.parametrize("step", ["place.database", "place.account"])
def test_what_a_killed_worker_leaves_is_found_and_goes(ground: Ground, step: str) -> None:
    """K2, F2: told by the name, and by the operation in it."""
    op = ground.op()
    worker = start(MAKER, op.id, step)
    worker.communicate(ground.url + "\n")
    assert worker.returncode == -signal.SIGKILL
    adapter = ground.adapter()
    [left] = [name for name in adapter.leftovers() if operation_of(name) == op.id]
    assert left == name_for("scratch", op)
    adapter.drop(Operation(), left)
    assert not [name for name in adapter.leftovers() if operation_of(name) == op.id]
    adapter.drop(Operation(), left)  # once more does nothing


def test_an_account_alone_is_left_too(ground: Ground) -> None:
    adapter = ground.adapter()
    place = adapter.create_place(op := ground.op(), ground.new_name("copy"))
    ground.run(f"DROP DATABASE `{place.name}`", database="mysql")
    [left] = [name for name in adapter.leftovers() if operation_of(name) == op.id]
    adapter.drop(Operation(), left)
    assert not [name for name in adapter.leftovers() if operation_of(name) == op.id]
    assert ground.run(f"SELECT user FROM mysql.user WHERE user = '{place.account}'") == []


def test_whoever_is_in_a_place_does_not_keep_it(ground: Ground) -> None:
    adapter = ground.adapter()
    place = adapter.create_place(op := ground.op(), name_for("scratch", op))
    with (
        closing(connect(ground.url.rpartition("/")[0] + "/" + place.name)) as other,
        closing(other.cursor()) as cursor,
    ):
        cursor.execute("CREATE TABLE t (a int)")
        cursor.execute("START TRANSACTION")
        cursor.execute("INSERT INTO t VALUES (1)")
        assert [one.id for one in adapter.connected(place.name)] == [other.thread_id()]
        adapter.drop(op, place.name)
    assert place.name not in ground.names()


def test_faults_are_found(ground: Ground) -> None:
    """V5: rows without their parents, views of what is gone."""
    ground.run(
        "CREATE TABLE parent (a int, b int, PRIMARY KEY (a, b))",
        "CREATE TABLE child (a int, b int, CONSTRAINT leads FOREIGN KEY (a, b) REFERENCES parent (a, b))",
        "INSERT INTO parent VALUES (1, 1)",
        "INSERT INTO child VALUES (1, 1), (NULL, 5)",
        "CREATE TABLE gone (a int)",
        "CREATE VIEW broken AS SELECT * FROM gone",
    )
    adapter = ground.adapter()
    assert adapter.health_faults(Operation(), ground.live) == ()
    ground.run("SET foreign_key_checks = 0", "INSERT INTO child VALUES (2, 1), (2, 2)", "DROP TABLE gone")
    faults = adapter.health_faults(Operation(), ground.live)
    assert "2 rows of child break the foreign key leads." in faults
    assert any(one.startswith("broken: ") and "invalid table" in one for one in faults)


@pytest.mark.parametrize(
    ("sql", "holds"),
    [
        ("SELECT count(*) = 2 FROM t", True),
        ("SELECT count(*) FROM t WHERE a > 5", False),
        ("SELECT sum(a) FROM t WHERE a > 5;", False),
        ("WITH x AS (SELECT a FROM t) SELECT max(a) FROM x -- a comment", True),
    ],
)
def test_an_assertion_is_true_or_not(ground: Ground, sql: str, holds: bool) -> None:
    ground.run("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (2)")
    assert ground.adapter().run_assertion(Place(ground.live, ground.parameters), sql) is holds


def test_the_newest_row_is_told_by_an_index(ground: Ground) -> None:
    ground.run(
        "CREATE TABLE dated (at timestamp NULL, until timestamp NULL, other datetime, KEY (at), KEY (until))",
        "SET time_zone = '+00:00'",
        "INSERT INTO dated VALUES ('2026-01-02 03:04:00', '2037-01-01', '2026-03-03'), (NULL, NULL, NULL)",
    )
    with closing_connection(ground.parameters, 10) as (server, connection):
        newest = ground.adapter().newest_rows(server, connection, ["dated", "gone"])
    assert newest == {"dated": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)}


def test_an_assertion_is_asked_as_nobody_else(ground: Ground) -> None:
    """D5: what it calls may do what its asker may."""
    adapter, op = ground.adapter(), ground.op()
    place = adapter.create_place(op, name_for("scratch", op))
    assert adapter.run_assertion(place, f"SELECT current_user() = '{place.account}@%'")
    adapter.drop(op, place.name)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t",
        "DROP TABLE t",
        "SET GLOBAL max_connections = 7",
        "SELECT 1; DELETE FROM t",
        "SELECT writes()",
        "SELECT a FROM t INTO OUTFILE '{file}'",
        "SELECT 1) AS x UNION SELECT 2 INTO OUTFILE '{file}' #",
        "SELECT * FROM t FOR UPDATE",
        "no sql",
    ],
)
def test_an_assertion_changes_nothing(ground: Ground, sql: str) -> None:
    file = Path(tempfile.gettempdir()) / ground.live
    ground.run(
        "CREATE TABLE t (a int)",
        "INSERT INTO t VALUES (1)",
        "CREATE FUNCTION writes () RETURNS int DETERMINISTIC BEGIN INSERT INTO t VALUES (2); RETURN 1; END",
    )
    with suppress(ServerError, InvalidInput):
        ground.adapter().run_assertion(Place(ground.live, ground.parameters), sql.format(file=file))
    assert not file.exists()
    assert ground.run("SELECT a FROM t") == [(1,)]
    assert ground.run("SELECT @@GLOBAL.max_connections") != [(7,)]


def test_an_assertion_that_takes_too_long_ends(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("database.adapters.mysql.health._PATIENCE", 1.0)
    ground.run("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)", *["INSERT INTO t SELECT a FROM t"] * 12)
    with pytest.raises(ServerError):
        ground.adapter().run_assertion(
            Place(ground.live, ground.parameters),
            "SELECT count(*) FROM t x, t y, t z WHERE x.a + y.a + z.a > 4",
        )
        pytest.fail("it was answered")


def test_what_a_server_cannot_hold_is_told_before(ground: Ground) -> None:
    """B9, V3: an older server, words it does not know, another make."""
    ground.run("CREATE TABLE t (a varchar(9))")
    adapter = ground.adapter()
    data, manifest = take(adapter)
    numbers = manifest.server_numbers
    newer = replace(manifest, server_numbers=(numbers[0] + 1, 0), server="MySQL 99")
    assert any(
        "is older than" in one.message and one.is_fatal for one in adapter.obstacles(source_of(data, newer))
    )
    other = replace(manifest, dialect="postgresql")
    assert any("another make" in one.message for one in adapter.obstacles(source_of(data, other)))
    facts = tuple(
        replace(one, value=one.value.replace("utf8mb4_bin", "klingon_ci").replace("InnoDB", "Rocket"))
        for one in manifest.inventory.facts
    )
    strange = replace(manifest, inventory=replace(manifest.inventory, facts=facts))
    said = {one.message for one in adapter.obstacles(source_of(data, strange)) if one.is_fatal}
    assert said >= {
        "The server does not know the collation klingon_ci.",
        "The server does not know the engine rocket.",
    }
    assert adapter.obstacles(source_of(data, manifest)) == ()


def test_a_keeper_without_rights_makes_nothing(ground: Ground) -> None:
    keeper = ground.account("SELECT")
    adapter = ground.adapter(keeper, keeper)
    assert any(one.is_fatal for one in adapter.obstacles(source_of(b"")))
    with pytest.raises(PrivilegeMissing):
        adapter.create_place(op := ground.op(), name_for("new", op))
    assert ground.adapter().free_space() is None or isinstance(ground.adapter().free_space(), int)
