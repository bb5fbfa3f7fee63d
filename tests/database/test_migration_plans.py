"""Plans of migrations: beside a run, and with every loss named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from core.connection import ConnectionParameters, Dialect, parse_url
from core.errors import TargetBusy
from database.adapters.migration_adapters import migration_adapter_for
from database.migration_planning import make_plan
from database.migration_reader import read_changes
from database.migration_scripts import ForetoldRevision, foretell
from database.migrator import migrate
from database.revisions import known_revisions
from tests.database.trees import make_tree, tables
from tests.servers import Server

POSTGRESQL = ConnectionParameters(Dialect.POSTGRESQL, "none", host="127.0.0.1", port=1, user="none")
MADE = 'op.create_table({!r}, sa.Column("id", sa.Integer))\n'
STOPS = f"from tests.database.test_migration_plans import STOP; STOP.here()\n{MADE.format('second')}"


@dataclass
class Stop:
    """Where a migration stands still until it is let go."""

    reached: Event = field(default_factory=Event)
    go: Event = field(default_factory=Event)

    def here(self) -> None:
        self.reached.set()
        assert self.go.wait(60)


STOP = Stop()


def test_a_plan_and_a_run_in_one_process_stay_apart(sqlite_url: str, tmp_path: Path) -> None:
    """Alembic's `op` belongs to the process: what one plans, the other would execute, or leave out."""
    slow = make_tree(tmp_path / "slow", (MADE.format("first") + STOPS, "pass"))
    quick = make_tree(tmp_path / "quick", (MADE.format("quick"), "pass"))
    parameters = parse_url(sqlite_url)
    Path(parameters.database).touch()
    with ThreadPoolExecutor(2) as pool:
        plan = pool.submit(look, slow)
        assert STOP.reached.wait(60)
        run = pool.submit(migrate, parameters, applied_by="ann", location=quick, keeps_history=False)
        assert not wait([run], timeout=0.5).done
        STOP.go.set()
        (foretold,) = plan.result(60)
        assert [one.split()[2] for one in foretold.statements] == ["first", "second"]
        run.result(60)
        assert tables(sqlite_url) == {"quick"}
        migrate(parameters, "base", applied_by="ann", location=quick, keeps_history=False)

        STOP.reached.clear()
        STOP.go.clear()
        run = pool.submit(migrate, parameters, applied_by="ann", location=slow, keeps_history=False)
        assert STOP.reached.wait(60)
        with pytest.raises(TargetBusy, match="under way"):
            look(quick, patience=0.1)
        STOP.go.set()
        run.result(60)
    assert tables(sqlite_url) == {"quick", "first", "second"}


def test_a_statement_behind_a_comment_is_seen(tmp_path: Path) -> None:
    said = ("-- tidy up\nDROP TABLE customers", "/*!50000 DROP TABLE x */", "--\rDROP TABLE x")
    silent = ("-- tidy up", "/* tidy\nup */ -- more")
    body = "\n".join(f"op.execute({sql!r})" for sql in said + silent)
    (foretold,) = look(make_tree(tmp_path / "tree", (body, "pass")))
    assert foretold.statements == said


# The grammar, a statement, and the changes that are seen in it.
LOSSES: tuple[tuple[str, str, list[str]], ...] = (
    ("postgres", "DROP TABLE small, customers", ["drop table small", "drop table customers"]),
    ("postgres", "TRUNCATE small, customers", ["empty table small", "empty table customers"]),
    ("postgres", "DROP SCHEMA app CASCADE", ["drop with all in it app"]),
    ("mysql", "DROP DATABASE shop", ["drop with all in it shop"]),
    ("postgres", "DROP TYPE mood CASCADE", ["drop with all in it mood"]),
    ("postgres", "WITH g AS (DELETE FROM customers RETURNING 1) SELECT 1 FROM g", ["delete customers"]),
    ("postgres", "SELECT drop_all()", ["not understood"]),
    ("postgres", "SELECT * INTO new FROM old", ["not understood"]),
    ("postgres", "SELECT setval('s', max(id)) FROM customers", []),
    ("postgres", "DO $$ BEGIN DROP TABLE customers; END $$", ["not understood"]),
    ("mysql", "/*!50000 DROP TABLE customers */", ["not understood"]),
    ("mysql", "CREATE OR REPLACE TABLE customers (id int)", ["replace table customers"]),
    ("mysql", "DELETE c FROM small s JOIN customers c ON 1", ["delete customers"]),
)


def test_every_loss_is_seen() -> None:
    for grammar, sql, seen in LOSSES:
        found = [f"{one.kind} {one.object}".strip() for one in read_changes(sql, grammar)]
        assert found == seen, sql


def test_rows_that_go_are_seen_however_their_table_is_written(
    server: Server, database_url: str, tmp_path: Path
) -> None:
    """In other capitals; in a table that the plan fills itself; in one that is not there, or elsewhere."""
    server.execute(database_url, "CREATE TABLE book (id integer)", "INSERT INTO book VALUES (1), (2)")
    tree = make_tree(
        tmp_path / "tree",
        ('op.execute("DELETE FROM BOOK")\nop.execute("DROP TABLE IF EXISTS nowhere")', "pass"),
        (MADE.format("filled") + 'op.execute("INSERT INTO filled SELECT id FROM book")', "pass"),
        (MADE.format("empty") + 'op.drop_table("filled")\nop.drop_table("empty")', "pass"),
    )
    plan = make_plan(parse_url(database_url), "head", tree)
    assert [(one.finding.title, one.severity) for one in plan.findings] == [
        ("Deletes rows of BOOK", "dangerous"),
        ("Drops nowhere", "dangerous"),
        ("Drops filled", "caution"),
        ("Drops empty, which is empty", "caution"),
    ]
    assert plan.revisions[0].statements[0].rows == 2


def test_a_note_of_a_statement_stops_before_its_first_text() -> None:
    for dialect, sql in (
        (Dialect.MYSQL, 'CREATE USER a IDENTIFIED BY "x"'),
        (Dialect.POSTGRESQL, "CREATE USER a  IDENTIFIED BY 'C:\\' 'x'"),
        (Dialect.POSTGRESQL, "CREATE USER a IDENTIFIED BY $p$x$p$"),
    ):
        assert migration_adapter_for(dialect).outline(sql, 120) == "CREATE USER a IDENTIFIED BY ..."
    kept = 'ALTER TABLE "user" ADD COLUMN age INTEGER'
    assert migration_adapter_for(Dialect.POSTGRESQL).outline(kept, 120) == kept


def look(tree: Path, patience: float | None = None) -> tuple[ForetoldRevision, ...]:
    return foretell(POSTGRESQL, known_revisions(tree), tree, upgrade=True, patience=patience)
