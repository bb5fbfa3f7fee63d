"""The dashboard and the health page: the verdict, the reasons for it, and words where nothing is yet."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select, update

from core.clock import utc_now
from database.revisions import head_revision
from features.sampling import sample_sizes
from models import LoginSession, OperationRecord, RegisteredDatabase, SizeSample, User, db
from operations.store import newest_operations
from tests.servers import Server
from tests.web.conftest import MakeApp, TestClock
from tests.web.visitor import Visitor, add_first_admin
from web.settings import settings_of


def panel(page: str, id: str) -> str:
    """The panel whose title has that id, without its marks."""
    found = re.search(rf'aria-labelledby="{id}-title".*?</section>', page, re.DOTALL)
    assert found, f"no panel {id}"
    return " ".join(re.sub(r"<[^>]+>", " ", found[0].split(">", 1)[1]).split())


def test_a_new_console_says_what_is_and_what_is_not_yet(
    make_app: MakeApp, server: Server, database_url: str
) -> None:
    console = make_app(database_url)
    add_first_admin(console)
    visitor = Visitor(console)
    visitor.sign_in()
    page = visitor.get("/").text
    assert "Checked " in page and "See all checks" in page
    assert server.version.split("-")[0] in page
    assert "The size is measured once an hour" in panel(page, "size")
    assert f"Pending None at the newest revision Revision {head_revision()}" in panel(page, "migrations")
    assert "No operations yet" in panel(page, "operations") and "Verify the schema" in page
    assert "Today 1 since midnight UTC Failed today 0 Most failed None" in panel(page, "sign-ins")
    assert "Reachable" in panel(page, "databases")
    assert "1 user" in panel(page, "online-now") and "Maren Vogt admin" in panel(page, "online-now")


def test_what_was_measured_is_shown(console: Flask, admin: Visitor) -> None:
    now = utc_now()
    with console.app_context():
        for days, size in ((40, 1_000_000), (20, 3_000_000)):
            db.session.add(SizeSample(taken_at=now - timedelta(days=days), size=size))
        db.session.add(_database("orders", "reachable", size=8_100_000_000))
        db.session.add(_database("legacy", "unreachable"))
        db.session.add(_operation("01J" + "0" * 23, state="succeeded", title="Verify shellbook"))
        db.session.commit()
        assert sample_sizes(settings_of(console)) == 2
    page = admin.get("/").text
    assert "In 30 days −2." in panel(page, "size")
    assert "Show as table" in panel(page, "size")
    assert "orders Development Reachable not measured 8.1 GB" in panel(page, "databases")
    assert "Verify shellbook" in panel(page, "operations")
    assert "A registered database is in trouble" in page
    assert "1 of 2 in trouble: legacy." in page
    assert page.index(">legacy</a></td>") < page.index(">orders</a></td>")


def test_s4_the_news_of_an_open_dashboard(console: Flask, admin: Visitor, clock: TestClock) -> None:
    """The parts that change by themselves, the verdict first; asking for them is no activity (TRUST S4)."""
    trigger = r'hx-get="/news" hx-trigger="every (9|10|11)\d{3}ms, visibilitychange from:document"'
    assert re.search(trigger, admin.get("/").text)
    seen = _last_seen(console)
    clock.advance(minutes=5)
    with console.app_context():
        db.session.add(_operation("01J" + "0" * 23, state="succeeded", title="Verify shellbook"))
        db.session.commit()
    news = admin.get("/news", headers={"HX-Request": "true"}).text
    assert 'data-spoken="All is well"' in news and "<title>All is well" in news
    swapped = re.findall(r'id="([^"]+)"[^>]* hx-swap-oob="true"', news)
    panels = ["recovery", "operations", "databases", "online-now", "migrations"]
    assert swapped == ["verdict", "reasons", *panels]
    assert "Verify shellbook" in panel(news, "operations")
    assert _last_seen(console) == seen


def test_what_needs_somebody_stands_first_with_its_command(admin: Visitor, sqlite_url: str) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("DROP TABLE sync_data")
        connection.execute("DELETE FROM alembic_version")
    page = admin.get("/").text
    assert "2 things need you" in page
    assert page.index("Tables are missing") < page.index("migrations pending")
    assert "<code>python manage_db.py init</code>" in page
    assert "<code>python manage_db.py create-tables</code>" in page
    assert "No figures yet" in page


def test_operations_that_nobody_takes_up_are_told(console: Flask, admin: Visitor) -> None:
    """Not before 30 s, not while another out of the queue runs, and again when the lease of that is over."""
    late = {"created_at": utc_now() - timedelta(seconds=40), "arguments": {}}
    with console.app_context():
        db.session.add(_operation("01J" + "0" * 23, state="queued", created_at=utc_now(), arguments={}))
        db.session.commit()
        assert "No worker" not in _fresh(admin)
        db.session.add(_operation("01J" + "1" * 23, state="queued", **late))
        db.session.commit()
        page = _fresh(admin)
        assert re.search(r"1 operation waits, the first for \d.* and nobody takes it up", page)
        assert "<code>python manage_db.py worker</code>" in page
        lease = utc_now() + timedelta(seconds=30)
        db.session.add(_operation("01J" + "2" * 23, state="running", lease_until=lease, **late))
        db.session.commit()
        assert "1 operation waits while another runs" in _fresh(admin)
        db.session.execute(update(OperationRecord).values(lease_until=utc_now()))
        db.session.commit()
        assert "nobody takes it up" in _fresh(admin)


def test_the_newest_verification_that_said_something_counts(console: Flask, admin: Visitor) -> None:
    broken = {"kind": "audit.verify", "state": "failed", "finished_at": utc_now()}
    said = {"error_code": "audit_broken", "error_message": "Row 7 of the audit was changed."}
    with console.app_context():
        db.session.add(_operation("01J" + "0" * 23, **broken, **said))
        db.session.add(_operation("01J" + "1" * 23, **broken, error_code="connection_failed"))
        db.session.commit()
        assert "Row 7 of the audit was changed." in _fresh(admin)
        page = admin.get("/").text
        assert "The audit is not as it was written" in page and "reason-urgent" in page
        db.session.add(_operation("01J" + "2" * 23, **(broken | {"state": "succeeded"})))
        db.session.commit()
        page = _fresh(admin)
        assert "Row 7" not in page
        assert re.search(r'verified <time datetime="[^"]+" title="[^"]+">\d\d:\d\d</time>', page)
        assert "On the command line, 9 of these: all but worker, audit<" in page


def test_w3_looking_changes_nothing(console: Flask, admin: Visitor, sqlite_url: str) -> None:
    """TRUST W3: what last was seen apart, no page writes; no sample is taken by who only looks."""

    def dump() -> list[str]:
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
            return [line for line in connection.iterdump() if '"login_session"' not in line]

    before = dump()
    for path in ("/", "/health", "/health?fresh=1", "/"):
        assert admin.get(path).status_code == 200
    assert dump() == before


def test_a_viewer_sees_the_checks_and_an_operator_may_verify(console: Flask, admin: Visitor) -> None:
    """The schema is verified by an operation that waits for a worker; a second press finds it there."""
    page = admin.get("/health").text
    assert "python db_health_check.py --json" in page
    for seen in ("Backup disk", "No operation waits", "none missing", "user_log", "Verify the schema"):
        assert seen.lower() in page.lower()
    answer = admin.post("/health/verify", page="/health")
    assert answer.status_code == 303 and answer.location.startswith("/operations/")
    assert admin.post("/health/verify", page="/health").status_code == 409
    with console.app_context():
        [row] = newest_operations()
        assert (row.kind, row.state, row.actor) == ("schema.verify", "queued", "mvogt")
        db.session.execute(update(User).values(role="viewer"))
        db.session.commit()
    assert "Verify the schema" not in admin.get("/health").text
    assert admin.post("/health/verify", page="/").status_code == 403


def _last_seen(console: Flask) -> datetime:
    with console.app_context():
        return db.session.scalars(select(LoginSession.last_seen)).one()


def _fresh(visitor: Visitor) -> str:
    return visitor.get("/health?fresh=1").text


def _operation(id: str, **columns: object) -> OperationRecord:
    words = {"kind": "schema.verify", "title": "Verify", "target": id, "actor": "mvogt", "through": "web"}
    moments = {"created_at": utc_now()}
    return OperationRecord(id=id, **(words | moments | columns))


def _database(name: str, state: str, size: int | None = None) -> RegisteredDatabase:
    return RegisteredDatabase(
        id=name, name=name, environment="development", dialect="postgresql", database_name=name,
        created_by="mvogt", state=state, size=size, checked_at=utc_now(),
    )  # fmt: skip
