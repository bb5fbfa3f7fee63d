"""A restored MySQL or MariaDB database put in the place of the live one and back: all tables by one
statement, everything else after them (TRUST D4, note b, B10)."""

from __future__ import annotations

import time
from contextlib import closing
from threading import Event, Thread

import pytest

from core.errors import Conflict, LockTimeout, NotFound, PrivilegeMissing, ServerError
from core.progress import Operation
from database.adapters.backup import Swap, SwapState
from database.adapters.mysql import table_moving
from database.adapters.mysql.identities import are_same
from database.adapters.mysql.mariadb_backup import MariaDBBackup
from database.manifest import FactKind
from tests.database.backups.mysql_ground import Ground, is_equal, source_of, swap_for, take, without_grants
from tests.database.backups.mysql_sides import make_sides
from tests.servers.server import connect

AWAKE = (
    "SELECT event_name FROM information_schema.events WHERE event_schema = database() AND status = 'ENABLED'"
)


def test_there_and_back(ground: Ground) -> None:
    sides = make_sides(ground)
    adapter, swap = sides.adapter, sides.swap
    assert sides.is_before()
    adapter.swap(Operation(), swap)
    assert sides.is_after()
    adapter.swap(Operation(), swap)  # once more does nothing
    assert sides.is_after() and swap.new not in ground.names()
    assert (
        adapter.health_faults(Operation(), swap.live) == adapter.health_faults(Operation(), swap.kept) == ()
    )
    assert ground.run(AWAKE) == [("e_daily",)]
    assert ground.run(AWAKE, database=swap.kept) == []
    ground.run("INSERT INTO log_lines (what) VALUES ('x')")
    assert ground.run("SELECT what FROM log_lines ORDER BY id DESC LIMIT 1") == [("x?!",)]
    with pytest.raises(Exception, match="foreign key"):
        ground.run("INSERT INTO child (parent) VALUES (99)")
    if ground.server.dialect == "mariadb":
        ground.run("INSERT INTO numbered (b) VALUES (2)")  # out of the sequence that moved with it
    again = Swap(
        swap.live, swap.kept, ground.new_name("kept"), *map(adapter.identity, (swap.live, swap.kept))
    )
    adapter.swap(Operation(), again)
    assert adapter.swap_state(again) is SwapState.AFTER
    assert is_equal(adapter, swap.live, sides.before) == ()
    assert set(ground.run(AWAKE)) == {("e_daily",), ("later_e",)}
    adapter.drop(Operation(), again.kept)
    assert not {again.kept, again.new} & ground.names()


def test_grants_stay_with_the_name(ground: Ground) -> None:
    """Who may do what in the live database is so after the swap, that on routines which are made anew too; in
    what is put aside nobody may do anything."""
    ground.run("CREATE TABLE t (a int)", "CREATE PROCEDURE p () SELECT 1", "CREATE VIEW v AS SELECT * FROM t")
    one = ground.account("SELECT")
    ground.run(f"GRANT EXECUTE ON PROCEDURE p TO {one.user}", f"GRANT INSERT ON v TO {one.user}")
    adapter = ground.adapter()
    data, manifest = take(adapter)
    place, _ = ground.restored(adapter, source_of(data, manifest))
    ground.run(f"GRANT UPDATE ON t TO {one.user}", "CREATE TABLE u (a int)")
    grants = adapter.inventory(Operation(), ground.live, contents=False).of(FactKind.GRANT)
    assert len(grants) == 4
    swap = swap_for(adapter, place.name, ground.new_name("kept"))
    adapter.swap(Operation(), swap)
    found = {name: adapter.inventory(Operation(), name, contents=False) for name in (swap.live, swap.kept)}
    assert found[swap.live].of(FactKind.GRANT) == grants
    assert found[swap.kept].of(FactKind.GRANT) == {}
    assert ground.run("SELECT count(*) FROM mysql.db WHERE replace(db, '\\\\', '') = '" + swap.new + "'") == [
        (0,)
    ]


def test_who_uses_the_live_database_comes_back_to_the_new_one(ground: Ground) -> None:
    """Sessions end; what they wrote is in one of the two and never in none."""
    ground.run("CREATE TABLE counted (id int PRIMARY KEY)", "CREATE TABLE copied (id int PRIMARY KEY)")
    ground.run(
        "CREATE TRIGGER copies AFTER INSERT ON counted FOR EACH ROW INSERT INTO copied VALUES (NEW.id)"
    )
    adapter = ground.adapter()
    data, manifest = take(adapter)
    place, _ = ground.restored(adapter, source_of(data, manifest))
    swap = swap_for(adapter, place.name, ground.new_name("kept"))
    with writing(ground) as written:
        while len(written) < 20:
            time.sleep(0.01)
        adapter.swap(Operation(), swap)
        reached = len(written)
        while len(written) < reached + 20:
            time.sleep(0.01)
    kept = {id for (id,) in ground.run("SELECT id FROM counted", database=swap.kept)}
    live = {id for (id,) in ground.run("SELECT id FROM counted")}
    assert kept | live >= set(written) and not kept & live and live
    if ground.server.dialect == "mysql":  # MariaDB leaves a moment in which a trigger is gone
        for name in (swap.live, swap.kept):
            columns = "(SELECT count(*) FROM counted), (SELECT count(*) FROM copied)"
            [(counted, copied)] = ground.run(f"SELECT {columns}", database=name)
            assert counted == copied


class writing:
    """Another who writes all the time, and connects anew when he is sent away; what he was told is there."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._over = ground, Event()
        self.written: list[int] = []
        self._thread = Thread(target=self._run)

    def __enter__(self) -> list[int]:
        self._thread.start()
        return self.written

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        import pymysql

        id = 0
        while not self._over.is_set():
            try:
                with closing(connect(self._ground.url)) as connection, closing(connection.cursor()) as cursor:
                    while not self._over.is_set():
                        id += 1
                        cursor.execute("INSERT INTO counted VALUES (%s)", (id,))
                        self.written.append(id)
            except pymysql.MySQLError:
                time.sleep(0.01)


def test_tables_of_others_are_not_led_astray(ground: Ground) -> None:
    """A foreign key from another database would follow what is put aside: told before, refused then."""
    sides = make_sides(ground)
    other = ground.new_name("other")
    reference = f"REFERENCES `{ground.live}`.parent (id)"
    ground.run(
        f"CREATE DATABASE {other}", f"CREATE TABLE {other}.far (p int unsigned, FOREIGN KEY (p) {reference})"
    )
    source = source_of(b"")
    assert any(f"{other}.far has a foreign key" in one.message for one in sides.adapter.obstacles(source))
    with pytest.raises(Conflict, match=f"{other}.far has a foreign key"):
        sides.adapter.swap(Operation(), sides.swap)
    assert sides.is_before() and sides.swap.kept not in ground.names()


def test_who_may_not_make_again_drops_nothing(ground: Ground) -> None:
    sides = make_sides(ground)
    swap = sides.swap
    keeper = ground.account("ALL PRIVILEGES")
    ground.run(*[f"GRANT ALL ON `{name}`.* TO {keeper.user}" for name in (swap.new, swap.kept)])
    with pytest.raises(PrivilegeMissing):
        ground.adapter(keeper, keeper).swap(Operation(), swap)
    ground.run(f"DROP USER {keeper.user}")
    assert swap.kept not in ground.names()
    assert without_grants(sides.adapter.inventory(Operation(), swap.live, contents=True)) == without_grants(
        sides.before
    )


def test_who_holds_on_to_a_table_stops_it_and_nothing_is_changed(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F6: even a session of which nobody can tell that it uses the database."""
    sides = make_sides(ground)
    monkeypatch.setattr(table_moving, "_PATIENCE", 0.0)
    with closing(connect(ground.server.admin_url)) as holder, closing(holder.cursor()) as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute(f"SELECT * FROM `{ground.live}`.twins")
        with pytest.raises(LockTimeout):
            sides.adapter.swap(Operation(), sides.swap)
        cursor.execute("COMMIT")
    assert sides.is_before()
    sides.adapter.swap(Operation(), sides.swap)
    assert sides.is_after()


@pytest.mark.parametrize("whose", ["live", "new", "kept"])
def test_another_database_of_that_name_is_not_touched(ground: Ground, whose: str) -> None:
    """TRUST section 1.2, drop by name."""
    sides = make_sides(ground)
    name = getattr(sides.swap, whose)
    ground.run(f"DROP DATABASE IF EXISTS `{name}`", f"CREATE DATABASE `{name}`", database="mysql")
    ground.run("CREATE TABLE another (id int)", database=name)
    assert sides.adapter.swap_state(sides.swap) is SwapState.UNKNOWN
    with pytest.raises(Conflict):
        sides.adapter.swap(Operation(), sides.swap)
    assert ground.run("SHOW TABLES", database=name) == [("another",)]


def test_an_identity_stays_with_the_tables(ground: Ground) -> None:
    ground.run("CREATE TABLE a (id int)", "CREATE TABLE b (id int)")
    adapter = ground.adapter()
    first = adapter.identity(ground.live)
    assert len(first) <= 255
    ground.run("ALTER TABLE a ADD COLUMN c int, ALGORITHM = COPY", "CREATE TABLE d (id int)", "DROP TABLE b")
    second = adapter.identity(ground.live)
    ground.run("TRUNCATE TABLE d", "INSERT INTO a (id) VALUES (1)")
    assert are_same(second, adapter.identity(ground.live))
    assert not are_same(first, second)  # none of the tables is the one it was
    with pytest.raises(NotFound):
        adapter.identity("no_such_database")


def test_a_node_that_is_not_well_swaps_nothing(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a cluster at hand: one that calls itself a node and has lost the others."""
    if ground.server.dialect != "mariadb":
        pytest.skip("MySQL has no Galera nodes")
    sides = make_sides(ground)
    monkeypatch.setattr(MariaDBBackup.flavour, "is_in_cluster", lambda session: True)
    with pytest.raises(ServerError, match="The Galera node is"):
        sides.adapter.swap(Operation(), sides.swap)
    monkeypatch.undo()
    assert sides.is_before()
