"""Archives put into a database of their own: damaged ones are found before, failing ones stop, strange ones
reach nothing else (TRUST B2, B8, D1, D5, K4, F3, F5, F12, F13, F14)."""

from __future__ import annotations

import io
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from threading import Event, Thread
from typing import IO

import pytest

from core.errors import (
    AppError,
    BackupDamaged,
    BackupIncompatible,
    OperationCancelled,
    ServerError,
    ToolFailed,
)
from core.progress import Operation
from database.adapters.backup import Source, name_for
from tests.database.backups.postgresql_ground import (
    Ground,
    Taken,
    at_failpoints,
    opening_of,
    session_in,
    take,
    unlike,
    wrapped,
)
from tests.rounds import ROUNDS
from tests.servers import Unavailable, running

SPY = (
    "CREATE SCHEMA spy",
    "CREATE TABLE spy.seen (who text, is_super text, may_create bool)",
    "CREATE FUNCTION spy.look(a int) RETURNS bool LANGUAGE plpgsql AS $$BEGIN"
    " IF to_regclass('spy.seen') IS NOT NULL THEN"
    " INSERT INTO spy.seen SELECT current_user, current_setting('is_superuser'), rolcreaterole OR rolcreatedb"
    " FROM pg_roles WHERE rolname = session_user; END IF; RETURN true; END$$",
    "CREATE FUNCTION spy.pure(a int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS"
    " $$BEGIN RETURN spy.look(a); END$$",
    "CREATE TABLE spy.t (a int CHECK (spy.look(a)), b bool GENERATED ALWAYS AS (spy.pure(a)) STORED)",
    "CREATE INDEX ON spy.t (spy.pure(a))",
    "INSERT INTO spy.t VALUES (1)",
    "TRUNCATE spy.seen",
)


DENIED = "42501"
REACHING = (
    "SET ROLE postgres",
    "CREATE ROLE thief",
    "COPY public.t FROM PROGRAM 'true'",
    "COPY public.t TO '/tmp/stolen'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usesysid = 10 AND datname = 'postgres'",
    "ALTER ROLE current_user SUPERUSER",
    "SELECT * FROM pg_authid",
)


def make_wide(ground: Ground) -> None:
    """Some megabytes, more than any pipe holds."""
    ground.run("CREATE TABLE wide AS SELECT n, repeat('x', 4000) AS a FROM generate_series(1, 2000) n")


def make_small(ground: Ground) -> Taken:
    ground.run(
        "CREATE TABLE person AS SELECT n AS id, 'name ' || n AS name FROM generate_series(1, 3000) n",
        "ALTER TABLE person ADD PRIMARY KEY (id)",
        "CREATE VIEW v AS SELECT * FROM person",
        "CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2'",
    )
    return take(ground.adapter())


def test_a_damaged_archive_is_found_before(postgresql: Ground) -> None:
    """B2, F12: cut at any place; what is no archive, or of another kind."""
    taken = make_small(postgresql)
    adapter = postgresql.adapter()
    chance = random.Random(1)
    for cut in [0, 4, 10, 100, len(taken.data) - 1, *chance.sample(range(len(taken.data)), 8)]:
        with pytest.raises(BackupDamaged):
            adapter.check_readable(Operation(), Source(opening_of(taken.data[:cut])))
    for other in (
        b"",
        b"-- PostgreSQL database dump\n",
        b"\x28\xb5\x2f\xfd" + taken.data,
        b"SQLite format 3\0",
    ):
        for work in (adapter.obstacles, lambda source: adapter.check_readable(Operation(), source)):
            with pytest.raises(BackupDamaged):
                work(Source(opening_of(other)))
    for place, value in ((10, 3), (5, 2), (6, 99)):
        other = taken.data[:place] + bytes([value]) + taken.data[place + 1 :]
        with pytest.raises(BackupIncompatible):
            adapter.check_readable(Operation(), Source(opening_of(other)))


@pytest.mark.rounds
def test_flipped_bytes_never_come_out_as_equal(postgresql: Ground) -> None:
    """B2: found while it is read, or by its restore, or by the inventory."""
    taken = make_small(postgresql)
    adapter = postgresql.adapter()
    chance = random.Random(2)
    for place in chance.sample(range(len(taken.data)), ROUNDS):
        data = bytearray(taken.data)
        data[place] ^= 1 << chance.randrange(8)
        op = postgresql.op()
        try:
            source = Source(opening_of(bytes(data)), opening_of(taken.schema), taken.manifest)
            adapter.check_readable(op, source)
            there, _ = postgresql.restored(adapter, source, op)
        except AppError:
            continue
        found = unlike(adapter, there.name, taken.manifest)
        same = postgresql.run("SELECT count(*), sum(hashtext(name)) FROM person", database=there.name)
        is_same = same == postgresql.run("SELECT count(*), sum(hashtext(name)) FROM person")
        assert found or is_same, place


def test_code_in_an_archive_runs_as_nobody_else(postgresql: Ground) -> None:
    """D5: checks, generated columns and indexes run while it is loaded; as whom, they write down here."""
    postgresql.run(*SPY)
    adapter = postgresql.adapter()
    taken = take(adapter)
    for source in (taken.source, taken.strange):
        op = postgresql.op()
        place = adapter.create_place(op, name_for("new", op))
        adapter.load(op, source, place)
        seen = postgresql.run("SELECT DISTINCT who, is_super, may_create FROM spy.seen", database=place.name)
        assert seen == [(place.account, "off", False)] and place.account != postgresql.parameters.user
        adapter.hand_over(op, place, source.manifest)
        assert postgresql.left_of(op) == [place.name]  # its database; the role is gone


def test_a_strange_archive_reaches_nothing_else(postgresql: Ground) -> None:
    """B8: not another database, no other role, no file and no program of the server."""
    postgresql.run(
        "CREATE TABLE outcome (statement text, state text)",
        "CREATE FUNCTION try(statement text) RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE statement;"
        " INSERT INTO public.outcome VALUES (statement, 'done'); EXCEPTION WHEN OTHERS THEN"
        " INSERT INTO public.outcome VALUES (statement, SQLSTATE); END$$",
        "CREATE FUNCTION bad(a int) RETURNS bool LANGUAGE plpgsql AS $$BEGIN"
        " IF current_setting('is_superuser') = 'off' THEN"
        + "".join(f" PERFORM public.try('{one.replace(chr(39), chr(39) * 2)}');" for one in REACHING)
        + " END IF; RETURN true; END$$",
        "CREATE TABLE t (a int CHECK (public.bad(a)))",
        "INSERT INTO t VALUES (1)",
    )
    adapter = postgresql.adapter()
    place = adapter.create_place(op := postgresql.op(), name_for("new", op))
    with session_in(postgresql.server.admin_url):
        adapter.load(op, take(adapter).strange, place)
    outcome = postgresql.run("SELECT * FROM outcome", database=place.name)
    assert [one for one in outcome if one[1] != DENIED] == [] and len(outcome) == len(REACHING)
    assert "thief" not in postgresql.names()


def test_the_floor_of_the_tools_holds_for_what_is_strange(postgresql: Ground) -> None:
    """D1: below it what was made elsewhere is refused, and what we made is not."""
    taken = make_small(postgresql)
    for floor, is_refused in (
        (((16, 99),), True),
        (((18, 7), (17, 12)), True),
        (((16, 1),), False),
        ((), False),
    ):
        adapter = postgresql.adapter(means=replace(postgresql.means, tools_floor=floor))
        assert any(one.is_fatal for one in adapter.obstacles(taken.strange)) is is_refused
        assert not any(one.is_fatal for one in adapter.obstacles(taken.source))
    place = adapter.create_place(op := postgresql.op(), name_for("new", op))
    high = postgresql.adapter(means=replace(postgresql.means, tools_floor=((16, 99),)))
    with pytest.raises(BackupIncompatible, match="too old for what was made elsewhere"):
        high.load(op, taken.strange, place)
    adapter.load(op, taken.strange, place)


def test_no_password_reaches_the_log_of_the_server(tmp_path: Path) -> None:
    """K4: that of the account for one operation, with everything logged that is run."""
    try:
        with running("postgresql") as private:
            ground = Ground(private.server, private.server.create_database("live"))
            ground.run("ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
            taken = make_small(ground)
            adapter = ground.adapter()
            place = adapter.create_place(op := ground.op(), name_for("new", op))
            adapter.load(op, taken.source, place)
            [(folder,)] = ground.run("SELECT current_setting('data_directory')")
            logs = [path for path in Path(str(folder)).parent.iterdir() if path.is_file()]
            text = "".join(path.read_text(errors="replace") for path in logs)
            assert f'CREATE ROLE "{place.account}"' in text and "SCRAM-SHA-256$" in text
            assert place.parameters.password not in text
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_a_statement_that_fails_stops_the_restore(postgresql: Ground) -> None:
    """B11: nothing goes on after an error."""
    postgresql.run("CREATE TABLE a (at date)", "INSERT INTO a VALUES ('2020-01-02')", "CREATE TABLE b ()")
    adapter = postgresql.adapter()
    taken = take(adapter)
    data = taken.data.replace(b"2020-01-02", b"2020-01-xx")
    place = adapter.create_place(op := postgresql.op(), name_for("new", op))
    with pytest.raises(ToolFailed, match='error: COPY failed for table "a": ERROR:'):
        adapter.load(op, replace(taken.source, data=opening_of(data)), place)
    adapter.drop(op, place.name)
    assert postgresql.left_of(op) == []


@contextmanager
def slow(data: bytes, in_the_middle: Callable[[], object]) -> Iterator[IO[bytes]]:
    """A stream of an archive that does something half way."""

    class Stream(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > len(data) // 2:
                in_the_middle()
            return super().read(min(size or 65536, 65536))

    yield Stream(data)


@pytest.mark.parametrize("what", ["cancel", "kill", "sessions"])
def test_a_restore_that_ends_in_the_middle_leaves_nothing(
    postgresql: Ground, tmp_path: Path, what: str
) -> None:
    """F3, F5, J4: cancelled, its program killed, its sessions ended."""
    make_wide(postgresql)
    taken = take(postgresql.adapter())
    wish = Event()
    op = postgresql.op(cancelled=wish.is_set)
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name_for('new', op)}'"

    def cancel() -> None:
        wish.set()
        Thread(target=op.end_waits).start()

    acts: dict[str, Callable[[], object]] = {
        "cancel": cancel,
        "kill": lambda: os.killpg(os.getpgid(int((tmp_path / "pid").read_text())), signal.SIGKILL),
        "sessions": lambda: postgresql.run(end),
    }
    done: list[object] = []

    def act() -> None:
        if not done:
            done.append(what)
            acts[what]()

    adapter = postgresql.adapter(
        means=wrapped(postgresql, tmp_path, "pg_restore", f"echo $$ > '{tmp_path}/pid'")
    )
    place = adapter.create_place(op, name_for("new", op))
    opening = chain((opening_of(taken.data),), repeat(lambda: slow(taken.data, act)))
    with pytest.raises((ToolFailed, ServerError, OperationCancelled)):
        adapter.load(op, replace(taken.source, data=lambda: next(opening)()), place)
    assert done == [what]
    adapter.drop(Operation(id=op.id), place.name)
    assert postgresql.left_of(op) == []


@pytest.mark.parametrize(
    "point",
    ["restore.account_made", "restore.place_made", "restore.prepared", "restore.definitions_loaded",
     "restore.data_loaded", "restore.indexes_loaded", "restore.handed_over", "restore.account_dropped"],
)  # fmt: skip
def test_wherever_a_restore_ends_what_is_left_can_be_dropped(postgresql: Ground, point: str) -> None:
    """B3: what was made for the operation is found by its name, dropped, and made again."""
    taken = make_small(postgresql)
    adapter = postgresql.adapter()
    op = postgresql.op()

    def stop(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    with at_failpoints(stop), pytest.raises(KeyboardInterrupt):
        postgresql.restored(adapter, taken.source, op)
    for name in adapter.leftovers():
        if op.id in name:
            adapter.drop(Operation(), name)
    assert postgresql.left_of(op) == []
