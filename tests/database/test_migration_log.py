"""A migration that was killed anywhere is gone on with where each statement is committed by itself (TRUST
section 4.3, note a)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect

from core.connection import Dialect, parse_url
from core.errors import MigrationError, ServerError
from database.adapters import adapter_class
from database.adapters.base import Capability
from database.migration_log import LOG_TABLE
from database.migration_planning import make_plan
from database.migrator import migrate
from tests.database.trees import connected, make_tree, scalars, tables
from tests.rounds import ROUNDS
from tests.servers import Server

ROOT = Path(__file__).parents[2]
FIRST = """op.create_table("item", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20)), sa.Column("legacy", sa.Integer), sa.Column("count", sa.Integer))
op.execute("INSERT INTO item VALUES (1, 'one', 1, 10), (2, 'two', 2, 20)")
"""
SECOND = """op.add_column("item", sa.Column("a", sa.Integer))
op.execute("UPDATE item SET count = count + 1")
op.create_index("ix_item_name", "item", ["name"])
op.drop_column("item", "legacy")
op.execute(sa.text("UPDATE item SET count = count + :more").bindparams(more=100))
op.alter_column("item", "name", existing_type=sa.String(20), new_column_name="title")
op.create_table("other", sa.Column("id", sa.Integer, primary_key=True))
op.alter_column("item", "a", existing_type=sa.Integer, nullable=False, type_=sa.BigInteger)
"""
BACK = """op.drop_table("other")
op.drop_index("ix_item_name", "item")
op.alter_column("item", "title", existing_type=sa.String(20), new_column_name="name")
op.drop_column("item", "a")
op.add_column("item", sa.Column("legacy", sa.Integer))
op.execute("UPDATE item SET count = count - 101")
"""
FILL = 'op.execute("UPDATE item SET a = 1")\n'
STATEMENTS = 8
SLOW = 'op.execute("ALTER TABLE item ADD COLUMN slow INTEGER, ALGORITHM=COPY")\n'
UNDER_WAY = (
    "SELECT id FROM information_schema.processlist WHERE info LIKE 'ALTER TABLE item ADD COLUMN slow%'"
)
# Ends the process at the n-th statement: written down and not begun, or done and not written down.
KILLED = """
import os, sys
from pathlib import Path
from core.connection import parse_url
from database.migration_log import StatementLog
from database.migrator import migrate

place, left = sys.argv[2], int(sys.argv[3])
write, done = StatementLog._write, StatementLog.done

def count(here):
    global left
    left -= here == place
    if not left:
        os._exit(9)

def write_and_count(self, key, sql):
    write(self, key, sql)
    count("begun")

def count_and_done(self):
    count("ran")
    done(self)

StatementLog._write, StatementLog.done = write_and_count, count_and_done
migrate(parse_url(os.environ["DATABASE"]), "head", applied_by="test", location=Path(sys.argv[1]))
"""


@pytest.fixture
def tree(server: Server, database_url: str, tmp_path: Path) -> Path:
    """A tree whose first migration is applied, on a server without transactions for DDL."""
    if Capability.TRANSACTIONAL_DDL in adapter_class(Dialect(server.dialect)).capabilities:
        pytest.skip("there a revision is one transaction")
    second = SECOND.replace('op.alter_column("item", "a"', FILL + 'op.alter_column("item", "a"')
    tree = make_tree(tmp_path / "tree", (FIRST, "pass"), (second, BACK))
    migrate(parse_url(database_url), "r1", applied_by="test", location=tree)
    return tree


@pytest.mark.rounds
def test_a_migration_killed_at_any_statement_is_gone_on_with(database_url: str, tree: Path) -> None:
    spots = [("ran", 2), ("ran", 3), ("begun", 6)]
    if ROUNDS > 1:
        spots = [(place, number) for place in ("begun", "ran") for number in range(1, STATEMENTS + 2)]
    for place, number in spots:
        command = [sys.executable, "-c", KILLED, str(tree), place, str(number)]
        ended = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "DATABASE": database_url}, capture_output=True, text=True
        )
        assert ended.returncode == 9, ended.stderr
        parameters = parse_url(database_url)
        plan = make_plan(parameters, "head", tree)
        done = [one.is_done for one in plan.revisions[0].statements]
        assert sum(done) <= number, (place, number)
        migrate(parameters, applied_by="test", location=tree)
        assert scalars(database_url, "SELECT count FROM item ORDER BY id") == [111, 121], (place, number)
        with connected(database_url) as connection:
            columns = {one["name"]: one for one in inspect(connection).get_columns("item")}
            indexes = [one["name"] for one in inspect(connection).get_indexes("item")]
        assert set(columns) == {"id", "title", "count", "a"}
        assert not columns["a"]["nullable"]
        assert indexes == ["ix_item_name"]
        assert tables(database_url) == {"item", "other"}
        migrate(parameters, "r1", applied_by="test", location=tree)


@pytest.mark.rounds
def test_a_statement_that_outlives_its_process_is_waited_for(
    server: Server, database_url: str, tree: Path, tmp_path: Path
) -> None:
    """The server ends what it has begun, though nobody is there any more: it is not begun a second time."""
    more = "INSERT INTO item (id, name) SELECT id + {0}, repeat('x', 20) FROM item WHERE id <= {0}"
    server.execute(database_url, *(more.format(2**power) for power in range(1, 17)))
    slow = make_tree(
        tmp_path / "slow", (FIRST, "pass"), (SLOW + 'op.execute("UPDATE item SET slow = 1")', "pass")
    )
    command = [sys.executable, "-c", KILLED, str(slow), "never", "1"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DATABASE": database_url}) as run:
        while not server.execute(server.admin_url, UNDER_WAY):
            assert run.poll() is None
        run.kill()
    assert server.execute(server.admin_url, UNDER_WAY)
    migrate(parse_url(database_url), applied_by="test", location=slow)
    assert scalars(database_url, "SELECT DISTINCT slow FROM item") == [1]


def test_what_cannot_be_told_halts_with_what_to_do(server: Server, database_url: str, tree: Path) -> None:
    """Another hand was there meanwhile; the file was changed in what had run; a statement fails, and is
    changed."""
    parameters = parse_url(database_url)
    command = [sys.executable, "-c", KILLED, str(tree), "ran", "3"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE": database_url}, capture_output=True)
    server.execute(database_url, "DROP INDEX ix_item_name ON item", "ALTER TABLE item ADD strange INTEGER")
    with pytest.raises(MigrationError, match="neither as before nor as after") as halted:
        migrate(parameters, applied_by="test", location=tree)
    assert f"DELETE FROM {LOG_TABLE} WHERE id = 3" in halted.value.hint
    server.execute(database_url, "ALTER TABLE item DROP COLUMN strange")
    file = tree / "versions" / "r2_step.py"
    text = file.read_text()
    for change in (("count + 1", "count + 2"), ('op.add_column("item", sa.Column("a", sa.Integer))', "")):
        file.write_text(text.replace(*change))
        with pytest.raises(MigrationError, match="was changed since it was begun, .* 3 statements"):
            migrate(parameters, applied_by="test", location=tree)
    file.write_text(text)
    server.execute(database_url, "CREATE TABLE other (id INTEGER)")
    with pytest.raises(ServerError) as failed:
        migrate(parameters, applied_by="test", location=tree)
    assert "6 statements of r2 before it stay and are recorded" in failed.value.hint
    file.write_text(text.replace('op.create_table("other"', 'op.create_table("another"'))
    migrate(parameters, applied_by="test", location=tree)
    assert tables(database_url) == {"item", "other", "another"}
    assert scalars(database_url, "SELECT count FROM item ORDER BY id") == [111, 121]
    assert LOG_TABLE not in tables(database_url)
