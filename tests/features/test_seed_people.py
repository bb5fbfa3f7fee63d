"""What people have in a registered database stays, whatever a seeding and its undoing come across there, and
a seeding of which rows are missing says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from threading import Timer

import pytest

from core.connection import Dialect
from core.errors import AppError, Conflict, InvalidInput, NotFound, ServerError
from core.naming import new_id
from core.progress import Advanced, Event, Operation
from core.settings import Settings
from database.adapters.base import Capability
from database.context import application_context
from database.transactions import transaction
from features import seed_indexes
from features.database_rows import fields_of, find_row
from features.databases import change_database, remove_database
from features.seed_runs import RunFacts, list_runs
from features.seed_table_removal import undo_tables
from features.seed_tables import seed_tables
from tests.features.restoring import run
from tests.servers import Server
from tests.servers.server import connect

NOTE = "CREATE TABLE note (id integer PRIMARY KEY, title varchar(40) NOT NULL)"
Ask = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture
def _file(server: Server) -> None:
    if server.dialect != Dialect.SQLITE:
        pytest.skip("of an SQLite file")


@pytest.fixture
def ask(server: Server, database_url: str) -> Ask:
    """Run a statement on the registered database."""
    return lambda sql: server.execute(database_url, sql)


def seeded(shop: Settings, *tables: str, count: int = 100) -> RunFacts:
    return run(shop, seed_tables, "shop", list(tables), count, made_by="ada", number=7)  # type: ignore[no-any-return]


def undo(shop: Settings, run_id: str) -> dict[str, int]:
    return dict(run(shop, undo_tables, "shop", run_id))


@pytest.mark.usefixtures("_file")
def test_keys_that_came_back_are_not_taken_for_seeded_ones(shop: Settings, ask: Ask) -> None:
    ask(NOTE)
    made = seeded(shop, "note")
    ask("DELETE FROM note WHERE id > 90")
    ask("INSERT INTO note (title) VALUES ('by a person')")
    with pytest.raises(Conflict, match="others may have got their keys"):
        undo(shop, made.id)
    for _ in range(9):  # up to the last key of the run
        ask("INSERT INTO note (title) VALUES ('by a person')")
    with pytest.raises(Conflict, match="Nothing was removed"):
        undo(shop, made.id)
    assert ask("SELECT count(*) FROM note") == [(100,)]
    ask("DELETE FROM note")
    assert undo(shop, made.id) == {"note": 0}


@pytest.mark.every_server
def test_rows_that_people_hung_on_seeded_ones_keep_them(shop: Settings, ask: Ask) -> None:
    """By a reference to another column than the key, and by one of two columns."""
    ask(
        "CREATE TABLE client (id integer PRIMARY KEY, code varchar(20) NOT NULL UNIQUE,"
        " region integer NOT NULL)"
    )
    ask("CREATE UNIQUE INDEX client_region ON client (id, region)")
    ask(
        "CREATE TABLE invoice (id integer PRIMARY KEY, code varchar(20) NOT NULL,"
        " FOREIGN KEY (code) REFERENCES client (code) ON DELETE CASCADE)"
    )
    ask(
        "CREATE TABLE visit (id integer PRIMARY KEY, client integer NOT NULL, region integer NOT NULL,"
        " FOREIGN KEY (client, region) REFERENCES client (id, region) ON DELETE CASCADE)"
    )
    made = seeded(shop, "client")
    [(first,)] = ask("SELECT min(id) FROM client")
    ask(f"INSERT INTO invoice SELECT 1, code FROM client WHERE id = {first} + 3")
    ask(f"INSERT INTO visit SELECT 1, id, region FROM client WHERE id = {first} + 5")
    assert undo(shop, made.id) == {"client": 98}
    assert ask("SELECT count(*) FROM invoice") == ask("SELECT count(*) FROM visit") == [(1,)]
    assert ask("SELECT count(*) FROM client") == [(2,)]


@pytest.mark.every_server
def test_a_copy_from_before_the_run_keeps_its_rows(shop: Settings, ask: Ask) -> None:
    """As a restore of an older backup makes one: people's rows got the keys in the meantime."""
    ask(NOTE)
    made = seeded(shop, "note")
    [(first,)] = ask("SELECT min(id) FROM note")
    ask("DELETE FROM note")
    ask(f"INSERT INTO note VALUES ({first}, 'by a person')")
    with pytest.raises(Conflict, match="Nothing was removed"):
        undo(shop, made.id)
    assert ask("SELECT title FROM note") == [("by a person",)]


def test_an_undo_goes_in_steps(shop: Settings, ask: Ask) -> None:
    """Others may write in between, and somebody sees how far it is."""
    ask(NOTE)
    made, events = seeded(shop, "note", count=300), list[Event]()
    with application_context(shop):
        undo_tables(Operation(events.append, id=new_id()), "shop", made.id)
    done = [event.done for event in events if isinstance(event, Advanced)]
    assert done[0] == 50 and done[-1] == 300 and len(done) > 2
    assert ask("SELECT count(*) FROM note") == [(0,)]


@pytest.mark.every_server
def test_a_row_of_a_circle_that_people_refer_to_stays(shop: Settings, ask: Ask) -> None:
    """The server itself does not look at references there."""
    ask(
        "CREATE TABLE part (id integer PRIMARY KEY, code integer NOT NULL UNIQUE, within integer,"
        " FOREIGN KEY (within) REFERENCES part (id))"
    )
    ask(
        "CREATE TABLE sale (id integer PRIMARY KEY, code integer NOT NULL,"
        " FOREIGN KEY (code) REFERENCES part (code))"
    )
    made = seeded(shop, "part")
    ask("INSERT INTO sale SELECT 1, max(code) FROM part")
    undo(shop, made.id)
    assert ask("SELECT count(*) FROM sale JOIN part ON part.code = sale.code") == [(1,)]


@pytest.mark.requires(Capability.ROW_LEVEL_SECURITY)
def test_references_from_another_schema_stop_an_undo(shop: Settings, ask: Ask) -> None:
    ask(NOTE)
    ask("CREATE SCHEMA billing")
    ask("CREATE TABLE billing.invoice (note integer REFERENCES note ON DELETE CASCADE)")
    made = seeded(shop, "note")
    with pytest.raises(Conflict, match="billing.invoice refer to note"):
        undo(shop, made.id)
    assert ask("SELECT count(*) FROM note") == [(100,)]


@pytest.mark.requires(Capability.ROW_LEVEL_SECURITY)
def test_a_sequence_that_the_table_does_not_own_goes_on_behind_the_rows(shop: Settings, ask: Ask) -> None:
    ask("CREATE SEQUENCE numbers")
    ask("CREATE TABLE entry (id integer PRIMARY KEY DEFAULT nextval('numbers'), title varchar(40) NOT NULL)")
    seeded(shop, "entry")
    ask("INSERT INTO entry (title) VALUES ('by a person')")
    assert ask("SELECT count(*), max(id) FROM entry") == [(101, 101)]


@pytest.mark.every_server
def test_rows_of_an_insert_that_goes_on_are_waited_for(
    shop: Settings, server: Server, database_url: str, ask: Ask
) -> None:
    """Not committed yet, they are not seen, and their keys are taken all the same."""
    if server.dialect not in (Dialect.MYSQL, Dialect.MARIADB):
        pytest.skip("there nobody writes meanwhile")
    ask(NOTE)
    other = connect(database_url)
    other.autocommit(False)
    with other.cursor() as cursor:
        cursor.executemany("INSERT INTO note VALUES (%s, 'by a person')", [(key,) for key in range(1, 301)])
    Timer(2, other.commit).start()
    made = seeded(shop, "note", count=1_000)
    other.close()
    assert ask("SELECT count(*) FROM note") == [(1_300,)]
    assert undo(shop, made.id) == {"note": 1_000}
    assert ask("SELECT count(*) FROM note WHERE title = 'by a person'") == [(300,)]


@pytest.mark.usefixtures("_file")
@pytest.mark.parametrize("way", ["REPLACE", "IGNORE", "ROLLBACK"])
def test_what_a_constraint_does_of_itself_with_a_row_like_another(shop: Settings, ask: Ask, way: str) -> None:
    ask(f"CREATE TABLE fair (id integer PRIMARY KEY, day date NOT NULL UNIQUE ON CONFLICT {way})")
    ask(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO fair (day) SELECT date('1980-01-01', i || ' days') FROM n"
    )
    with pytest.raises(Conflict):
        seeded(shop, "fair")
    assert ask("SELECT count(*) FROM fair") == [(20_001,)]


@pytest.mark.usefixtures("_file")
def test_rows_that_a_trigger_swallows_are_missed(shop: Settings, ask: Ask) -> None:
    ask(NOTE)
    ask("CREATE TRIGGER swallow BEFORE INSERT ON note WHEN new.id % 2 BEGIN SELECT raise(IGNORE); END")
    with pytest.raises(ServerError, match="100 rows of note were put in, and 50 are there"):
        seeded(shop, "note")


@pytest.mark.usefixtures("_file")
def test_a_name_that_means_another_database_now_takes_nothing_out(shop: Settings, ask: Ask) -> None:
    ask(NOTE)
    made = seeded(shop, "note")
    with application_context(shop), transaction() as session:
        fields = fields_of(find_row(session, "shop"))
    other = shop.database_folder / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute(NOTE)
        connection.execute("INSERT INTO note VALUES (1, 'by a person')")
    run(shop, change_database, replace(fields, database_name=other.name), changed_by="ada")
    with pytest.raises(NotFound, match="no seed run"):
        undo(shop, made.id)
    with sqlite3.connect(other) as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchone() == (1,)
    seeded(shop, "note")
    run(shop, remove_database, "shop")
    with application_context(shop):
        assert list_runs("shop") == ()


@pytest.mark.usefixtures("_file")
def test_a_table_with_an_empty_first_column_is_not_empty(
    shop: Settings, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seed_indexes, "MANY", 100)
    ask("CREATE TABLE memo (title varchar(40), code varchar(40) PRIMARY KEY)")
    ask("CREATE INDEX memo_title ON memo (title)")
    ask("INSERT INTO memo VALUES (NULL, 'by a person')")
    notes: list[str] = []
    op = Operation(lambda event: notes.append(str(event)), id=new_id())
    with application_context(shop):
        seed_tables(op, "shop", ["memo"], 300, made_by="ada", number=7)
    assert not [note for note in notes if "set aside" in note]


@pytest.mark.usefixtures("_file")
def test_a_reference_in_other_letters_is_one(shop: Settings, ask: Ask) -> None:
    ask(NOTE)
    ask("CREATE TABLE mark (id integer PRIMARY KEY, note integer NOT NULL REFERENCES NOTE ON DELETE CASCADE)")
    made = seeded(shop, "note")
    ask("INSERT INTO mark VALUES (1, 3)")
    assert undo(shop, made.id) == {"note": 99}
    assert ask("SELECT count(*) FROM mark") == [(1,)]


@pytest.mark.usefixtures("_file")
def test_what_a_virtual_table_is_made_of_is_no_table(shop: Settings, ask: Ask) -> None:
    ask("CREATE VIRTUAL TABLE word USING fts5(body)")
    with pytest.raises(AppError, match="word_content"):
        seeded(shop, "word_content", count=5)
    ask("INSERT INTO word (word) VALUES ('integrity-check')")


@pytest.mark.usefixtures("_file")
def test_a_check_that_never_ends_is_given_up(shop: Settings, ask: Ask) -> None:
    endless = "size IN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)"
    hidden = f"/*\n, CONSTRAINT trap CHECK ({endless}),\n*/"
    ask(f"CREATE TABLE trap (id integer PRIMARY KEY, size integer NOT NULL\n{hidden}\n)")
    with pytest.raises(InvalidInput, match="size"):
        seeded(shop, "trap", count=5)
