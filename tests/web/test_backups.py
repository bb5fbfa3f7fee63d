"""The pages of backups: taken, looked at by day and by proof, proven and pinned, with nothing but forms."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.clock import utc_now
from core.naming import new_id
from features.backups import read_backup
from jobs.catalogue import CATALOGUE
from models import AuditEvent, BackupEvidence, OperationRecord, RegisteredDatabase, db
from operations.performing import perform
from tests.features.backing import add_backup
from tests.web.backups import add, become, own, queued, rows
from tests.web.conftest import MakeApp
from tests.web.operations import add_operation
from tests.web.visitor import Visitor, add_first_admin
from web.settings import settings_of


@pytest.fixture
def console(make_app: MakeApp, sqlite_url: str, tmp_path: Path) -> Flask:
    """A console with a folder of its own for backups."""
    return make_app(sqlite_url, backup_dir=tmp_path / "backups")


def test_a_backup_is_asked_for_taken_and_shown_with_its_evidence(console: Flask, admin: Visitor) -> None:
    page = admin.get("/backups").text
    assert "No backups yet" in page and "Back up now" in page
    answer = admin.post("/backups", "/backups", database=own(console), contents="y")
    assert answer.status_code == 303
    id = answer.location.removeprefix("/operations/")
    row = queued(console)
    assert (row.id, row.kind, row.target, row.arguments["made_by"]) == (
        id, "backup.create", own(console), "mvogt",
    )  # fmt: skip
    assert (row.arguments["tables"], row.arguments["contents"]) == ([], True)
    perform(settings_of(console), CATALOGUE, id)
    told = admin.get(answer.location).text
    (here,) = set(re.findall(r'id="operation-backup" href="(/backups/\w{26})"', told))
    page = admin.get(here).text
    assert rows(page) == [here.removeprefix("/backups/")]
    assert 'aria-selected="true"' in page.partition("<tbody id=")[2]
    assert "By mvogt, " in page and "Not yet read again from the storage" in page
    assert re.search(r'SHA-256.*?<span class="identifier" title="[0-9a-f]{64}">[0-9a-f]{12}…</span>', page)
    assert ">backup_evidence</dt>" in page and "smaller tables" in page


def test_a_part_with_a_note_and_what_is_wrong_with_the_form(console: Flask, admin: Visitor) -> None:
    fields = {"database": own(console), "note": " before the sale ", "tables": "user\r\n\r\n user_log \n"}
    assert admin.post("/backups", "/backups/new", **fields).status_code == 303
    arguments = queued(console).arguments
    assert (arguments["note"], arguments["tables"]) == ("before the sale", ["user", "user_log"])
    assert (arguments["schemas"], arguments["contents"]) == ([], False)
    too_long = admin.post("/backups", "/backups/new", database=own(console), note="x" * 501)
    assert too_long.status_code == 422 and "At most 500 characters." in too_long.text
    for field in ("made_by", "reason", "id", "storage"):  # TRUST Z4
        assert admin.post("/backups", "/backups/new", **fields, **{field: "x"}).status_code == 422
    assert admin.post("/backups", "/backups/new", database=own(console)).status_code == 409  # it is held
    with console.app_context():
        assert db.session.scalar(select(func.count()).select_from(OperationRecord)) == 1


def test_the_list_shows_each_proof_and_goes_on_by_keyset(console: Flask, admin: Visitor) -> None:
    for day in range(27):
        add(console, days=day, level="readable" if day % 9 == 0 else "equal")
    add(console, days=40, level="damaged")
    page = admin.get("/backups").text
    for words in ("All 28", "Verified 24", "Not verified 3", "Damaged 1"):
        name, _, number = words.rpartition(" ")
        assert f'{name} <span class="segment-count">{number}</span>' in page
    assert len(rows(page)) == 25 and "25 shown, more follow" in page
    more = re.findall(r'hx-get="([^"]+cursor[^"]+)"', page)[0].replace("&amp;", "&")
    rest = admin.get(more, headers={"HX-Request": "true"}).text
    assert len(rows(rest)) == 3 and "28 shown<" in rest and "<html" not in rest
    assert "3 shown" not in rest and not set(rows(page)) & set(rows(rest))
    assert len(rows(admin.get(more).text)) == 3  # without script, a page of its own
    assert len(rows(admin.get("/backups?proof=not_verified").text)) == 3
    assert len(rows(admin.get("/backups?proof=damaged").text)) == 1
    for wrong in ("proof=best", "cursor=x", "month=2026-13", "month=x"):
        assert admin.get(f"/backups?{wrong}").status_code == 422


def test_a_part_is_called_one_and_not_offered_a_level_beyond_it(console: Flask, admin: Visitor) -> None:
    part, counted = add(console, is_whole=False), add(console, level="restored", has_contents=False)
    label = '<span class="label">part</span>'
    assert admin.get("/backups").text.count(label) == 1
    assert label in admin.get(f"/backups/{part.id}").text
    page = admin.get(f"/backups/{counted.id}").text
    assert label not in page.partition('id="backup-title"')[2] and "whether it is" not in page


def test_one_backup_alone_for_script_and_beside_the_list_without(console: Flask, admin: Visitor) -> None:
    one = add(console, days=1, note="the big one")
    headers = {"HX-Request": "true", "HX-Target": "backup"}
    part = admin.get(f"/backups/{one.id}", headers=headers).text
    assert part.startswith(f"<title>{one.name}") and "the big one" in part and "<html" not in part
    assert "<table" not in part and 'aria-label="Close"' in part
    page = admin.get(f"/backups/{one.id}").text
    assert "the big one" in page and rows(page) == [one.id]
    assert admin.get(f"/backups/{one.name}").status_code == 200
    assert admin.get(f"/backups/{new_id()}").status_code == 404


def test_the_calendar_shows_marks_failures_and_leads_to_the_days(console: Flask, admin: Visitor) -> None:
    now = utc_now()
    best = add(console, days=0, level="healthy")
    add(console, days=0, level="stored")
    add_operation(
        console, kind="backup.create", target=own(console), state="failed", finished_at=now,
        created_at=now - timedelta(days=1), started_at=now - timedelta(days=1),
    )  # fmt: skip
    page = admin.get("/backups").text
    (today,) = re.findall(r'<td class="month-day month-today".*?</td>', page, re.S)
    assert f'href="/backups/{best.id}"' in today and "proof-healthy" in today
    assert '+1<span class="visually-hidden"> more</span>' in today
    page = admin.get(f"/backups?month={now - timedelta(days=1):%Y-%m}").text
    (failed,) = re.findall(r'<td class="[^"]*month-failed".*?</td>', page, re.S)
    assert "Failed" in failed and 'href="/operations?state=failed"' in failed
    assert 'id="calendar-later" aria-disabled' in admin.get("/backups").text  # nothing comes after today
    earlier = re.findall(r'id="calendar-earlier" href="([^"]+)"', page)[0]
    assert admin.get(earlier).status_code == 200
    beside = admin.get(f"/backups/{best.id}").text
    assert re.search(r"month-today month-selected", beside) and 'aria-current="true"' in beside


def test_the_figures_are_held_against_the_target(make_app: MakeApp, sqlite_url: str, tmp_path: Path) -> None:
    console = make_app(sqlite_url, backup_dir=tmp_path / "backups", backup_target_hours=24)
    admin = _admin_of(console)
    assert "past-target" in admin.get("/backups").text
    add(console, days=2)
    add(console, days=1.5, level="damaged")
    page = admin.get("/backups").text
    assert re.search(r'past-target">48 h 0 min ago</dd><dd class="fact-context">target 24 h', page)
    assert "1 of 2" in page and "1 damaged" in page
    assert '<span aria-hidden="true">2</span>' in page  # in the navigation: overdue and damaged
    assert "1 damaged backup, the newest verified one is too old" in page
    add(console)
    assert "past-target" not in admin.get("/backups").text


def test_a_level_is_asked_for_and_a_backup_is_pinned(console: Flask, admin: Visitor) -> None:
    one = add(console, level="readable")
    here = f"/backups/{one.id}"
    page = admin.get(here).text
    assert re.findall(r'name="level" value="(\w+)"', page) == ["restored"]  # the next one
    assert admin.post(f"{here}/verify", here, level="restored").status_code == 303
    row = queued(console)
    assert (row.kind, row.target, row.arguments["level"]) == ("backup.verify", one.name, "restored")
    assert admin.post(f"{here}/pin", here).location == here
    page = admin.get(here).text
    assert "pinned, it stays" in page and "Unpin" in page
    admin.post(f"{here}/pin", here)
    with console.app_context():
        assert not read_backup(one.id).backup.is_pinned


def test_what_is_damaged_is_told_in_red_and_not_offered(console: Flask, admin: Visitor) -> None:
    one = add(console, level="damaged")
    with console.app_context():
        said = "The bytes are not those that were stored"
        seen = {"level": "intact", "is_met": False, "seen_at": utc_now(), "seconds": 1.0, "details": said}
        db.session.add(BackupEvidence(backup_id=one.id, **seen))
        db.session.commit()
    page = admin.get(f"/backups/{one.id}").text
    assert "This backup is damaged" in page and f"/backups/{one.id}/restore" not in page
    assert "Intact, not met" in page and said in page and "proof-damaged" in page
    assert 'name="level"' not in page


def test_z1_who_may_only_look_is_offered_nothing_else(console: Flask, admin: Visitor) -> None:
    one = add(console)
    here = f"/backups/{one.id}"
    token = admin.csrf_token(here)
    become(console, "viewer")
    page = admin.get(here).text
    assert "Evidence" in page
    offered = ("Back up now", "Verify again", "Restore…", "Download", "Prune…", ">Pin<", "from elsewhere")
    assert not [words for words in offered if words in page]
    for path in ("", f"/{one.id}/verify", f"/{one.id}/pin", f"/{one.id}/download", "/prune", "/files/adopt"):
        assert admin.client.post(f"/backups{path}", data={"csrf_token": token}).status_code == 403
    become(console, "operator")
    page = admin.get(here).text
    assert "Back up now" in page and "Verify again" in page
    assert not [words for words in ("Restore…", "Download", "Prune…", "from elsewhere") if words in page]


def test_other_databases_are_a_choice_away(console: Flask, admin: Visitor) -> None:
    with console.app_context():
        kept = {"environment": "staging", "dialect": "sqlite", "database_name": "x.db", "created_by": "a"}
        db.session.add(RegisteredDatabase(id=new_id(), name="shop", **kept))
        db.session.commit()
        shop = add_backup("shop")
        gone = add_backup("gone")
    add(console)
    page = admin.get("/backups").text
    assert len(rows(page)) == 1 and 'href="/backups?database=shop"' in page
    page = admin.get("/backups?database=SHOP").text
    assert rows(page) == [shop.id] and 'name="database" value="SHOP"' in page
    assert len(rows(admin.get("/backups?all=1").text)) == 3
    assert rows(admin.get("/backups?database=gone").text) == [gone.id]
    assert admin.get("/backups?database=nosuch").status_code == 404
    assert rows(admin.get(f"/backups/{gone.id}").text) == [gone.id]  # its database is registered no more
    assert '<option selected value="shop">' in admin.get("/backups/new?database=shop").text


def test_pruning_is_shown_before_and_asked_for_after(console: Flask, admin: Visitor) -> None:
    doomed = add(console, days=50, level="readable")
    pinned = add(console, days=60, is_pinned=True)
    for _ in range(2):
        add(console, days=1)
    page = admin.get("/backups/prune").text
    goes, _, stays = page.partition("and why they stay")
    assert doomed.name in goes and doomed.name not in stays and pinned.name in stays
    assert "Prune 1 backup" in page
    assert admin.post("/backups/prune", "/backups/prune").status_code == 303
    assert queued(console).kind == "backup.prune"


def test_w3_looking_at_backups_changes_nothing(console: Flask, admin: Visitor, sqlite_url: str) -> None:
    one = add(console)

    def counts() -> list[int]:
        with console.app_context():
            tables = (OperationRecord, AuditEvent, BackupEvidence)
            return [db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    before = counts()
    for path in ("", f"/{one.id}", "/new", "/prune", "/files", f"/{one.id}/restore"):
        assert admin.get(f"/backups{path}").status_code == 200, path
    assert counts() == before


def _admin_of(console: Flask) -> Visitor:
    add_first_admin(console)
    visitor = Visitor(console)
    visitor.sign_in()
    return visitor
