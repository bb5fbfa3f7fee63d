"""The walk of an operator who backs up, proves and prunes, through the real door (TRUST B1, B2, K1, K5)."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest
from pyrage import x25519

from core.actor import Actor, Role
from core.settings import load_settings
from features.backup_verification import verify_backup
from operations.runner import Runner
from tests.journeys.shop import Shop


@pytest.fixture
def identity(shop: Shop) -> Iterator[x25519.Identity]:
    """The private key in the file `backups.key`; at the end it is nowhere else (K1, K5)."""
    one = x25519.Identity.generate()
    file = shop.folder / "backups.key"
    file.write_text(f"# public key: {one.to_public()}\n{one}\n")
    file.chmod(0o600)
    yield one
    for path in [path for path in shop.folder.rglob("*") if path.is_file() and path != file]:
        assert str(one).encode() not in path.read_bytes(), path


@pytest.mark.every_server
def test_a_backup_is_taken_proven_listed_and_shown(shop: Shop) -> None:
    made = shop.manage("backup", "shop", "--note", "before the sale")
    assert made.code == 0, made.err
    first, second = made.out.splitlines()
    assert re.fullmatch(r"shop-\d{8}-\d{6} is stored: \S+ (bytes|kB), 2 tables, 6 rows, in .+\.", first)
    assert re.fullmatch(r"shop-\S+ is equal, seen in .+\. It restores in .+\.", second)
    (listed,) = shop.backups()
    assert (listed["level"], listed["note"], listed["row_count"]) == ("equal", "before the sale", 6)
    assert listed["name"] == first.split()[0]
    assert listed["size"] == shop.file(listed["name"]).stat().st_size
    table = shop.manage("backups").out.splitlines()
    assert re.split("  +", table[0])[:3] == ["Name", "Database", "Proof"]
    assert table[1].split()[:3] == [listed["name"], "shop", "equal"]
    shown = shop.manage("backups", "--show", listed["id"]).out
    assert re.search(r"^Note +before the sale$", shown, re.M)
    assert re.search(r"^equal +\d{4}-\d\d-\d\d ", shown, re.M) and "sale" in shown
    details = json.loads(shop.manage("backups", "--show", listed["name"], "--json").out)
    seen = [one["level"] for one in details["evidence"]]
    assert seen == ["stored", "intact", "readable", "restored", "equal"]
    assert {table["rows"] for table in details["manifest"]["inventory"]["tables"]} == {3}
    sheet = shop.manage("recovery-sheet", listed["name"])
    assert sheet.code == 0 and listed["sha256"] in sheet.out and "zstd" in sheet.out


def test_b2_what_is_damaged_is_told_and_listed_as_such(shop: Shop) -> None:
    name = shop.back_up("--verify", "stored")
    assert shop.backups()[0]["level"] == "stored"
    assert shop.manage("verify-backup", name, "--level", "healthy").code == 0
    file = shop.file(name)
    good = file.read_bytes()
    file.write_bytes(good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])
    refused = shop.manage("verify-backup", name)
    assert refused.code == 1 and "SHA-256" in refused.error
    assert shop.manage("backups", "--proof", "damaged").out.splitlines()[1].startswith(name)
    assert "No backup is verified." in shop.manage("backups", "--proof", "verified").out
    stopped = shop.manage("restore", name, "--confirm")
    assert stopped.code == 1 and len(shop.titles()) == 3
    file.write_bytes(good)
    assert shop.manage("verify-backup", name).out.startswith(f"{name} is equal")


def test_all_that_is_due_is_proven_and_all_that_fails_is_told(shop: Shop) -> None:
    good, cut = shop.back_up("--verify", "stored"), shop.back_up("--verify", "stored")
    assert good != cut
    shop.file(cut).write_bytes(shop.file(cut).read_bytes()[:-20])
    ran = shop.manage("verify-backup", "--all-due")
    assert ran.code == 1 and "1 backup of 2 not proven" in ran.error
    assert {one["name"]: one["level"] for one in shop.backups()} == {good: "equal", cut: "damaged"}
    again = shop.manage("verify-backup", "--all-due")
    assert again.code == 1 and f"1 backup found damaged before: {cut}." in again.error
    both = shop.manage("verify-backup", good, cut)
    assert both.code == 1 and f"1 backup of 2 not proven: {cut}." in both.error


def test_what_was_counted_alone_is_restored_and_no_more(shop: Shop) -> None:
    counted = shop.manage("backup", "shop", "--no-contents")
    assert counted.code == 0 and "is restored, seen in" in counted.out
    assert "no further than restored: its rows were counted alone" in counted.err
    due = shop.manage("verify-backup", "--all-due")
    assert (due.code, due.out) == (0, "Every backup is equal, but for 1 whose rows were counted alone.\n")
    asked = shop.manage("verify-backup", counted.out.split()[0])
    assert asked.code == 1 and "by counts alone" in asked.error


def test_one_table_alone_is_backed_up_and_a_wrong_one_is_not(shop: Shop) -> None:
    known = shop.manage("backup", "shop", "--verify", "stored", "--no-contents")
    assert known.code == 0, known.err
    details = json.loads(shop.manage("backups", "--show", known.out.split()[0], "--json").out)
    tables = [table["name"] for table in details["manifest"]["inventory"]["tables"]]
    (book,) = [name for name in tables if name.endswith("book")]
    alone = shop.back_up("--table", book)
    shown = json.loads(shop.manage("backups", "--show", alone, "--json").out)
    assert (shown["backup"]["table_count"], shown["backup"]["level"]) == (1, "equal")
    assert "equal, part" in shop.manage("backups").out
    missing = shop.manage("backup", "shop", "--table", "nowhere")
    assert missing.code == 1 and "nowhere" in missing.error


def test_k5_an_encrypted_backup_wants_its_identity(shop: Shop, identity: x25519.Identity) -> None:
    recipient = {"BACKUP_ENCRYPTION_KEY": str(identity.to_public())}
    made = shop.manage("backup", "shop", **recipient)
    assert made.code == 0, made.err
    name = made.out.split()[0]
    assert shop.file(name).name.endswith(".zst.age") and f"{name} is intact" in made.out
    assert "--identity-file" in made.err
    locked = shop.manage("verify-backup", name)
    assert locked.code == 1 and "--identity-file" in locked.error
    assert shop.manage("verify-backup", name, "--identity-file", "backups.key").code == 0
    (shop.folder / "backups.key").chmod(0o644)
    opened = shop.manage("restore", name, "--confirm", "--identity-file", "backups.key", **recipient)
    assert opened.code == 0, opened.err
    assert "Warning: others can read backups.key" in opened.err
    other = shop.folder / "other.key"
    other.write_text(f"{x25519.Identity.generate()}\n")
    assert shop.manage("verify-backup", name, "--identity-file", "other.key").code == 1


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_a_wrong_identity_file_is_one_line_that_shows_nothing(shop: Shop, identity: x25519.Identity) -> None:
    (shop.folder / "two").write_text(f"{identity}\n{identity}\n")
    (shop.folder / "text").write_text("no key")
    for file, said in (("two", "no age identity"), ("text", "no age identity"), ("gone", "No such file")):
        refused = shop.manage("backup", "--identity-file", file)
        assert refused.code == 2 and said in refused.error
        assert str(identity) not in refused.err
    (shop.folder / "two").unlink()


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_the_console_backs_itself_up(shop: Shop) -> None:
    made = shop.manage("backup")
    assert made.code == 0, made.err
    assert re.match(r"own-\S+ is stored: ", made.out) and " is equal, " in made.out


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_a_worker_that_proves_it_already_is_waited_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    name = shop.back_up("--verify", "stored")
    monkeypatch.chdir(shop.folder)
    for variable, value in shop.environment.items():
        monkeypatch.setenv(variable, value)
    Runner(Actor("mvogt", Role.ADMIN, "web"), load_settings()).submit(verify_backup, name, "equal")
    with shop.started("verify-backup", name, stdout=PIPE, stderr=PIPE, text=True) as waiting:
        assert waiting.stderr and waiting.stdout
        assert f"Waits for: Verify {name} by mvogt." in waiting.stderr.readline()
        with shop.started("worker", stderr=DEVNULL) as worker:
            assert waiting.wait(timeout=60) == 0
            worker.terminate()
        assert waiting.stdout.read().startswith(f"{name} is equal")
    assert shop.operations("backup.verify") == ["succeeded"]


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_what_is_pinned_and_what_is_new_stays_when_old_ones_go(shop: Shop) -> None:
    names = [shop.back_up(*(["--verify", "stored"] if number < 2 else [])) for number in range(4)]
    age(shop.folder / "own.db", names[:3], days=40)
    assert shop.manage("backups", "--pin", names[0]).code == 0
    assert shop.manage("backups", "shop").out.count("pinned") == 1
    dry = shop.manage("prune", "--dry-run")
    assert dry.code == 0 and names[1] in dry.out.partition("stay:")[0]
    refused = shop.manage("prune")
    assert refused.code == 1 and "--confirm" in refused.error
    production = shop.manage("prune", "--confirm", FLASK_ENV="production")
    assert production.code == 1 and "--confirm-name" in production.error
    assert len(shop.backups()) == 4
    done = shop.manage("prune", "--confirm")
    assert done.code == 0 and done.out.splitlines()[-1].startswith("1 backup removed, ")
    assert {one["name"] for one in shop.backups()} == {names[0], names[2], names[3]}
    assert shop.manage("backups", "--unpin", names[0]).code == 0
    assert shop.manage("prune", "--confirm").code == 0
    assert {one["name"] for one in shop.backups()} == set(names[2:])


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_what_is_refused_is_one_line_and_no_operation(shop: Shop) -> None:
    for arguments, code, said in (
        (("backup", "nobody"), 1, 'no database "nobody"'),
        (("backup", "shop", "--verify", "soon"), 2, "'soon'"),
        (("backups", "nobody"), 1, 'no database "nobody"'),
        (("backups", "--show", "nothing"), 1, 'no backup "nothing"'),
        (("backups", "--pin", "nothing"), 1, 'no backup "nothing"'),
        (("backups", "--pin", "a", "--unpin", "b"), 2, "one at a time"),
        (("backups", "--limit", "0"), 2, '"0" is not'),
        (("verify-backup",), 2, "Name a BACKUP"),
        (("verify-backup", "x", "--all-due"), 2, "Name a BACKUP"),
        (("verify-backup", "nothing"), 1, 'no backup "nothing"'),
        (("prune", "--days", "0"), 2, '"0" is not'),
        (("backups", "--adopt", "nothing.dump"), 1, "Cannot read nothing.dump"),
    ):
        ran = shop.manage(*arguments)
        assert (ran.code, ran.out) == (code, ""), arguments
        assert said in ran.error
    assert not [
        kind for kind in ("create", "verify", "pin", "prune", "adopt") if shop.operations(f"backup.{kind}")
    ]


def test_a_program_that_is_missing_is_named_with_its_package(shop: Shop) -> None:
    if shop.server.dialect == "sqlite":
        pytest.skip("SQLite needs no program")
    refused = shop.manage("backup", "shop", PATH="/nonexistent", CLIENT_TOOLS_PATH="")
    assert refused.code == 1
    assert re.search(r"postgresql-client|mariadb-client|mysql-client", refused.error)
    assert shop.backups() == [] and not list(Path(shop.folder / "backups").glob("*.zst"))


def age(own: Path, backups: list[str], days: int) -> None:
    """Let these have been taken so many days earlier."""
    with closing(sqlite3.connect(own, isolation_level=None)) as connection:
        for id, file, at in connection.execute("SELECT id, file, taken_at FROM backup").fetchall():
            if file.partition(".")[0] in backups:
                older = datetime.fromisoformat(at) - timedelta(days=days)
                connection.execute("UPDATE backup SET taken_at = ? WHERE id = ?", (older.isoformat(" "), id))
