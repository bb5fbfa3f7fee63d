"""The walk of an operator who puts a backup back, beside the live database and in its place, and then takes
that back, through the real door (TRUST D4, B10)."""

from __future__ import annotations

import re

import pytest

from tests.journeys.shop import Shop

KEPT = "Bäume = 50 %"


def change(shop: Shop) -> list[object]:
    """Let the shop go on after a backup; gives its titles then."""
    shop.server.execute(shop.url, "DELETE FROM sale", "DELETE FROM book WHERE id = 1")
    shop.server.execute(shop.url, "INSERT INTO book VALUES (9, 'new')")
    return shop.titles()


def new_name(shop: Shop, word: str) -> str:
    """A name for a database beside the shop."""
    return f"{shop.place.stem}_{word}{shop.place.suffix}"


def test_a_backup_becomes_a_new_database_beside_the_live_one(shop: Shop) -> None:
    name, before = shop.back_up(), shop.titles()
    after = change(shop)
    copy = new_name(shop, "copy")
    plan = shop.manage("restore", name, "--into", copy, "--dry-run")
    assert plan.code == 0 and "stays as it is" in plan.out
    assert shop.others() == []
    made = shop.manage("restore", name, "--into", copy)
    assert made.code == 0, made.err
    assert made.out.splitlines()[-1] == f"{copy} is restored from {name}, and is equal to its manifest."
    assert (shop.titles(shop.beside(copy)), shop.titles()) == (before, after)
    again = shop.manage("restore", name, "--into", copy)
    assert again.code == 1 and copy in again.error
    assert shop.titles(shop.beside(copy)) == before


@pytest.mark.every_server
def test_d4_it_takes_the_place_of_the_live_one_and_gives_it_back(shop: Shop) -> None:
    name, before = shop.back_up(), shop.titles()
    after = change(shop)
    refused = shop.manage("restore", name)
    assert refused.code == 1 and "was not confirmed. Nothing was changed. Add --confirm." in refused.error
    assert re.search(r"^\S*sale +(about )?0 +3 +", refused.out, re.M) or "loses" in refused.out
    assert shop.titles() == after and shop.others() == []
    done = shop.manage("restore", name, "--confirm")
    assert done.code == 0, done.err
    assert shop.titles() == before
    assert [one["reason"] for one in shop.backups()] == ["before restore", "by hand"]
    (kept,) = shop.manage("restore", "--list-kept").out.splitlines()[1:]
    assert kept.split()[0] == "shop" and name in kept
    assert shop.manage("restore", "--undo", "shop").code == 1
    undone = shop.manage("restore", "--undo", "shop", "--confirm")
    assert undone.code == 0, undone.err
    assert shop.titles() == after
    dropped = shop.manage("restore", "--drop-kept", "shop", "--confirm")
    assert dropped.code == 0, dropped.err
    assert shop.titles() == after and shop.others() == []
    nothing = shop.manage("restore", "--undo", "--confirm")
    assert nothing.code == 1 and "No restore put anything aside" in nothing.error


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_production_wants_the_name_typed(shop: Shop) -> None:
    name, before = shop.back_up("--verify", "stored"), change(shop)
    production = {"FLASK_ENV": "production", "SECRET_KEY": "k" * 40}
    for given in ((), ("--confirm-name", "another")):
        refused = shop.manage("restore", name, "--confirm", *given, **production)
        assert refused.code == 1 and "--confirm-name" in refused.error
    assert shop.titles() == before
    assert shop.manage("restore", name, "--confirm", "--confirm-name", "shop", **production).code == 0
    assert KEPT in shop.titles()
    refused = shop.manage("restore", "--undo", "--confirm", **production)
    assert refused.code == 1 and "--confirm-name" in refused.error


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_what_is_refused_is_one_line_and_no_operation(shop: Shop) -> None:
    name = shop.back_up("--verify", "stored")
    for arguments, code, said in (
        ((), 2, "Name a BACKUP"),
        (("nothing",), 1, 'no backup "nothing"'),
        ((name, "--database", "nobody"), 1, 'no database "nobody"'),
        (("--undo", "shop"), 1, "No restore of shop put anything aside"),
        (("--undo", "--into", "x"), 2, "goes alone"),
        (("--undo", "0" * 26), 1, "0" * 26),
        (("--drop-kept", "shop"), 1, "No restore of shop put anything aside"),
        ((name, "--identity-file", "gone"), 2, "No such file"),
    ):
        ran = shop.manage("restore", *arguments)
        assert (ran.code, ran.out) == (code, ""), arguments
        assert said in ran.error, arguments
    assert shop.operations("backup.restore") == [] and shop.others() == []


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_the_console_is_restored_over_itself_and_goes_on(shop: Shop) -> None:
    name = shop.manage("backup").out.split()[0]
    assert shop.manage("create-admin", "mvogt", "mvogt@example.com").code == 0
    done = shop.manage("restore", name, "--confirm")
    assert done.code == 0, done.err
    assert shop.operations("backup.restore") == ["succeeded"]
    assert shop.manage("audit", "verify").code == 0
    assert shop.manage("verify").code == 0
    listed = [line.split()[0] for line in shop.manage("backups").out.splitlines()[1:]]
    assert name in listed and len(listed) == 2
    assert shop.manage("restore", "--undo", "--confirm").code == 0
    assert shop.manage("audit", "verify").code == 0


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_a_file_from_elsewhere_is_taken_in_and_restored_beside_only(shop: Shop) -> None:
    elsewhere = shop.folder / "old.db"
    elsewhere.write_bytes(shop.place.read_bytes())
    (shop.folder / "script.sql").write_text("DROP TABLE book;")
    script = shop.manage("backups", "shop", "--adopt", "script.sql")
    assert script.code == 2 and len(shop.backups()) == 0
    taken = shop.manage("backups", "shop", "--adopt", "old.db")
    assert taken.code == 0, taken.err
    assert "It is not trusted" in taken.out
    name = taken.out.split()[0]
    refused = shop.manage("restore", name, "--confirm")
    assert refused.code == 1 and len(shop.titles()) == 3
    copy = new_name(shop, "old")
    made = shop.manage("restore", name, "--into", copy)
    assert made.code == 0, made.err
    assert shop.titles(shop.beside(copy)) == shop.titles()
