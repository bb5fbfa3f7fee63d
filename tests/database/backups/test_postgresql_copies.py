"""Copies of PostgreSQL databases: equal to the last row, trigger and grant, whatever is in them (TRUST V3,
V4, B12)."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput, NotFound
from core.progress import Operation
from database.adapters.backup import Selection
from database.manifest import FactKind
from tests.database.backups.postgresql_ground import SAMPLE_DATA, Ground, take, text_of, unlike
from tests.database.backups.postgresql_nasty import DASHES, LEFT_OUT, LONG, ODD, SUPERUSERS, nasty

CHINOOK = SAMPLE_DATA / "chinook" / "chinook-postgresql.sql"


def make_nasty(ground: Ground) -> dict[str, str]:
    """All of it in the live database; the roles by what they do in it."""
    roles = {
        "owner": ground.role("o ä"),
        "other": ground.role("O%s-'\"x"),
        "reader": ground.role("reader; --"),
    }
    names = {what: ground.server.quoted(role) for what, role in roles.items()}
    ground.run(*nasty({**names, "live": ground.server.quoted(ground.live)}))
    return roles


@pytest.mark.skipif(
    not CHINOOK.exists(), reason="SAMPLE_DATA names no folder with chinook/chinook-postgresql.sql"
)
def test_chinook_comes_out_equal(postgresql: Ground) -> None:
    lines = CHINOOK.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("DROP DATABASE", "CREATE DATABASE", "\\c"))]
    postgresql.run("\n".join(kept))
    adapter = postgresql.adapter()
    taken = take(adapter)
    assert taken.manifest.is_exact and not taken.manifest.warnings
    assert (len(taken.manifest.inventory.tables), taken.manifest.inventory.rows) == (11, 15607)
    assert adapter.check_readable(Operation(), taken.source).endswith(" entries")
    assert adapter.obstacles(taken.source) == ()
    place, undone = postgresql.restored(adapter, taken.source)
    assert not undone
    assert unlike(adapter, place.name, taken.manifest) == ()
    assert text_of(postgresql, place.name) == text_of(postgresql, postgresql.live)
    assert adapter.health_faults(Operation(), place.name) == ()


def test_a_nasty_database_comes_out_equal(postgresql: Ground) -> None:
    make_nasty(postgresql)
    before = text_of(postgresql, postgresql.live)
    adapter = postgresql.adapter()
    taken = take(adapter)
    assert taken.manifest.is_exact and not taken.manifest.warnings
    assert taken.manifest.revision == "0a1b2c"
    adapter.check_readable(Operation(), taken.source)
    assert adapter.obstacles(taken.source) == ()
    place, undone = postgresql.restored(adapter, taken.source)
    assert not undone
    assert unlike(adapter, place.name, taken.manifest) == ()
    assert text_of(postgresql, place.name) == before
    assert adapter.health_faults(Operation(), place.name) == ()
    postgresql.run("INSERT INTO app.log_lines (what) VALUES ('x')", database=place.name)
    [(said,)] = postgresql.run("SELECT what FROM app.log_lines ORDER BY id DESC LIMIT 1", database=place.name)
    assert said == "xit's?!"
    assert text_of(postgresql, postgresql.live) == before  # the live one was not touched


def test_the_archive_alone_brings_all_but_the_owners(postgresql: Ground) -> None:
    """B8: what somebody brought along goes to the database's own account, partitions of partitions too."""
    make_nasty(postgresql)
    adapter = postgresql.adapter()
    taken = take(adapter)
    place, undone = postgresql.restored(adapter, taken.strange)
    found = adapter.inventory(Operation(), place.name, contents=True)
    assert not undone
    assert found.tables == taken.manifest.inventory.tables
    assert set(found.of(FactKind.OWNER).values()) == {postgresql.parameters.user}
    for kind in set(FactKind) - {FactKind.OWNER, FactKind.GRANT, FactKind.SETTING, FactKind.ORIGIN}:
        assert found.of(kind) == taken.manifest.inventory.of(kind)


def test_what_only_a_superuser_makes_is_said_and_left_out(postgresql: Ground) -> None:
    """D5: nothing of a dump runs as one, and what cannot come back is named when it is backed up."""
    postgresql.run(*SUPERUSERS)
    adapter = postgresql.adapter()
    taken = take(adapter)
    [said] = taken.manifest.warnings
    assert said.startswith("A restore leaves out what only a superuser makes, and what needs it: ")
    left = {name for name in taken.manifest.inventory.of(FactKind.ORIGIN) if name.startswith("left out ")}
    assert left == {f"left out {one}" for one in LEFT_OUT}
    place, undone = postgresql.restored(adapter, taken.source)
    assert not undone and unlike(adapter, place.name, taken.manifest) == ()
    assert postgresql.run("SELECT to_regproc('tight')", database=place.name)[0] == ("tight",)


def test_changed_grants_on_what_came_with_the_server_are_said(postgresql: Ground) -> None:
    postgresql.run("REVOKE EXECUTE ON FUNCTION pg_sleep(float8) FROM PUBLIC")
    [said] = take(postgresql.adapter()).manifest.warnings
    assert "what came with the server are left out: function pg_catalog.pg_sleep(double precision)" in said


def test_every_kind_of_change_is_a_difference(postgresql: Ground) -> None:
    """V4: an inventory that overlooks something would call any copy equal."""
    roles = make_nasty(postgresql)
    adapter = postgresql.adapter()
    manifest = take(adapter).manifest
    other, reader = (postgresql.server.quoted(roles[what]) for what in ("other", "reader"))
    changes = {
        "Table app.bits has other contents": "UPDATE app.bits SET c = '\\x00' WHERE id = 1",
        "Table app.twins has other contents": "UPDATE app.twins SET a = NULL, b = NULL WHERE a = 2",
        "Table app.moods has other contents": "UPDATE app.moods SET n = 9 WHERE n = 1",
        "Table app.nothing has 3 rows, not 2": "INSERT INTO app.nothing DEFAULT VALUES",
        "Table large objects has other contents": "SELECT lo_put(max(oid), 1099999, '\\x01')"
        " FROM pg_largeobject_metadata WHERE oid IN (SELECT loid FROM pg_largeobject WHERE pageno = 99)",
        "The column app.late.a is bigint": "ALTER TABLE app.late ALTER a TYPE bigint",
        "The sequence app.untouched is 7 used": "SELECT nextval('app.untouched')",
        "The index app.bits_brin is missing": "DROP INDEX app.bits_brin",
        "The index app.expr_stats is missing": "DROP STATISTICS app.expr_stats",
        "The constraint app.late.not_yet is": "DELETE FROM app.late;"
        " ALTER TABLE app.late VALIDATE CONSTRAINT not_yet",
        "The constraint app.a_side.circle is": "ALTER TABLE app.a_side ALTER CONSTRAINT circle"
        " NOT DEFERRABLE",
        "The constraint app.parted_old is": "ALTER TABLE app.parted DETACH PARTITION app.parted_old",
        "The view app.v_checked is": "CREATE OR REPLACE VIEW app.v_checked AS SELECT * FROM"
        " app.twins WHERE a > 1",
        "The view app.m_empty is": "REFRESH MATERIALIZED VIEW app.m_empty",
        "The view app.v_on_view is": "ALTER VIEW app.v_on_view RESET (security_barrier)",
        "The routine app.twice(integer) is": "ALTER FUNCTION app.twice(int) VOLATILE",
        "The routine app.longest(pg_catalog.text) is missing": "DROP AGGREGATE app.longest(text)",
        "The trigger app.log_lines.d_always is": "ALTER TABLE app.log_lines ENABLE TRIGGER d_always",
        "The trigger app.v_person.also is missing": "DROP RULE also ON app.v_person",
        "The policy app.person.mine is": "ALTER POLICY mine ON app.person USING (true)",
        "The policy app.person is": "ALTER TABLE app.person NO FORCE ROW LEVEL SECURITY",
        "The type app.mood is": "ALTER TYPE app.mood RENAME VALUE 'sad' TO 'blue'",
        "The type app.email is": 'ALTER DOMAIN app.email DROP CONSTRAINT "is short"',
        "The owner operator app.!!(NONE,integer) is": f"ALTER OPERATOR app.!! (NONE, int) OWNER TO {other}",
        "The grant schema public is": "GRANT USAGE ON SCHEMA public TO PUBLIC",
        "The grant table app.base is": "GRANT UPDATE ON app.base TO PUBLIC",
        "The grant table column app.person.id is missing": "REVOKE REFERENCES (id) ON"
        f" app.person FROM {reader}",
        "The setting app.quick is missing": "ALTER TABLE app.quick SET LOGGED",
        "The setting set work_mem is": f"ALTER DATABASE {postgresql.live} SET work_mem = '8MB'",
        "The setting comment is": f"COMMENT ON DATABASE {postgresql.live} IS 'x'",
    }
    postgresql.run(*changes.values())
    found = unlike(adapter, postgresql.live, manifest)
    assert [one for one in changes if not any(said.startswith(one) for said in found)] == []


def test_an_empty_database(postgresql: Ground) -> None:
    adapter = postgresql.adapter()
    taken = take(adapter)
    assert taken.manifest.is_exact and taken.manifest.inventory.tables == ()
    place, undone = postgresql.restored(adapter, taken.source)
    assert not undone and unlike(adapter, place.name, taken.manifest) == ()
    assert text_of(postgresql, place.name) == text_of(postgresql, postgresql.live)


def test_tables_that_are_chosen(postgresql: Ground) -> None:
    make_nasty(postgresql)
    adapter = postgresql.adapter()
    odd = postgresql.server.quoted(ODD.replace('""', '"'))
    chosen = ("app.parted", "app.twins", f"{odd}.{odd}", f'app."{LONG}"', f'app."{DASHES}"', "app.b_side")
    taken = take(adapter, Selection(tables=chosen))
    assert {one.name for one in taken.manifest.inventory.tables} >= {*chosen[1:], "app.parted_h0"}
    place, undone = postgresql.restored(adapter, taken.source)
    assert not undone and unlike(adapter, place.name, taken.manifest) == ()
    with pytest.raises(NotFound):
        take(adapter, Selection(tables=("no_such",)))


def test_schemas_that_are_chosen(postgresql: Ground) -> None:
    make_nasty(postgresql)
    adapter = postgresql.adapter()
    taken = take(adapter, Selection(schemas=("app", ODD.replace('""', '"'))))
    assert taken.manifest.inventory.of(FactKind.ROUTINE)
    place, undone = postgresql.restored(adapter, taken.source)
    assert not undone and unlike(adapter, place.name, taken.manifest) == ()
    with pytest.raises(NotFound):
        take(adapter, Selection(schemas=("no_such",)))
    with pytest.raises(InvalidInput, match="not both"):  # pg_dump would leave the schemas out
        take(adapter, Selection(tables=("alembic_version",), schemas=("app",)))


def test_a_key_out_of_the_selection_is_left_out(postgresql: Ground) -> None:
    """The table comes back without it, and is equal to what was backed up."""
    postgresql.run(
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO b VALUES (1, 1)",
    )
    adapter = postgresql.adapter()
    taken = take(adapter, Selection(tables=("b",)))
    place, undone = postgresql.restored(adapter, taken.source)
    assert not undone and unlike(adapter, place.name, taken.manifest) == ()


def test_what_a_column_needs_of_the_rest_is_said(postgresql: Ground) -> None:
    postgresql.run("CREATE TYPE mood AS ENUM ('a')", "CREATE TABLE t (m mood[])")
    [said] = take(postgresql.adapter(), Selection(tables=("t",))).manifest.warnings
    assert "1 type that the selection leaves out: public.mood" in said


def test_a_role_that_went_meanwhile_is_told(postgresql: Ground) -> None:
    role, reader = postgresql.role(), postgresql.role()
    postgresql.run(
        "CREATE TABLE t (a int)", f"ALTER TABLE t OWNER TO {role}", f"GRANT SELECT ON t TO {reader}"
    )
    adapter = postgresql.adapter()
    taken = take(adapter)
    assert {role, reader} <= set(taken.manifest.roles)
    postgresql.run(f"DROP OWNED BY {role}, {reader}", f"DROP ROLE {role}, {reader}")
    [obstacle] = adapter.obstacles(taken.source)
    assert not obstacle.is_fatal and role in obstacle.message
    place, undone = postgresql.restored(adapter, taken.source)
    assert any(one.startswith(f"The role {role} is not on this server") for one in undone)
    assert any(one.startswith(f"The role {reader} is not on this server") for one in undone)
    owners = adapter.inventory(Operation(), place.name, contents=False).of(FactKind.OWNER)
    assert owners["table public.t"] == postgresql.parameters.user
