"""Snapshots of MySQL and MariaDB: dump and inventory see the same rows whoever writes meanwhile, nothing is
left out in silence, and nothing is left behind (TRUST B5, B7, J4, F2, F6)."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread

import pytest

from core.errors import (
    LockTimeout,
    OperationCancelled,
    PrivilegeMissing,
)
from core.progress import Operation
from database.adapters.backup import Selection
from database.adapters.mysql import snapshot
from tests.database.backups.mysql_ground import (
    Ground,
    at_failpoints,
    is_equal,
    make_wide,
    sessions_of,
    source_of,
    take,
)
from tests.servers.server import connect

ACCOUNTS = 50
MOVE = "UPDATE account SET money = money + %s WHERE id = %s"


@contextmanager
def writers(ground: Ground, count: int = 3) -> Iterator[list[int]]:
    """Others who move money from one account to another in the live database, and count their moves."""
    moves, over = [0] * count, Event()

    def work(mine: int) -> None:
        with closing(connect(ground.url)) as connection, closing(connection.cursor()) as cursor:
            while not over.is_set():
                one, other = (moves[mine] * 7 + mine) % ACCOUNTS, (moves[mine] * 3) % ACCOUNTS
                cursor.execute("START TRANSACTION")
                for sign, id in sorted([(1, one), (-1, other)], key=lambda pair: pair[1]):
                    cursor.execute(MOVE, (sign, id))
                cursor.execute("INSERT INTO move VALUES (NULL, %s, %s)", (one, other))
                cursor.execute("COMMIT")
                moves[mine] += 1

    threads = [Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield moves
    finally:
        over.set()
        for thread in threads:
            thread.join()


def make_bank(ground: Ground) -> None:
    values = ", ".join(f"({id}, 100)" for id in range(ACCOUNTS))
    ground.run(
        "CREATE TABLE account (id int PRIMARY KEY, money int)",
        f"INSERT INTO account VALUES {values}",
        "CREATE TABLE move (id int AUTO_INCREMENT PRIMARY KEY, one int, other int)",
    )


def test_whoever_writes_meanwhile_is_in_both_or_in_neither(ground: Ground) -> None:
    """V4: counts and hashes are those of the very rows that were dumped, and no transaction is cut in two."""
    make_bank(ground)
    adapter = ground.adapter()
    with writers(ground) as moves:
        while sum(moves) < 50:
            time.sleep(0.01)
        taken = [take(adapter) for _ in range(2)]
        before = sum(moves)
        time.sleep(0.5)
        assert sum(moves) > before  # nobody waits for us any more
    for data, manifest in taken:
        assert manifest.is_exact
        place, _ = ground.restored(adapter, source_of(data, manifest))
        assert is_equal(adapter, place.name, manifest.inventory) == ()
        sums = "SELECT sum(money), (SELECT count(*) FROM move) FROM account"
        [(money, moved)] = ground.run(sums, database=place.name)
        assert money == ACCOUNTS * 100 and int(str(moved)) >= 50


def test_who_holds_the_tables_is_named(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """F6: whoever does not end his transaction keeps nobody waiting for ever, and writers go on."""
    make_bank(ground)
    monkeypatch.setattr(snapshot, "PATIENCE", 1.0)
    with closing(connect(ground.url)) as holder, closing(holder.cursor()) as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute(MOVE, (1, 1))
        with pytest.raises(LockTimeout, match=f"session {holder.thread_id()}"):
            take(ground.adapter())
        cursor.execute("COMMIT")
    assert take(ground.adapter())[1].is_exact


def test_without_the_right_to_lock_it_is_said_to_be_inexact(ground: Ground) -> None:
    make_bank(ground)
    account = ground.account("SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE")
    data, manifest = take(ground.adapter(account, account))
    assert not manifest.is_exact
    assert any("Grant it LOCK TABLES" in one for one in manifest.warnings)
    assert any("grants are not in the backup" in one for one in manifest.warnings)
    assert b"INSERT INTO `account`" in data


@pytest.mark.parametrize("lacking", ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "EXECUTE"])
def test_what_the_account_would_not_see_stops_the_backup(ground: Ground, lacking: str) -> None:
    """B7: a trigger that may not be read would be left out without a word."""
    names = {"SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "EXECUTE", "LOCK TABLES"} - {lacking}
    account = ground.account(", ".join(sorted(names)))
    with pytest.raises(PrivilegeMissing, match=f"lacks {lacking} ") as raised:
        take(ground.adapter(account))
    assert f"GRANT {lacking} ON " in raised.value.hint


def test_a_role_gives_what_it_gives(ground: Ground) -> None:
    account = ground.account()
    role = f"{account.user}_r"
    default = (
        f"SET DEFAULT ROLE {role} FOR {account.user}"
        if ground.server.dialect == "mariadb"
        else f"ALTER USER {account.user} DEFAULT ROLE {role}"
    )
    ground.run(
        f"CREATE ROLE {role}",
        f"GRANT ALL ON `{ground.live}`.* TO {role}",
        f"GRANT {role} TO {account.user}",
        default,
    )
    try:
        assert take(ground.adapter(account))[1].is_exact
    finally:
        ground.run(f"DROP ROLE {role}")


def test_an_inventory_without_a_dump_ends_and_leaves_nothing(ground: Ground) -> None:
    make_bank(ground)
    make_wide(ground)
    with ground.adapter().snapshot(op := Operation(), Selection()) as held:
        found = held.inventory(op, contents=True)
        assert {one.name for one in found.tables} == {"account", "move", "wide"}
        ground.run(MOVE % (1, 1))  # nobody waits for a dump that never comes
    assert sessions_of(ground) == []


def test_a_dump_that_nobody_reads_to_its_end_is_ended(ground: Ground) -> None:
    make_bank(ground)
    make_wide(ground)

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    with (
        pytest.raises(OSError, match="No space"),
        ground.adapter().snapshot(op := Operation(), Selection()) as held,
    ):
        held.dump(op, Full())
    assert sessions_of(ground) == []


def test_a_cancel_ends_dump_and_count(ground: Ground) -> None:
    """J4: the program, the sessions and their statements."""
    make_bank(ground)
    wish = Event()
    op = Operation(cancelled=wish.is_set)

    def cancel(name: str) -> None:
        if name == "dump.started":
            wish.set()
            Thread(target=op.end_waits).start()

    with (
        pytest.raises(OperationCancelled),
        at_failpoints(cancel),
        ground.adapter().snapshot(op, Selection()) as held,
    ):
        held.dump(op, io.BytesIO())
        held.inventory(op, contents=True)
    assert sessions_of(ground) == []


def test_a_killed_worker_leaves_no_lock_and_no_program(ground: Ground) -> None:
    """F2, X7: whoever is killed while nobody may write lets everybody write again."""
    make_bank(ground)
    code = f"""
import os, signal, sys
from core.failpoints import listen
from core.connection import parse_url
from core.progress import Operation
from database.adapters.backup import Means, Selection
from database.adapters.backup_adapters import backup_adapter_for
listen(lambda name: name == "dump.locked" and os.kill(os.getpid(), signal.SIGKILL))
to = parse_url(sys.stdin.readline().strip())
with backup_adapter_for(to, to, Means(tools_path="{ground.server.tools}")).snapshot(Operation(), Selection()):
    pass
"""
    worker = subprocess.run([sys.executable, "-c", code], input=ground.url + "\n", text=True, check=False)
    assert worker.returncode == -signal.SIGKILL
    assert sessions_of(ground) == []
    ground.run(MOVE % (1, 1))
