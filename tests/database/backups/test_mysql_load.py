"""Dumps put into a database of their own: damaged ones are found before, failing ones stop, strange ones
reach nothing else (TRUST B2, B8, D5, F12, J4)."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from core.errors import (
    BackupDamaged,
    BackupIncompatible,
    OperationCancelled,
    PrivilegeMissing,
    ToolFailed,
)
from core.progress import Operation
from database.adapters.backup import name_for
from database.manifest import FactKind
from tests.database.backups.mysql_ground import Ground, accounts, at_failpoints, is_equal, source_of, take
from tests.database.backups.mysql_nasty import nasty
from tests.servers import mariadb, mysql
from tests.servers.cache import Unavailable

END = b"\n-- Dump completed"


def test_a_dump_that_was_cut_is_damaged(ground: Ground) -> None:
    """B2: at 50 places, those after a whole statement too, which would restore without an error."""
    ground.run(*nasty(ground.server.dialect))
    adapter = ground.adapter()
    data, manifest = take(adapter)
    chance = random.Random(1)
    ends = [place for place in range(len(data)) if data[place : place + 2] == b";\n"]
    last = data.rindex(END) + 1
    for cut in [
        0,
        1,
        last,
        last + 10,
        *chance.sample(range(last), 25),
        *(one + 2 for one in chance.sample(ends, 20)),
    ]:
        with pytest.raises(BackupDamaged):
            adapter.check_readable(Operation(), source_of(data[:cut], manifest))
    tables = data.replace(b"CREATE TABLE `child`", b"CREATE TABLE IF NOT EXISTS `child`")
    with pytest.raises(BackupDamaged, match="its manifest"):
        adapter.check_readable(Operation(), source_of(tables, manifest))
    for other in (b"PGDMP" + data, b"SQLite format 3\0", b"CREATE TABLE `x` (a int);\n" + data):
        with pytest.raises(BackupDamaged, match="does not begin"):
            adapter.check_readable(Operation(), source_of(other))


def test_a_statement_that_fails_stops_the_restore(ground: Ground) -> None:
    ground.run("CREATE TABLE a (id int)", "CREATE TABLE b (id int)", "INSERT INTO b VALUES (1)")
    adapter = ground.adapter()
    data, manifest = take(adapter)
    broken = data.replace(b"INSERT INTO `b`", b"INSERT INTO `c`")
    place = adapter.create_place(op := ground.op(), name_for("new", op))
    with pytest.raises(ToolFailed, match=r"ERROR 1146 .* at line \d+: Table '.*\.c' doesn't exist"):
        adapter.load(op, source_of(broken, manifest), place)
    adapter.drop(op, place.name)
    assert place.name not in ground.names() and accounts(ground, op) == []


@pytest.mark.parametrize(
    "line",
    [
        "DROP DATABASE {live};",
        "DROP TABLE {live}.precious;",
        "INSERT INTO {live}.precious VALUES (1);",
        "USE {live};",
        "CREATE SCHEMA bk_stolen;",
        "CREATE USER thief;",
        "GRANT ALL ON *.* TO CURRENT_USER();",
        "SET GLOBAL max_connections = 1;",
        "SET PASSWORD FOR root@localhost = 'x';",
        "SELECT 1 INTO OUTFILE '{file}';",
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE precious;",
        "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE precious;",
        "\\! touch {file}",
        "system touch {file}",
        "source /etc/passwd",
        "\\. /etc/passwd",
        "tee {file}",
        "pager touch {file}",
        "CREATE DEFINER=`root`@`localhost` PROCEDURE p () SELECT 1;",
        "CREATE DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW v AS SELECT * FROM mysql.user;",
    ],
)
def test_a_strange_dump_reaches_nothing_else(ground: Ground, tmp_path: Path, line: str) -> None:
    """B8, D5: it runs as an account that has the one new database and nothing more, and the client program
    takes no command of its own from it."""
    ground.run("CREATE TABLE precious (id int)")
    adapter = ground.adapter()
    data, _ = take(adapter)
    file = tmp_path / "made"
    tmp_path.chmod(0o777)
    bad = line.format(live=ground.live, file=file).encode() + b"\n"
    strange = source_of(
        data.replace(b"DROP TABLE IF EXISTS", bad + b"DROP TABLE IF EXISTS", 1), is_trusted=False
    )
    before = adapter.inventory(Operation(), ground.live, contents=True)
    place = adapter.create_place(op := ground.op(), name_for("new", op))
    with pytest.raises(ToolFailed):
        adapter.load(op, strange, place)
    assert is_equal(adapter, ground.live, before) == ()
    assert not file.exists()
    assert "bk_stolen" not in ground.names()


def test_nothing_strange_is_left_in_the_name_of_another(ground: Ground) -> None:
    """D5: what a dump from elsewhere says of definers counts for nothing; its events do not run."""
    ground.run(*nasty(ground.server.dialect))
    adapter = ground.adapter()
    data, manifest = take(adapter)
    owner = ground.account("ALL PRIVILEGES")
    adapter = ground.adapter(owner, ground.parameters)
    for known in (None, manifest):  # a manifest from elsewhere neither
        place, undone = ground.restored(adapter, source_of(data, known, is_trusted=False))
        found = adapter.inventory(Operation(), place.name, contents=True)
        assert not undone and set(found.of(FactKind.OWNER).values()) == {f"`{owner.user}`@`%`"}
        assert found.tables == manifest.inventory.tables
        assert {name for (name,) in ground.run(AWAKE, database=place.name)} == set()


AWAKE = (
    "SELECT event_name FROM information_schema.events WHERE event_schema = database() AND status = 'ENABLED'"
)


def test_a_dump_of_a_whole_server_is_one_of_one_database(ground: Ground) -> None:
    """Dumps made with --databases name theirs; those of servers with GTIDs set what only SUPER may."""
    ground.run("CREATE TABLE a (id int)", "INSERT INTO a VALUES (1)")
    adapter = ground.adapter()
    data, manifest = take(adapter)
    head = (
        f"SET @@SESSION.SQL_LOG_BIN= 0;\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ `{ground.live}`;\n"
        f"USE `{ground.live}`;\n"
    ).encode()
    whole = data.replace(b"\n--\n-- Table", b"\n" + head + b"--\n-- Table", 1)
    adapter.check_readable(Operation(), source_of(whole, is_trusted=False))
    place, undone = ground.restored(adapter, source_of(whole, is_trusted=False))
    assert not undone and ground.run("SELECT count(*) FROM a", database=place.name) == [(1,)]
    with pytest.raises(BackupIncompatible, match="2 databases"):
        adapter.check_readable(
            Operation(), source_of(whole.replace(b"USE `", b"USE `x`;\nUSE `"), is_trusted=False)
        )


def test_a_cancel_ends_the_restore(ground: Ground) -> None:
    """J4."""
    ground.run(*nasty(ground.server.dialect))
    data, manifest = take(adapter := ground.adapter())
    wish = Event()
    op = Operation(cancelled=wish.is_set, id=ground.op().id)

    def cancel(name: str) -> None:
        if name == "load.begun":
            wish.set()
            Thread(target=op.end_waits).start()

    place = adapter.create_place(op, name_for("new", op))
    with pytest.raises(OperationCancelled), at_failpoints(cancel):
        adapter.load(op, source_of(data, manifest), place)
    adapter.drop(Operation(id=op.id), place.name)
    assert place.name not in ground.names()


def test_a_keeper_who_may_make_no_account(ground: Ground) -> None:
    """D5, B8: what we made is restored by the keeper, and that is said; what others made is not."""
    ground.run(*nasty(ground.server.dialect))
    data, manifest = take(ground.adapter())
    keeper = ground.account("ALL PRIVILEGES")
    ground.run(f"GRANT ALL ON `bk\\_%`.* TO {keeper.user}")
    adapter = ground.adapter(keeper, keeper)
    source = source_of(data, replace(manifest, roles=()))
    assert not any(one.is_fatal for one in adapter.obstacles(source))
    assert any(one.is_fatal for one in adapter.obstacles(source_of(data, is_trusted=False)))
    notes: list[str] = []
    place = adapter.create_place(op := ground.op(notes), name_for("new", op))
    assert place.account == "" and any("No account could be made" in one for one in notes)
    with pytest.raises(PrivilegeMissing):
        adapter.load(op, source_of(data, is_trusted=False), place)
    adapter.load(op, source, place)
    undone = adapter.hand_over(op, place, manifest)
    assert any(one.startswith("The ") and "belongs to" in one for one in undone)
    found = ground.adapter().inventory(op, place.name, contents=True)
    assert found.tables == manifest.inventory.tables
    adapter.drop(op, place.name)
    assert place.name not in ground.names()


def test_a_server_that_takes_triggers_from_super_alone(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MySQL's default, with a binary log: the account for one operation may make none, and has them all the
    same, word for word and in the name of their definers."""
    monkeypatch.setattr(
        mysql, "_SMALL", [*[one for one in mysql._SMALL if "log-bin" not in one], *BINARY_LOG]
    )
    monkeypatch.setattr(mariadb, "_SMALL", [*mariadb._SMALL, *BINARY_LOG])
    try:
        process, server = {"mysql": mysql, "mariadb": mariadb}[ground.server.dialect].start()
    except Unavailable as reason:
        pytest.skip(str(reason))
    try:
        own = Ground(server, server.create_database("live"))
        own.run("SET GLOBAL log_bin_trust_function_creators = 0", *nasty(server.dialect))
        adapter = own.adapter()
        data, manifest = take(adapter)
        place, undone = own.restored(adapter, source_of(data, manifest))
        assert not undone and is_equal(adapter, place.name, manifest.inventory) == ()
        strange = source_of(data, is_trusted=False)
        assert any("from SUPER alone" in one.message for one in adapter.obstacles(strange))
        with pytest.raises(ToolFailed, match="1419"):
            own.restored(adapter, strange)
    finally:
        process.close()


BINARY_LOG = ["--log-bin=log", "--server-id=1"]
