"""The page of the audit: what was done, by whom, how it ended, and the button that verifies it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, update

from core.actor import Actor, Role
from core.connection import parse_url
from database.files import make_database_file
from database.migrator import migrate
from database.revisions import known_revisions
from features.users import create_admin, issue_first_admin_link
from models import AuditEvent, AuditHead, User, db
from operations.audit import AuditEntry, audited, record_audit
from operations.audit_chain import AuditBroken, verify_audit, verify_chain
from operations.cancelling import cancel_operation
from operations.performing import perform
from operations.runner import Runner
from tests.web.conftest import MakeApp
from tests.web.test_pages import HOSTILE
from tests.web.visitor import PASSWORD, Visitor
from web.settings import settings_of

ADA = Actor("ada", Role.ADMIN, "cli", "10.0.0.7")


def do(console: Flask, *works: Callable[[], object]) -> None:
    with console.app_context():
        for work in works:
            work()
        db.session.commit()


def wrote(console: Flask, action: str) -> None:
    entry = AuditEntry.of(ADA, event="outcome", action=action, target="x")
    do(console, lambda: record_audit(settings_of(console), entry))


def table(page: str) -> list[list[str]]:
    """The cells of each row, as they are read."""
    body = re.search(r'<tbody id="audit-rows">(.*?)</tbody>', page, re.DOTALL)
    rows = re.findall(r"<tr [^>]*>(.*?)</tr>", body[1] if body else page, re.DOTALL)
    return [[read(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def read(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_intent_and_outcome_are_one_row_and_lead_to_the_operation(console: Flask, admin: Visitor) -> None:
    settings = settings_of(console)

    def work() -> None:
        with audited(settings, ADA, "user.test", "bob"):
            pass
        record_audit(settings, AuditEntry.of(ADA, event="intent", action="open.test", target="eve"))
        Runner(ADA, settings).run(verify_audit)

    do(console, work)
    page = admin.get("/audit").text
    assert [row[:5] for row in table(page)][:3] == [
        ["Succeeded", "audit.verify", "audit", "ada", "cli 10.0.0.7"],
        ["Asked for", "open.test", "eve", "ada", "cli 10.0.0.7"],
        ["Succeeded", "user.test", "bob", "ada", "cli 10.0.0.7"],
    ]
    (link,) = re.findall(r'href="(/operations/\w{26})">audit.verify</a>', page)
    assert admin.get(link).status_code == 200
    said = r'state-succeeded">.*>Verified</a> <time[^>]*>[\d:]+</time>: \d+ rows, none changed or removed<'
    assert re.search(said, page) and 'role="alert"' not in page


def test_the_button_queues_a_verification_and_the_page_tells_its_end(console: Flask, admin: Visitor) -> None:
    wrote(console, "a")
    assert "Not verified yet." in admin.get("/audit").text
    answer = admin.post("/audit/verify", page="/audit")
    assert answer.status_code == 303
    operation = answer.location.removeprefix("/operations/")
    assert "A verification</a> is queued." in " ".join(admin.get("/audit").text.split())
    do(console, lambda: db.session.execute(update(AuditEvent).values(actor="nobody")))
    perform(settings_of(console), {"audit.verify": verify_audit}, operation)
    assert "of the audit was changed" in admin.get("/audit").text


def test_what_was_cancelled_says_so_once(console: Flask, admin: Visitor) -> None:
    why = {"outcome": "cancelled", "details": {"error": "cancelled"}}
    entry = AuditEntry.of(ADA, event="outcome", action="x.test", target="x", **why)
    do(console, lambda: record_audit(settings_of(console), entry))
    assert ["Cancelled", "x.test"] in [row[:2] for row in table(admin.get("/audit").text)]


def test_a_forged_row_is_marked_and_led_to(console: Flask, admin: Visitor) -> None:
    """TRUST L2: even an intent for which its outcome stands; to cancel a later look takes nothing back."""
    settings = settings_of(console)

    def forge() -> None:
        with audited(settings, ADA, "user.test", "bob"):
            pass
        forged = update(AuditEvent).where(AuditEvent.target == "bob", AuditEvent.event == "intent")
        db.session.execute(forged.values(actor="mallory"))
        db.session.commit()
        with pytest.raises(AuditBroken):
            Runner(ADA, settings).run(verify_audit)
        cancel_operation(settings, Runner(ADA, settings).submit(verify_audit), ADA)

    do(console, forge)
    page = admin.get("/audit").text
    alert = read(re.search(r'role="alert">(.*?)<section', page, re.DOTALL)[1])  # type: ignore[index]
    (row,) = re.findall(r"Row (\d+) of the audit was changed Found by the verification at", alert)
    assert "compare it with a backup" in alert and "The newest verification</a> is cancelled." in page
    (marked,) = [cells for cells in table(page) if "Fault found" in cells[0]]
    assert (marked[1], marked[3], marked[5]) == ("user.test", "mallory", row)
    assert any(cells[:2] == ["Failed audit_broken", "audit.verify"] for cells in table(page))
    (link,) = re.findall(r'href="(/audit\?before=\d+)#row-\d+">Look at row', page)
    assert f'id="row-{row}"' in admin.get(link).text and table(admin.get(link).text)[0] == marked


def test_older_rows_follow_by_their_id(
    console: Flask, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.audit._LIST_LENGTH", 2)

    do(console, lambda: db.session.execute(delete(AuditEvent)), lambda: db.session.execute(delete(AuditHead)))
    for name in "abc":
        wrote(console, name)
    page = admin.get("/audit").text
    assert [row[1] for row in table(page)] == ["c", "b"]
    assert "2 shown, more follow" in page
    (follow,) = re.findall(r'hx-get="([^"]+)"', page.partition('id="more"')[2])
    more = admin.get(follow.replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert [row[1] for row in table(more)] == ["a"]
    assert "<html" not in more and "3 shown</p>" in more
    assert admin.get(f"/audit?before={10**30}").status_code == 200


def test_an_empty_audit_says_so(console: Flask, admin: Visitor) -> None:
    do(console, lambda: db.session.execute(delete(AuditEvent)))
    page = admin.get("/audit").text
    assert "Nothing was done yet" in page and "python manage_db.py audit verify" in page


def test_w2_hostile_words_are_text(console: Flask, admin: Visitor) -> None:
    entry = AuditEntry(
        at=AuditEntry.of(ADA, event="outcome", action="a", target="b").at, event="outcome", action=HOSTILE,
        target=HOSTILE, actor=HOSTILE, through="web", address="<b>", outcome=HOSTILE[:20],
    )  # fmt: skip
    do(console, lambda: record_audit(settings_of(console), entry))
    page = admin.get("/audit").text
    assert "<img" not in page and "<b>" not in page and "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_only_admins_see_and_verify_it(console: Flask, admin: Visitor) -> None:
    do(console, lambda: db.session.execute(update(User).values(role="operator")))
    assert admin.get("/audit").status_code == 403
    assert 'href="/audit"' not in admin.get("/").text


def entries(console: Flask) -> list[tuple[str, ...]]:
    columns = (AuditEvent.event, AuditEvent.action, AuditEvent.target, AuditEvent.actor, AuditEvent.outcome)
    with console.app_context():
        return [tuple(row) for row in db.session.execute(db.select(*columns).order_by(AuditEvent.id))]


def test_migrations_applied_at_start_are_audited(make_app: MakeApp, sqlite_url: str) -> None:
    """TRUST L1, with AUTO_MIGRATE: once, by the process that applied them."""
    parameters, first = parse_url(sqlite_url), known_revisions()[0].id
    make_database_file(parameters)
    migrate(parameters, first, applied_by="test")
    for _ in range(2):
        console = make_app(sqlite_url, auto_migrate=True)
        name = settings_of(console).database.name
        assert entries(console) == [("outcome", "migration.apply", name, "start", "succeeded")]
    with console.app_context():
        [details] = db.session.scalars(db.select(AuditEvent.details))
    assert (details["backup"], len(details["plan_hash"])) == ("", 64)


def test_what_is_done_without_an_operation_is_audited(
    make_app: MakeApp, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRUST L1: the schema made at start, the first admin, a password; not who tries a link that is none."""
    console = make_app(database_url)
    visitor, token = Visitor(console), ""
    name = settings_of(console).database.name
    assert entries(console) == [("outcome", "schema.init", name, "start", "succeeded")]
    with console.app_context():
        token = issue_first_admin_link("test/1") or ""
    link = f"/first-admin/{token}"
    person = {"name": "Maren Vogt", "email": "maren.vogt@example.com", "username": "mvogt"}
    assert visitor.post("/first-admin/x", page=link, **person, password=PASSWORD).status_code == 404
    assert visitor.post(link, page=link, **person, password=PASSWORD).status_code == 303
    token = Runner(ADA, settings_of(console)).run(
        create_admin, username="mvogt", email="maren.vogt@example.com", name="Maren Vogt"
    )
    link = f"/set-password/{token}"
    assert visitor.post("/set-password/x", page=link, password=PASSWORD).status_code == 404
    assert visitor.post(link, page=link, password="mvogt mvogt mvogt").status_code == 422
    assert visitor.post(link, page=link, password=PASSWORD + "!").status_code == 303
    first, password = ("user.create_first_admin", "mvogt", "mvogt"), ("user.set_password", "mvogt", "mvogt")
    own = [one for one in entries(console)[1:] if one[1] != "user.create_admin"]
    assert own == [
        ("intent", *first, ""),
        ("outcome", *first, "succeeded"),
        ("intent", *password, ""),
        ("outcome", *password, "succeeded"),
    ]
    with console.app_context():
        assert verify_chain().fault is None
