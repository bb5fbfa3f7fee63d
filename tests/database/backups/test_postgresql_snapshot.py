"""Snapshots of PostgreSQL: dump and inventory see the same rows whoever writes meanwhile, nothing is left out
in silence, and nothing is left behind (TRUST B7, B9, K2, X2, X3, F3, F5, F6, F13, F14, F19)."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest

from core.errors import (
    LockTimeout,
    OperationCancelled,
    PrivilegeMissing,
    ServerError,
    ToolFailed,
)
from core.progress import Operation
from database.adapters import closing_connection
from database.adapters.backup import Selection
from database.adapters.postgresql import backup_snapshot
from tests.database.backups.postgresql_ground import (
    Ground,
    session_in,
    take,
    unlike,
    wrapped,
)
from tests.servers.server import connect

MOVE = "UPDATE account SET money = money + {by} WHERE id = {id}"
ACCOUNTS = 50
ODD_NAMES = (
    "-x", "--file=/x/p", "host=127.0.0.1 port={port}", "postgresql://127.0.0.1:{port}/d",
    "x' host='127.0.0.1' port='{port}", "a'b\"c\\d", "a\nb {a.b} #;%s=", " $HOME`id` ünï-日本",
    "n" * 57,
)  # fmt: skip


@contextmanager
def writers(ground: Ground) -> Iterator[list[int]]:
    """Others who move money from one account to another in the live database, and count their moves."""
    moves, over = [0, 0], Event()

    def work(mine: int) -> None:
        with closing(connect(ground.url)) as connection, closing(connection.cursor()) as cursor:
            while not over.is_set():
                one, other = sorted(((moves[mine] * 7 + mine) % ACCOUNTS, (moves[mine] * 3) % ACCOUNTS))
                cursor.execute(
                    f"BEGIN; {MOVE.format(by=1, id=one)}; {MOVE.format(by=-1, id=other)};"
                    f" INSERT INTO move (one, other) VALUES ({one}, {other}); COMMIT"
                )
                moves[mine] += 1

    threads = [Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield moves
    finally:
        over.set()
        for thread in threads:
            thread.join()


def make_bank(ground: Ground) -> None:
    ground.run(
        f"CREATE TABLE account AS SELECT id, 100 AS money FROM generate_series(0, {ACCOUNTS - 1}) id",
        "ALTER TABLE account ADD PRIMARY KEY (id)",
        "CREATE TABLE move (id bigserial PRIMARY KEY, one int, other int)",
    )


def make_wide(ground: Ground) -> None:
    """Some megabytes, more than any pipe holds."""
    ground.run("CREATE TABLE wide AS SELECT n, repeat('x', 4000) AS a FROM generate_series(1, 2000) n")


def test_whoever_writes_meanwhile_is_in_both_or_in_neither(postgresql: Ground) -> None:
    """V4: counts and hashes are those of the very rows that were dumped, and no transaction is cut in two."""
    make_bank(postgresql)
    adapter = postgresql.adapter()
    with writers(postgresql) as moves:
        while sum(moves) < 20:
            Event().wait(0.01)
        taken = take(adapter)
    assert taken.manifest.is_exact
    place, _ = postgresql.restored(adapter, taken.source)
    assert unlike(adapter, place.name, taken.manifest) == ()
    sums = "SELECT sum(money), (SELECT count(*) FROM move) FROM account"
    [(money, moved)] = postgresql.run(sums, database=place.name)
    assert money == ACCOUNTS * 100 and int(str(moved)) >= 20
    postgresql.run("INSERT INTO move (one) VALUES (1)", database=place.name)  # its number is a new one


def test_who_holds_a_table_is_named(postgresql: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """F6: whoever does not end his transaction keeps nobody waiting for ever, whether the dump meets it first
    or the count."""
    make_bank(postgresql)
    monkeypatch.setattr(backup_snapshot, "LOCK_PATIENCE", 1)
    with session_in(postgresql.url) as run:
        run("BEGIN")
        run("LOCK TABLE move IN ACCESS EXCLUSIVE MODE")
        [(holder,)] = postgresql.run("SELECT pid FROM pg_locks WHERE relation = 'move'::regclass")
        for work in ("dump", "count"):
            op = postgresql.op()
            with (
                postgresql.adapter().snapshot(op, Selection()) as held,
                Path(os.devnull).open("wb") as nowhere,
                pytest.raises(LockTimeout, match=f"session {holder} .* holds a lock on public.move"),
            ):
                if work == "dump":
                    held.dump(op, nowhere)
                held.inventory(op, contents=True)
            assert postgresql.left_of(op) == []
        run("ROLLBACK")
    assert take(postgresql.adapter()).manifest.is_exact


@pytest.mark.parametrize(
    "hiding",
    [
        "REVOKE SELECT ON account FROM {account}",
        "REVOKE USAGE ON SCHEMA hidden FROM {account}",
        "ALTER TABLE account ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE account ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON account USING (id = 1)",
    ],
)
def test_what_the_account_would_not_see_stops_the_backup(postgresql: Ground, hiding: str) -> None:
    """B7: before anything is written, and with the mend."""
    make_bank(postgresql)
    account = postgresql.account()
    name = postgresql.server.quoted(account.user)
    postgresql.run(
        "CREATE SCHEMA hidden",
        "CREATE TABLE hidden.t (a int)",
        f"GRANT USAGE ON SCHEMA hidden TO {name}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public, hidden TO {name}",
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, hidden TO {name}",
    )
    assert take(postgresql.adapter(account)).manifest.inventory.rows == ACCOUNTS
    postgresql.run(hiding.format(account=name))
    with pytest.raises(
        PrivilegeMissing, match=r"may not read all rows of (public.account|hidden.t)"
    ) as raised:
        take(postgresql.adapter(account))
    assert "BYPASSRLS" in raised.value.hint


def test_a_cancel_ends_dump_and_count(postgresql: Ground) -> None:
    """J4: the program, the sessions and their statements."""
    make_wide(postgresql)
    wish = Event()
    op = postgresql.op(cancelled=wish.is_set)

    def cancel() -> None:
        wish.set()
        Thread(target=op.end_waits).start()

    with pytest.raises(OperationCancelled):
        take(postgresql.adapter(), op=op, at_first=cancel)
    assert postgresql.left_of(op) == []


def test_a_program_that_is_killed_fails_the_dump(postgresql: Ground, tmp_path: Path) -> None:
    """F3: from outside, in the middle of its work."""
    make_wide(postgresql)
    means = wrapped(postgresql, tmp_path, "pg_dump", f"echo $$ > '{tmp_path}/pid'")
    op = postgresql.op()

    def kill() -> None:
        os.killpg(os.getpgid(int((tmp_path / "pid").read_text())), signal.SIGKILL)

    with pytest.raises(ToolFailed, match="SIGKILL"):
        take(postgresql.adapter(means=means), op=op, at_first=kill)
    assert postgresql.left_of(op) == []


@pytest.mark.parametrize("later", [">", "="])
def test_a_session_that_is_ended_fails_the_backup(postgresql: Ground, later: str) -> None:
    """F5: those of the dump, and ours, which was there first, in the middle."""
    make_wide(postgresql)
    op = postgresql.op()
    ours = f"FROM pg_stat_activity WHERE application_name LIKE '%{op.id}'"
    first = f"(SELECT min(backend_start) {ours})"
    end = f"SELECT pg_terminate_backend(pid) {ours} AND backend_start {later} {first}"
    with pytest.raises((ToolFailed, ServerError)):
        take(postgresql.adapter(), op=op, at_first=lambda: postgresql.run(end))
    assert postgresql.left_of(op) == []


def test_no_secret_among_the_arguments(postgresql: Ground, tmp_path: Path) -> None:
    """K1, K2, X3: what a look at the list of processes shows; the file with the password is gone."""
    make_bank(postgresql)
    said = f"""printf '%s\\n' "$@" >> '{tmp_path}/said'; env >> '{tmp_path}/said'"""
    adapter = postgresql.adapter(means=wrapped(postgresql, tmp_path, "pg_dump", said))
    taken = take(adapter)
    wrapped(postgresql, tmp_path, "pg_restore", said)
    place, _ = postgresql.restored(adapter, taken.source)
    text = (tmp_path / "said").read_text()
    assert f"dbname='{postgresql.live}'" in text and f"dbname='{place.name}'" in text
    for secret in (postgresql.parameters.password, place.parameters.password):
        assert secret and secret not in text
    files = [part.partition("'")[2].partition("'")[0] for part in text.split("passfile=")[1:]]
    assert files and not any(Path(file).exists() for file in files)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_a_name(postgresql: Ground, name: str) -> None:
    """X2, D2: no option, no address, no pattern, no statement; nobody else is called."""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0)
        odd = name.replace("{port}", str(canary.getsockname()[1]))[:57] + postgresql.new_name("")[-6:]
        url = postgresql.server.create_database(odd)
        try:
            where = replace(postgresql.parameters, database=odd)
            adapter = postgresql.adapter(where, postgresql.parameters)
            postgresql.server.execute(url, "CREATE TABLE t AS SELECT 7 AS a")
            taken = take(adapter)
            assert [(one.name, one.rows) for one in taken.manifest.inventory.tables] == [("public.t", 1)]
            adapter.drop(op := postgresql.op(), odd)
            assert odd not in postgresql.names()
            place, undone = postgresql.restored(adapter, taken.source, op, odd)
            assert place.name == odd and not undone and unlike(adapter, odd, taken.manifest) == ()
            assert adapter.identity(odd)
        finally:
            postgresql.server.drop_database(url)
        with pytest.raises(BlockingIOError):
            canary.accept()


def test_what_is_there_now_is_told_of_every_schema(postgresql: Ground) -> None:
    """By the names of the inventory, so that a preview of a restore can lay the two side by side."""
    postgresql.run(
        "CREATE TABLE parent (a int)",
        "CREATE TABLE child () INHERITS (parent)",
        'CREATE SCHEMA "Odd one"',
        'CREATE TABLE "Odd one"."t.t" (a int)',
        "CREATE TABLE parted (a int) PARTITION BY LIST (a)",
        "CREATE TABLE part PARTITION OF parted DEFAULT",
        "INSERT INTO parent VALUES (1)",
        "INSERT INTO child VALUES (1), (2)",
        'INSERT INTO "Odd one"."t.t" VALUES (1), (2), (3)',
        "INSERT INTO parted VALUES (1), (2)",
        "SELECT lo_from_bytea(0, 'x')",
        "CREATE TABLE dated (at timestamptz, until timestamptz, other timestamp)",
        "CREATE INDEX ON dated (at)",
        "CREATE INDEX ON dated (until)",
        "INSERT INTO dated VALUES ('2026-01-02 03:04+00', now() + '1 day'), ('2026-01-01+00', NULL)",
    )
    adapter = postgresql.adapter()
    with closing_connection(postgresql.parameters, 10) as (server, connection):
        found = {one.name: one.rows for one in adapter.table_sizes(server, connection, 1000)}
        newest = adapter.newest_rows(server, connection, list(found))
    inventory = adapter.inventory(Operation(), postgresql.live, contents=False)
    assert found == {one.name: one.rows for one in inventory.tables}
    assert found['"Odd one"."t.t"'] == 3 and found["large objects"] == 1
    assert newest == {"public.dated": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)}
