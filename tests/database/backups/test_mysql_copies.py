"""Copies of MySQL and MariaDB databases: equal to the last row, trigger and grant, whatever is in them and
whatever they are called (TRUST V3, V4, B12, X2)."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from core.errors import NotFound
from core.progress import Operation
from database.adapters.backup import Selection
from database.manifest import FactKind
from tests.database.backups.mysql_ground import (
    SAMPLE_DATA,
    Ground,
    is_equal,
    source_of,
    statements_of,
    take,
)
from tests.database.backups.mysql_nasty import DASHES, LONG, ODD, UNSAFE, nasty

CHINOOK = SAMPLE_DATA / "chinook" / "chinook-mysql.sql"
ODD_NAMES = (
    "-x", "--file=/x/p", "--result-file=p", "--help", "a=b", "host=127.0.0.1 port=9", "mysql://h/d", "a'b",
    'a"b', "a`b", "a\\b", "a\nb", "%s", "a.b", " a", "ünï-日本", "#a;b", "n" * 50, "----args-separator----",
)  # fmt: skip


@pytest.mark.skipif(not CHINOOK.exists(), reason="SAMPLE_DATA names no folder with chinook/chinook-mysql.sql")
def test_chinook_comes_out_equal(ground: Ground) -> None:
    ground.run(*statements_of(CHINOOK))
    adapter = ground.adapter()
    data, manifest = take(adapter)
    assert manifest.is_exact and not manifest.warnings
    assert (len(manifest.inventory.tables), manifest.inventory.rows) == (11, 15607)
    source = source_of(data, manifest)
    assert adapter.check_readable(Operation(), source).startswith("11 tables, ")
    place, undone = ground.restored(adapter, source)
    assert not undone
    assert is_equal(adapter, place.name, manifest.inventory) == ()
    assert adapter.health_faults(Operation(), place.name) == ()


def test_a_nasty_database_comes_out_equal(ground: Ground) -> None:
    ground.run(*nasty(ground.server.dialect))
    adapter = ground.adapter()
    data, manifest = take(adapter)
    assert manifest.is_exact and not manifest.warnings
    source = source_of(data, manifest)
    adapter.check_readable(Operation(), source)
    assert adapter.obstacles(source) == ()
    place, undone = ground.restored(adapter, source)
    assert not undone
    assert is_equal(adapter, place.name, manifest.inventory) == ()
    assert adapter.health_faults(Operation(), place.name) == ()
    ground.run("INSERT INTO log_lines (what) VALUES ('x')", database=place.name)
    assert ground.run("SELECT what FROM log_lines ORDER BY id DESC LIMIT 1", database=place.name) == [
        ("x?!",)
    ]
    assert is_equal(adapter, ground.live, manifest.inventory) == ()  # the live one was not touched


def test_every_kind_of_change_is_a_difference(ground: Ground) -> None:
    """V4: an inventory that overlooks something would call any copy equal."""
    ground.run(*nasty(ground.server.dialect))
    adapter = ground.adapter()
    wanted = adapter.inventory(Operation(), ground.live, contents=True)
    other = f"{ground.account().user}@'%'"
    changes = {
        "Table kinds has other contents": ("UPDATE kinds SET a = 1 WHERE id = 3",),
        "Table twins has other contents": ("UPDATE twins SET a = NULL, b = 'x' WHERE b = 'N'",),
        "Table empty_one has 1 rows, not 0": ("INSERT INTO empty_one VALUES (1)",),
        f"The column `{DASHES}`.`-- x` is": (f"ALTER TABLE `{DASHES}` MODIFY `-- x` bigint",),
        "The index parent.name is missing": ("DROP INDEX name ON parent",),
        "The constraint child.`odd `name` is missing": ("ALTER TABLE child DROP FOREIGN KEY `odd ``name`",),
        "The setting table twins is": ("ALTER TABLE twins COMMENT = 'x'",),
        "The setting collation is": (f"ALTER DATABASE `{ground.live}` COLLATE utf8mb4_general_ci",),
        "The sequence child is 1, not 3": ("DELETE FROM child", "ALTER TABLE child AUTO_INCREMENT = 1"),
        "The view v_last is": ("CREATE OR REPLACE VIEW v_last AS SELECT id, name FROM parent",),
        "The routine function twice is missing": ("DROP FUNCTION twice",),
        "The trigger t_two is missing": ("DROP TRIGGER t_two",),
        "The event e_daily is": ("ALTER EVENT e_daily DISABLE",),
        "The owner view v_invoker is": (
            f"ALTER DEFINER = {other} SQL SECURITY INVOKER VIEW v_invoker AS SELECT 1 AS one",
        ),
    }
    for said, statements in changes.items():
        ground.run(*statements)
        assert any(one.startswith(said) for one in is_equal(adapter, ground.live, wanted)), said


def test_grants_come_with_the_copy_and_go_with_it(ground: Ground) -> None:
    """B12, D9: those on the database, its tables, columns and routines; nothing is left in the catalogue."""
    ground.run("CREATE TABLE person (id int, name varchar(9))", "CREATE PROCEDURE p () SELECT 1")
    reader, writer = ground.account("SELECT, TRIGGER"), ground.account("ALL PRIVILEGES")
    ground.run(
        f"GRANT SELECT (id), UPDATE (id, name), INSERT ON person TO {reader.user}",
        f"GRANT EXECUTE ON PROCEDURE p TO {reader.user} WITH GRANT OPTION",
    )
    adapter = ground.adapter()
    data, manifest = take(adapter)
    grants = manifest.inventory.of(FactKind.GRANT)
    assert grants[f"'{reader.user}'@'%'"] == "SELECT, TRIGGER"
    assert grants[f"'{reader.user}'@'%' on table person"] == "INSERT, SELECT (`id`), UPDATE (`id`, `name`)"
    assert grants[f"'{reader.user}'@'%' on procedure p"] == "EXECUTE WITH GRANT OPTION"
    assert f"`{writer.user}`@`%`" in manifest.roles
    place, undone = ground.restored(adapter, source_of(data, manifest))
    assert not undone
    assert is_equal(adapter, place.name, manifest.inventory) == ()
    adapter.drop(Operation(), place.name)
    for table in ("db", "tables_priv", "columns_priv", "procs_priv"):
        left = ground.run(f"SELECT db FROM mysql.{table} WHERE replace(db, '\\\\', '') = '{place.name}'")
        assert left == []


def test_definers_stay_who_they_were(ground: Ground) -> None:
    """D5: nothing that an account for one operation made is left in its name."""
    owner = ground.account("ALL PRIVILEGES")
    as_owner = f"DEFINER = {owner.user}@'%'"
    ground.run(
        "CREATE TABLE t (a int)",
        f"CREATE {as_owner} VIEW v AS SELECT * FROM t",
        f"CREATE {as_owner} TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
        f"CREATE {as_owner} PROCEDURE p () SELECT 1",
        "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1",
    )
    adapter = ground.adapter()
    data, manifest = take(adapter)
    assert manifest.inventory.of(FactKind.OWNER)["view v"] == f"`{owner.user}`@`%`"
    place, undone = ground.restored(adapter, source_of(data, manifest))
    assert not undone and is_equal(adapter, place.name, manifest.inventory) == ()
    # Of a dump whose manifest does not know the code, the live database's own account has it.
    plain = replace(manifest, inventory=replace(manifest.inventory, facts=()))
    adapter = ground.adapter(owner, ground.parameters)
    place, undone = ground.restored(adapter, source_of(data, plain))
    owners = adapter.inventory(Operation(), place.name, contents=False).of(FactKind.OWNER)
    assert not undone and set(owners.values()) == {f"`{owner.user}`@`%`"}


def test_an_account_that_went_meanwhile_is_told(ground: Ground) -> None:
    owner = ground.account("ALL PRIVILEGES")
    ground.run(f"CREATE DEFINER = {owner.user}@'%' VIEW v AS SELECT 1 AS one")
    adapter = ground.adapter()
    data, manifest = take(adapter)
    ground.run(f"DROP USER {owner.user}")
    source = source_of(data, manifest)
    assert [one.is_fatal for one in adapter.obstacles(source)] == [False]
    _, undone = ground.restored(adapter, source)
    assert any(one.startswith("The view v belongs to ") for one in undone)
    assert any(one.startswith(f"'{owner.user}'@'%' was not granted ") for one in undone)


def test_a_definer_who_was_gone_already_stays_so(ground: Ground) -> None:
    owner = ground.account()
    ground.run(f"CREATE DEFINER = {owner.user}@'%' PROCEDURE p () SELECT 1", f"DROP USER {owner.user}")
    adapter = ground.adapter()
    data, manifest = take(adapter)
    place, undone = ground.restored(adapter, source_of(data, manifest))
    assert not undone and is_equal(adapter, place.name, manifest.inventory) == ()


def test_code_of_other_times_and_tongues_comes_out_equal(ground: Ground) -> None:
    """A trigger typed with its database, bodies in Latin-1, a collation the database had once, a view into
    another database: each of them is made so that the server reads it as before."""
    other = ground.new_name("other")
    ground.run(
        f"CREATE DATABASE {other}",
        f"CREATE TABLE {other}.far (a int)",
        "CREATE TABLE t (a varchar(9))",
        f"CREATE TRIGGER {ground.live}.b BEFORE INSERT ON {ground.live}.t FOR EACH ROW SET NEW.a = 'x'",
        f"CREATE VIEW v AS SELECT * FROM {other}.far",
        "ALTER DATABASE COLLATE latin1_swedish_ci",
        "CREATE PROCEDURE old (IN n varchar(9)) SELECT n",
        "SET NAMES latin1",
        "CREATE PROCEDURE latin () SELECT 'grün', '☃'",
        "SET NAMES utf8mb4",
        "ALTER DATABASE COLLATE utf8mb4_bin",
    )
    adapter = ground.adapter()
    data, manifest = take(adapter)
    assert b"ALTER DATABASE" in data
    place, undone = ground.restored(adapter, source_of(data, manifest))
    assert not undone and is_equal(adapter, place.name, manifest.inventory) == ()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_a_name(ground: Ground, name: str) -> None:
    """X2, D2, X3: no option, no address, no pattern, no statement."""
    odd = f"{name}{secrets.token_hex(3)}" if not name.startswith("----") else name
    quoted = ground.server.quoted(odd)
    where = replace(ground.parameters, database=odd)
    ground.run(
        f"CREATE DATABASE {quoted}", f"CREATE TABLE {quoted}.t (a int)", f"INSERT INTO {quoted}.t VALUES (7)"
    )
    try:
        adapter = ground.adapter(where, ground.parameters)
        data, manifest = take(adapter)
        assert [(one.name, one.rows) for one in manifest.inventory.tables] == [("t", 1)]
        adapter.drop(op := ground.op(), odd)
        assert odd not in ground.names()
        place, undone = ground.restored(adapter, source_of(data, manifest), op, odd)
        assert not undone and is_equal(adapter, odd, manifest.inventory) == ()
        assert adapter.identity(place.name).count(":") == 1
        assert adapter.health_faults(op, odd) == ()
    finally:
        ground.run(f"DROP DATABASE IF EXISTS {quoted}")


def test_tables_that_are_chosen(ground: Ground) -> None:
    ground.run(*nasty(ground.server.dialect))
    adapter = ground.adapter()
    data, manifest = take(adapter, Selection(tables=("log_lines", ODD.replace("``", "`"), LONG, DASHES)))
    assert {one.name for one in manifest.inventory.tables} == {
        "log_lines",
        ODD.replace("``", "`"),
        LONG,
        DASHES,
    }
    assert set(manifest.inventory.of(FactKind.TRIGGER)) == {"t_one", "t_two"}
    place, undone = ground.restored(adapter, source_of(data, manifest))
    assert not undone and is_equal(adapter, place.name, manifest.inventory) == ()
    for wrong in (Selection(tables=("no_such",)), Selection(schemas=("public",))):
        with pytest.raises(NotFound):
            take(adapter, wrong)


def test_what_no_snapshot_covers_is_named(ground: Ground) -> None:
    ground.run(*UNSAFE, "CREATE TABLE f (a float)")
    _, manifest = take(ground.adapter())
    assert not manifest.is_exact
    assert "The table isam is MyISAM, not InnoDB: no snapshot covers it." in manifest.warnings
    assert "The server writes 6 digits of a FLOAT: f.a." in manifest.warnings


def test_an_empty_database(ground: Ground) -> None:
    adapter = ground.adapter()
    data, manifest = take(adapter)
    assert manifest.is_exact and manifest.inventory.tables == ()
    place, _ = ground.restored(adapter, source_of(data, manifest))
    assert is_equal(adapter, place.name, manifest.inventory) == ()
