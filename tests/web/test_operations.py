"""The pages of operations: the list, and one operation live (ARCHITECTURE section 4, TRUST W2)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update

from core.clock import utc_now
from models import OperationPhase, OperationRecord, db
from operations.panels import LINES_SHOWN
from tests.web.operations import ID, add_lines, add_operation, add_phase, change, poll_of
from tests.web.test_pages import HOSTILE
from tests.web.visitor import Visitor


def test_a_running_operation_is_shown_with_all_that_is_known(console: Flask, admin: Visitor) -> None:
    add_operation(console)
    add_phase(console)
    add_lines(console, "Reading the shelf")
    page = admin.get(f"/operations/{ID}").text
    assert "Back up shelf</h1>" in page
    for shown in (
        "Copy rows",
        "Rows",
        "640",
        "of 1,000",
        "10",
        "rows/s",
        "about 36 s",
        "this phase ends about",
    ):
        assert shown in page
    assert "64<span>%</span>" in page
    assert '<progress class="bar" aria-label="Copy rows" max="1000" value="640">' in page
    assert "Rows per second, this phase: from 8 to 12, 12 at last" in page
    assert "1 of 3" in page and re.search(r"worker-1, process 7, heard [45] s ago", page)
    assert "Reading the shelf" in page
    assert 'role="log"' in page and 'http-equiv="refresh"' in page
    assert f'href="/operations/{ID}/cancel"' in page


def test_a_poll_brings_figures_and_new_lines_alone(console: Flask, admin: Visitor) -> None:
    """What somebody reads or is about to click stays where it is; nothing is spoken or written twice."""
    add_operation(console)
    add_phase(console)
    add_lines(console, "The old line")
    where, _ = poll_of(admin.get(f"/operations/{ID}").text)
    change(console, OperationPhase, done=700)
    add_lines(console, "The new line")
    answer = admin.get(where).text
    assert "700" in answer and "70<span>%</span>" in answer and 'value="700"' in answer
    assert "The new line" in answer and "The old line" not in answer
    assert "operation-cancel" not in answer and 'id="phases"' not in answer
    for _ in range(2):
        answer = admin.get(poll_of(answer)[0]).text
        assert "line</span>" not in answer


def test_a_poll_that_finds_nothing_new_is_answered_304(console: Flask, admin: Visitor) -> None:
    add_operation(console, state="succeeded", finished_at=utc_now())
    tag = admin.get(f"/operations/{ID}/panel").headers["ETag"]
    answer = admin.get(f"/operations/{ID}/panel", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")


def test_a_poll_finds_what_begins(console: Flask, admin: Visitor) -> None:
    add_operation(console, state="queued", started_at=None, attempt=0, worker="", heartbeat_at=None)
    page = admin.get(f"/operations/{ID}").text
    assert "Waiting for a worker" in page and re.search(r'hx-trigger="every (1[89]|2[012])\d\dms, ', page)
    where, headers = poll_of(page)
    change(console, OperationRecord, state="running", attempt=1, started_at=utc_now())
    answer = admin.get(where, headers=headers)
    assert answer.status_code == 200
    assert 'id="operation-state" hx-swap-oob="true"' in answer.text and re.search(
        r'hx-trigger="every (9|10|11)\d\dms, ', answer.text
    )


def test_the_last_answer_says_how_it_ended_and_asks_no_more(console: Flask, admin: Visitor) -> None:
    add_operation(console)
    add_phase(console)
    where, headers = poll_of(admin.get(f"/operations/{ID}").text)
    change(console, OperationPhase, done=1000, finished_at=utc_now())
    change(console, OperationRecord, state="succeeded", finished_at=utc_now())
    answer = admin.get(where, headers=headers).text
    assert poll_of(answer) == ("", {})
    assert "Succeeded" in answer and "bar-done" in answer and "Took" in answer
    assert "operation-cancel" not in answer
    page = admin.get(f"/operations/{ID}").text
    assert "hx-trigger" not in re.sub(r'<span class="running".*?>', "", page) and "http-equiv" not in page


def queued_for(seconds: int) -> dict[str, Any]:
    """An operation that was asked for so long ago, and no worker has taken up."""
    asked = utc_now() - timedelta(seconds=seconds)
    never = {"started_at": None, "attempt": 0, "worker": "", "heartbeat_at": None}
    return {"state": "queued", "created_at": asked, **never}


def test_what_waits_counts_on_and_says_when_no_worker_is_there(console: Flask, admin: Visitor) -> None:
    add_operation(console, **queued_for(10))
    page = admin.get(f"/operations/{ID}").text
    where, headers = poll_of(page)
    assert re.search(r"Waiting</dt><dd[^>]*>1[0-4] s", page) and "No worker" not in page
    headers["If-None-Match"] = re.sub(r'-\d+"$', '-0"', headers["If-None-Match"])  # as of another second
    assert admin.get(where, headers=headers).status_code == 200
    change(console, OperationRecord, created_at=utc_now() - timedelta(seconds=36))
    answer = admin.get(where, headers=headers).text
    assert "36 s" in answer and "No worker takes it up</h2>" in answer
    assert "message-caution" in answer and "<code>python manage_db.py worker</code>" in answer


def test_what_waits_while_the_worker_is_busy_lacks_none(console: Flask, admin: Visitor) -> None:
    add_operation(console, **queued_for(36))
    soon = utc_now() + timedelta(minutes=1)
    add_operation(console, f"01jd{2:022d}", target="other", arguments={}, lease_until=soon)
    assert "No worker" not in admin.get(f"/operations/{ID}").text
    with console.app_context():
        db.session.execute(update(OperationRecord).values(lease_until=utc_now() - timedelta(minutes=1)))
        db.session.commit()
    assert "No worker" in admin.get(f"/operations/{ID}").text


def test_what_has_succeeded_says_its_result(console: Flask, admin: Visitor) -> None:
    """The phases at the side tell of their counts; one check in no time has no speed."""
    add_operation(console, state="succeeded", finished_at=utc_now())
    for position, unit in enumerate(("foreign key", "check")):
        moments = {"started_at": utc_now(), "finished_at": utc_now() + timedelta(milliseconds=10)}
        add_phase(console, position, unit=unit, done=14 - 13 * position, total=14, speeds=[], **moments)
    add_lines(console, "Looking", "Nothing differs: 14 foreign keys.")
    page = admin.get(f"/operations/{ID}").text
    panel = page[page.index('id="phase"') : page.index('id="log"')]
    assert "Done</h2>" in panel and "Nothing differs: 14 foreign keys." in panel and "Took" in panel
    assert not [words for words in ("Phase ", "Copy rows", "Speed", "Checks", "Looking") if words in panel]
    assert "14 foreign keys</span>" in page and ">1 check</span>" in page
    after = admin.get(f"/operations/{ID}/panel?after=9").text
    assert "Nothing differs: 14 foreign keys." in after and "data-ended" in after


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (
            {
                "state": "failed",
                "error_message": "The disk is full. Nothing was kept.",
                "error_hint": "Make room: python manage_db.py prune",
            },
            ("The disk is full</h2>", "<p>Nothing was kept.</p>", "<code>python manage_db.py prune</code>"),
        ),
        ({"state": "failed", "error_message": "The disk is full."}, ("after 640 of 1,000 rows.",)),
        (
            {"state": "interrupted", "error_message": "Process 7 ended before the work did."},
            ("message-caution", "Process 7 ended", "before you run it again"),
        ),
        (
            {"state": "cancelled", "cancel_requested_by": "bob"},
            ("message-ended", "Cancelled by bob", "Its log says"),
        ),
    ],
)
def test_an_end_that_is_no_success_says_what_became_of_it(
    console: Flask, admin: Visitor, ended: dict[str, Any], said: tuple[str, ...]
) -> None:
    add_operation(console, finished_at=utc_now(), **ended)
    add_phase(console)
    page = admin.get(f"/operations/{ID}").text
    assert all(words in page for words in said)


def test_the_panel_asks_two_questions_of_its_own(console: Flask, admin: Visitor) -> None:
    add_operation(console)
    add_phase(console)
    add_lines(console, "first")
    where, _ = poll_of(admin.get(f"/operations/{ID}").text)
    asked: list[str] = []
    with console.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
    admin.get(where)
    assert len([statement for statement in asked if "operation" in statement]) == 2
    assert len(asked) <= 4  # and who is signed in


def test_w2_whatever_an_operation_says_is_text(console: Flask, admin: Visitor) -> None:
    texts = {"title": HOSTILE, "target": HOSTILE, "actor": HOSTILE, "worker": HOSTILE, "kind": HOSTILE[:50]}
    add_operation(console, **texts, cancel_requested_at=utc_now(), cancel_requested_by=HOSTILE)
    add_phase(console, name=HOSTILE, unit="<b>")
    add_lines(console, HOSTILE)
    pages = [
        f"/operations{rest}"
        for rest in ("", f"/{ID}", f"/{ID}/panel", f"/{ID}/lines?before=9", f"/{ID}/cancel")
    ]
    for path in pages:
        page = admin.get(path).text
        assert "<img" not in page and "<b>" not in page, path
        assert "\u202e" not in page and "\x1b" not in page, path
        assert "&lt;img src=x onerror=alert(1)&gt;" in page, path


def test_the_list_goes_on_by_state(console: Flask, admin: Visitor) -> None:
    for number in range(55):
        add_operation(console, f"01jd{number:022d}", state="failed", title=f"Work {number}")
    add_operation(console, f"01jd{99:022d}", state="queued", title="Waits")
    page = admin.get("/operations?state=failed").text
    assert ">Work 54<" in page and ">Work 5<" in page and ">Work 4<" not in page and "Waits" not in page
    assert "50 shown, more follow" in page
    more = re.search(r'href="(/operations\?[^"]*before=[^"]+)"', page)
    assert more
    address = more[1].replace("&amp;", "&")
    assert ">Work 4<" in admin.get(address).text
    rows = admin.get(address, headers={"HX-Request": "true"}).text
    assert ">Work 0<" in rows and "<html" not in rows and "55 shown<" in rows
    assert "No operation is cancelled" in admin.get("/operations?state=cancelled").text
    assert "Left out, since it cannot be: state=lost" in admin.get("/operations?state=lost").text


def test_an_empty_list_says_what_it_will_show(admin: Visitor) -> None:
    assert "No operations yet" in admin.get("/operations").text


def test_the_count_of_running_ones_stands_in_bar_and_navigation(console: Flask, admin: Visitor) -> None:
    assert "running-pill" not in admin.get("/operations/running").text
    add_operation(console)
    counted = r'id="count-operations-index" hx-swap-oob="true"[^>]*>\s*'
    news = admin.get("/operations/running").text
    assert 'aria-label="1 running"' in news and re.search(counted + '<span aria-hidden="true">1<', news)
    page = admin.get(f"/operations/{ID}").text
    assert 'aria-label="1 running"' in page and "frame-count-running" in page
    change(console, OperationRecord, state="succeeded", finished_at=utc_now())
    last = admin.get(poll_of(page)[0]).text
    assert re.search(r'id="running" hx-swap-oob="true"[^>]*></span>', last)
    assert re.search(counted + "</span>", last)


def test_earlier_lines_follow_on_request(console: Flask, admin: Visitor) -> None:
    add_operation(console)
    add_lines(console, *(f"line {number}." for number in range(LINES_SHOWN + 2)))
    page = admin.get(f"/operations/{ID}").text
    assert "line 2." in page and "line 1." not in page
    link = re.search(r'href="(/operations/\w+/lines[^"]+)"', page)
    assert link
    for headers in ({}, {"HX-Request": "true"}):
        earlier = admin.get(link[1], headers=headers).text
        assert "line 0." in earlier and "line 1." in earlier and "line 2." not in earlier
        assert "Earlier lines</a>" not in earlier


def test_an_operation_that_is_not_there_is_404(admin: Visitor) -> None:
    for path in ("", "/panel", "/lines", "/cancel"):
        answer = admin.get(f"/operations/{HOSTILE.replace('/', '')}{path}")
        assert answer.status_code == 404
        assert "<img" not in answer.text
