"""The migrator: targets, lock, records, and what a failure leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.clock import monotonic
from core.connection import ConnectionParameters, Dialect, parse_url
from core.errors import (
    Conflict,
    ConnectionFailed,
    InvalidInput,
    LockTimeout,
    MigrationError,
    PrivilegeMissing,
    SchemaTooNew,
    ServerError,
    TargetBusy,
)
from database.adapters.base import Capability
from database.migrator import AppliedRevision, migrate, stamp
from database.revisions import known_revisions
from database.schema_lock import schema_lock
from tests.database.trees import make_tree, scalars, tables
from tests.servers import Server
from tests.servers.server import connect

HISTORY = """op.create_table("migration_history",
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("migration_name", sa.String(255)),
    sa.Column("revision", sa.String(32)), sa.Column("applied_at", sa.DateTime),
    sa.Column("duration", sa.Float), sa.Column("applied_by", sa.String(100)))
"""
FAMILY = (
    HISTORY
    + """op.create_table("parent",
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(9)))
op.create_table("child", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("parent_id", sa.Integer, sa.ForeignKey("parent.id", ondelete="CASCADE"), nullable=False))
op.execute("INSERT INTO parent VALUES (1, 'ann'), (2, 'bob')")
op.execute("INSERT INTO child VALUES (10, 1), (11, 2)")
"""
)
WIDEN = """with op.batch_alter_table("parent") as batch:
    batch.alter_column("name", type_=sa.String(90), existing_type=sa.String(9))
"""
NAMES = "SELECT migration_name FROM migration_history ORDER BY id"


def test_each_step_is_recorded_with_its_version(database_url: str) -> None:
    """SPEC section 4: migration_history is written with the stamp; a downgrade removes its row."""
    parameters = parse_url(database_url)
    known = known_revisions()
    applied = migrate(parameters, applied_by="ann")
    assert [(one.id, one.direction) for one in applied] == [(one.id, "upgrade") for one in known]
    assert scalars(database_url, NAMES) == [one.name for one in known]
    assert set(scalars(database_url, "SELECT applied_by FROM migration_history")) == {"ann"}
    took = scalars(database_url, "SELECT duration FROM migration_history ORDER BY id")
    assert took == [pytest.approx(one.seconds) for one in applied]
    assert migrate(parameters, applied_by="ann") == ()
    (gone,) = migrate(parameters, "-1", applied_by="ann")
    assert (gone.id, gone.direction) == (known[-1].id, "downgrade")
    assert scalars(database_url, "SELECT version_num FROM alembic_version") == [known[-2].id]
    assert scalars(database_url, NAMES) == [one.name for one in known[:-1]]


def test_what_was_planned_from_elsewhere_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    """Another run had the lock meanwhile: it did the same, or went elsewhere."""
    tree = make_tree(tmp_path / "tree", ("pass", "pass"), ("pass", "pass"), ("pass", "pass"))
    words: dict[str, Any] = {"applied_by": "ann", "location": tree}
    parameters = parse_url(sqlite_url)
    Path(parameters.database).touch()
    assert len(migrate(parameters, "r2", planned_from="", **words)) == 2
    assert migrate(parameters, "r2", planned_from="", **words) == ()
    with pytest.raises(Conflict, match="is at r2 now, and this one was planned from base"):
        migrate(parameters, "r3", planned_from="", **words)
    assert scalars(sqlite_url, "SELECT version_num FROM alembic_version") == ["r2"]


def test_a_downgrade_removes_its_row_only(database_url: str, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", (HISTORY, "pass"), ("pass", "pass"), ("pass", "pass"))
    parameters = parse_url(database_url)
    migrate(parameters, applied_by="ann", location=tree)
    migrate(parameters, "r2", applied_by="ann", location=tree)
    assert scalars(database_url, NAMES) == ["r1_step", "r2_step"]


def test_steps_are_told_once_they_are_committed(database_url: str, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", (HISTORY, "pass"), ("pass", "pass"), ("pass", "pass"))
    seen: list[tuple[str, list[object]]] = []

    def look(applied: AppliedRevision) -> None:
        seen.append((applied.name, scalars(database_url, "SELECT version_num FROM alembic_version")))

    migrate(parse_url(database_url), applied_by="ann", on_step=look, location=tree)
    assert seen == [("r1_step", ["r1"]), ("r2_step", ["r2"]), ("r3_step", ["r3"])]


def test_steps_count_from_where_the_database_is(database_url: str, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", ("pass", "pass"), ("pass", "pass"), ("pass", "pass"))
    parameters = parse_url(database_url)
    assert [one.id for one in migrate(parameters, "+2", applied_by="ann", location=tree)] == ["r1", "r2"]
    assert [one.id for one in migrate(parameters, "-1", applied_by="ann", location=tree)] == ["r2"]
    assert [one.id for one in migrate(parameters, "head", applied_by="ann", location=tree)] == ["r2", "r3"]


@pytest.mark.parametrize("target", ["nope", "", "+0", "head; DROP TABLE user", "--force"])
def test_a_bad_target_is_refused_before_anything_else(target: str) -> None:
    """SPEC section 6: validate the target, then connect. Nothing listens here."""
    nowhere = ConnectionParameters(Dialect.POSTGRESQL, "none", host="127.0.0.1", port=1, user="none")
    with pytest.raises(InvalidInput):
        migrate(nowhere, target, applied_by="ann")
    with pytest.raises(InvalidInput):
        stamp(nowhere, target, applied_by="ann")
    with pytest.raises(ConnectionFailed):
        migrate(nowhere, applied_by="ann")


def test_too_many_steps_change_nothing(server: Server, database_url: str) -> None:
    with pytest.raises(InvalidInput, match="beyond"):
        migrate(parse_url(database_url), "+99", applied_by="ann")
    with pytest.raises(Exception, match="alembic_version"):
        server.execute(database_url, "SELECT * FROM alembic_version")


def test_a_newer_database_is_left_alone(server: Server, database_url: str) -> None:
    server.execute(
        database_url,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
        "INSERT INTO alembic_version VALUES ('from_the_future')",
    )
    for change in (migrate, stamp):
        with pytest.raises(SchemaTooNew, match="from_the_future"):
            change(parse_url(database_url), applied_by="ann")
    assert tables(database_url) == set()
    assert scalars(database_url, "SELECT version_num FROM alembic_version") == ["from_the_future"]


def test_who_comes_second_hears_that_the_first_is_there(database_url: str) -> None:
    parameters = parse_url(database_url)
    with schema_lock(parameters), pytest.raises(TargetBusy):
        migrate(parameters, applied_by="ann", patience=0.2)
    assert tables(database_url) == set()


def test_of_two_at_once_one_waits_and_finds_it_done(database_url: str) -> None:
    parameters = parse_url(database_url)
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda who: migrate(parameters, applied_by=who), ("ann", "bob")))
    steps = len(known_revisions())
    assert sorted(len(applied) for applied in runs) == [0, steps]
    assert len(scalars(database_url, NAMES)) == steps


@pytest.mark.requires(Capability.TRANSACTIONAL_DDL)
def test_a_failure_of_the_record_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    """LIBRARIES, what bites: a failure in `on_version_apply` left six tables and no revision on SQLite."""
    unfit = "".join(
        f"op.create_table({name!r}, sa.Column('id', sa.Integer))\n" for name in ("migration_history", "six")
    )
    tree = make_tree(tmp_path / "tree", (unfit, "pass"))
    with pytest.raises(ServerError) as caught:
        migrate(parse_url(database_url), applied_by="ann", location=tree)
    assert caught.value.__cause__ is not None
    assert tables(database_url) == set()


@pytest.mark.requires(Capability.TRANSACTIONAL_DDL)
def test_each_migration_is_a_transaction_of_its_own(database_url: str, tmp_path: Path) -> None:
    broken = (
        'op.create_table("half", sa.Column("id", sa.Integer))\nop.execute("SELECT nonsense FROM nowhere")'
    )
    tree = make_tree(tmp_path / "tree", (HISTORY, "pass"), (broken, "pass"))
    with pytest.raises(ServerError):
        migrate(parse_url(database_url), applied_by="ann", location=tree)
    assert tables(database_url) == {"migration_history"}
    assert scalars(database_url, "SELECT version_num FROM alembic_version") == ["r1"]


def test_rebuilding_a_parent_keeps_its_children(database_url: str, tmp_path: Path) -> None:
    """LIBRARIES, what bites: with foreign keys on, SQLite's rebuild emptied the child by cascade."""
    tree = make_tree(tmp_path / "tree", (FAMILY, "pass"), (WIDEN, "pass"))
    migrate(parse_url(database_url), applied_by="ann", location=tree)
    assert scalars(database_url, "SELECT id FROM child ORDER BY id") == [10, 11]
    assert scalars(database_url, "SELECT name FROM parent ORDER BY id") == ["ann", "bob"]


def test_a_migration_that_orphans_rows_is_taken_back(sqlite_url: str, tmp_path: Path) -> None:
    """With SQLite's foreign keys off, only the check before the commit sees it."""
    tree = make_tree(
        tmp_path / "tree", (FAMILY, "pass"), ('op.execute("DELETE FROM parent WHERE id = 2")', "pass")
    )
    Path(sqlite_url.removeprefix("sqlite:///")).touch()
    with pytest.raises(MigrationError, match="1 row without a parent in child"):
        migrate(parse_url(sqlite_url), applied_by="ann", location=tree)
    assert scalars(sqlite_url, "SELECT id FROM parent ORDER BY id") == [1, 2]
    assert scalars(sqlite_url, "SELECT version_num FROM alembic_version") == ["r1"]


@pytest.mark.requires(Capability.SESSIONS)
def test_ddl_does_not_wait_for_ever(
    server: Server, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRUST section 4.3 (d): by default PostgreSQL waits for ever, MariaDB for a day."""
    monkeypatch.setattr("database.engine.LOCK_TIMEOUT", 1.0)
    monkeypatch.setattr("database.migrator.LOCK_TRIES", 1)
    tree = make_tree(tmp_path / "tree", (FAMILY, "pass"), ('op.drop_table("child")', "pass"))
    migrate(parse_url(database_url), "r1", applied_by="ann", location=tree)
    with closing(connect(database_url)) as other, closing(other.cursor()) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM child")
        began = monotonic()
        with pytest.raises(LockTimeout):
            migrate(parse_url(database_url), applied_by="ann", location=tree)
        assert monotonic() - began < 5  # the adapters' own patience is longer
    assert "child" in tables(database_url)


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_missing_privilege_is_named(server: Server, database_url: str) -> None:
    """TRUST F16, through our own error with the driver's in `__cause__`."""
    parameters = parse_url(database_url)
    server.execute(database_url, *_account(server.dialect, parameters.database))
    reader = replace(parameters, user=f"r_{parameters.database}", password="pw")
    with pytest.raises(PrivilegeMissing) as caught:
        migrate(reader, applied_by="ann")
    assert caught.value.hint
    assert caught.value.__cause__ is not None
    assert tables(database_url) == set()


def test_a_stamp_runs_nothing_and_keeps_the_history_true(database_url: str, tmp_path: Path) -> None:
    tree = make_tree(
        tmp_path / "tree", (HISTORY, "pass"), ("raise RuntimeError('ran')", "pass"), ("pass", "pass")
    )
    parameters = parse_url(database_url)
    migrate(parameters, "r1", applied_by="ann", location=tree)
    assert stamp(parameters, applied_by="bob", location=tree) == "r3"
    assert scalars(database_url, NAMES) == ["r1_step", "r2_step", "r3_step"]
    assert scalars(database_url, "SELECT applied_by FROM migration_history ORDER BY id") == [
        "ann",
        "bob",
        "bob",
    ]
    assert migrate(parameters, applied_by="ann", location=tree) == ()
    assert stamp(parameters, "r1", applied_by="bob", location=tree) == "r1"
    assert scalars(database_url, NAMES) == ["r1_step"]


def _account(dialect: str, database: str) -> list[str]:
    name = f"r_{database}"
    if dialect == "postgresql":
        return [f"CREATE ROLE {name} LOGIN PASSWORD 'pw'", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"]
    return [f"CREATE USER {name}@'%' IDENTIFIED BY 'pw'", f"GRANT SELECT ON `{database}`.* TO {name}@'%'"]
