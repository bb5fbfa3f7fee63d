"""The page that says what a restore would do, and the way back from one: in the place of the live database,
beside it, undone (TRUST B10, D4, S5)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from core.settings import load_settings
from features.backup_rows import BackupFacts
from jobs.catalogue import CATALOGUE
from models import Backup, OperationRecord, db
from operations.performing import perform
from tests.features.restoring import (
    BOOKS,
    able,
    add_books,
    back_up,
    count,
    drop_beside,
    fill,
    name_beside,
    registered,
    url_of,
)
from tests.servers import Missing, Server, available
from tests.web.conftest import KEY, TestClock
from tests.web.visitor import PASSWORD, Visitor
from web import create_app
from web.settings import settings_of

MORE = 7  # books since the backup


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Server:
    """The kinds that differ most in how they swap."""
    one = available()[request.param]
    if isinstance(one, Missing):
        pytest.skip(f"{one.dialect} missing: {one.reason}")
    return one


@pytest.fixture
def console(
    sqlite_url: str, server: Server, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """A console with a shop registered, which has a few books more than its backup."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    settings = able(replace(load_settings(), secret_key=KEY, db_max_retries=0), server, tmp_path)
    fill(server, database_url)
    create_app(settings)  # makes the schema
    yield create_app(registered(settings, database_url))
    drop_beside(server, database_url)


@pytest.fixture
def backup(console: Flask, server: Server, database_url: str) -> BackupFacts:
    made = back_up(settings_of(console))
    add_books(server, database_url, 1000, MORE)
    return made


def read(page: str) -> str:
    """The words of the page, one space between them."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def work(console: Flask, answer_location: str) -> OperationRecord:
    """Perform what was queued, as a worker does; gives how it ended."""
    id = answer_location.removeprefix("/operations/")
    perform(settings_of(console), CATALOGUE, id)
    with console.app_context():
        return db.session.scalars(select(OperationRecord).where(OperationRecord.id == id)).one()


def asked(console: Flask) -> list[str]:
    """The kinds of what was asked for at the pages."""
    with console.app_context():
        return list(db.session.scalars(select(OperationRecord.kind).where(OperationRecord.through == "web")))


def test_what_is_lost_stands_before_the_name_to_type(
    console: Flask, admin: Visitor, backup: BackupFacts
) -> None:
    page = admin.get(f"/backups/{backup.id}/restore").text
    said = read(page)
    order = ("What is lost", "Who is connected", "What happens", "Type shop to confirm")
    assert sorted(order, key=said.index) == list(order)
    assert re.search(rf"\b(public\.)?book {BOOKS + MORE} {BOOKS} −{MORE}\b", said)
    assert f"{MORE} rows in 1 table" in said and "Undo until" in said
    assert f"manage_db.py restore {backup.name}" in said
    assert asked(console) == []


def test_where_no_rows_are_lost_none_are_counted(console: Flask, admin: Visitor) -> None:
    said = read(admin.get(f"/backups/{back_up(settings_of(console)).id}/restore").text)
    assert "of changes; no table loses rows." in said and "0 rows" not in said


def test_a_restore_in_its_place_and_its_undo(
    console: Flask, admin: Visitor, backup: BackupFacts, server: Server, database_url: str
) -> None:
    here = f"/backups/{backup.id}/restore"
    for typed in ("", "Shop", "shop "):
        wrong = admin.post(here, here, database="shop", confirmation=typed)
        assert wrong.status_code == 422 and "This is not its name." in wrong.text
    assert asked(console) == []
    answer = admin.post(here, here, database="shop", confirmation="shop")
    assert answer.status_code == 303
    ended = work(console, answer.location)
    assert (ended.state, ended.title) == ("succeeded", f"Restore shop from {backup.name}"), (
        ended.error_message
    )
    assert count(server, database_url) == BOOKS
    (offered,) = re.findall(r'href="(/backups/kept/\w{26}/undo)"', admin.get(answer.location).text)
    page = admin.get("/backups?database=shop").text
    assert "Kept after restores" in page and "before restore" in page and offered in page
    (undo,) = re.findall(r'href="(/backups/kept/\w{26}/undo)"', page)
    assert admin.post(undo, undo, confirmation="stock").status_code == 422
    ended = work(console, admin.post(undo, undo, confirmation="shop").location)
    assert ended.state == "succeeded", ended.error_message
    assert count(server, database_url) == BOOKS + MORE
    told = read(admin.get(f"/operations/{ended.id}").text)
    assert re.search(r"shop is what it was before the restore .{1,80} signs in and sees \d+ table", told)
    page = admin.get("/backups?database=shop").text
    drop = re.findall(r'href="(/backups/kept/\w{26}/drop)"', page)[0]
    (name,) = re.findall(r'data-wakes-on="([^"]+)"', admin.get(drop).text)
    assert "/" not in name and admin.post(drop, drop, confirmation="shop").status_code == 422
    ended = work(console, admin.post(drop, drop, confirmation=name).location)
    assert ended.state == "succeeded", ended.error_message
    assert admin.post(undo, "/backups", confirmation="shop").status_code == 303  # the operation says why not
    assert "It is not kept any more" in read(admin.get(undo).text)


def test_a_new_database_needs_a_name_and_no_confirmation(
    console: Flask, admin: Visitor, backup: BackupFacts, server: Server, database_url: str
) -> None:
    here, new = f"/backups/{backup.id}/restore", name_beside(database_url)
    page = admin.get(f"{here}?beside=1").text
    assert "Type " not in read(page) and "What is lost" not in page
    own = settings_of(console).database
    assert (f'<option value="{own.name}">' in page) == (own.dialect == server.dialect)
    (proposed,) = re.findall(r'name="new_name" value="([^"]+)"', page)
    assert proposed.startswith("shop_")
    nameless = admin.post(here, here, database="shop", beside="1", new_name=" ")
    assert nameless.status_code == 422 and "A new database needs a name." in nameless.text
    taken = admin.post(here, here, database="shop", beside="1", new_name="a/b\x00")
    assert taken.status_code in (409, 422) and asked(console) == []
    answer = admin.post(here, here, database="shop", beside="1", new_name=new)
    ended = work(console, answer.location)
    assert ended.state == "succeeded", ended.error_message
    assert count(server, url_of(server, database_url, new)) == BOOKS
    assert count(server, database_url) == BOOKS + MORE
    assert f"Restored as {new}" in read(admin.get(answer.location).text)


def test_what_stands_against_it_is_said_in_place_of_the_button(
    console: Flask, admin: Visitor, backup: BackupFacts
) -> None:
    here = f"/backups/{backup.id}/restore"
    (settings_of(console).backup_dir / backup.file).unlink()
    page = admin.get(here).text
    assert "The restore cannot begin." in page and "data-wakes-on" not in page
    sent = admin.post(here, "/backups", database="shop", confirmation="shop")
    assert sent.status_code == 409 and asked(console) == []


def test_a_database_that_is_not_known_is_said_and_another_may_be_chosen(
    console: Flask, admin: Visitor, backup: BackupFacts
) -> None:
    page = admin.get(f"/backups/{backup.id}/restore?database=gone")
    assert page.status_code == 200 and "There is no database" in read(page.text)
    assert '<option value="shop">' in page.text and "data-wakes-on" not in page.text


def test_what_is_not_trusted_is_restored_beside_only(
    console: Flask, admin: Visitor, backup: BackupFacts
) -> None:
    """TRUST B8."""
    with console.app_context():
        db.session.get_one(Backup, backup.id).origin = "uploaded"
        db.session.commit()
    page = admin.get(f"/backups/{backup.id}/restore").text
    assert "In its place" not in page and "data-wakes-on" not in page
    sent = admin.post(f"/backups/{backup.id}/restore", "/backups", database="shop", confirmation="shop")
    assert sent.status_code in (409, 422) and asked(console) == []


def test_s5_a_restore_wants_a_fresh_proof(
    console: Flask, admin: Visitor, clock: TestClock, backup: BackupFacts
) -> None:
    here = f"/backups/{backup.id}/restore"
    token = admin.csrf_token(here)
    clock.advance(minutes=6)
    assert admin.get(here).location == f"/prove?next={here}"
    fields = {"csrf_token": token, "database": "shop", "confirmation": "shop"}
    assert admin.client.post(here, data=fields).location.startswith("/prove")
    assert asked(console) == []
    assert admin.post("/prove", f"/prove?next={here}", password=PASSWORD).status_code == 303
    assert admin.get(here).status_code == 200
