"""What people do to operations: begin them and cancel them (ARCHITECTURE section 4, TRUST Z2)."""

from __future__ import annotations

from html import unescape

import pytest
from flask import Flask
from sqlalchemy import update

from core.actor import Role
from core.clock import utc_now
from core.progress import Operation, operation
from models import OperationRecord, User, db
from operations.runner import Runner
from tests.web.conftest import MakeApp
from tests.web.operations import ID, add_operation, change
from tests.web.visitor import Visitor, add_first_admin
from web.actions import signed_in_actor, start
from web.permissions import allow
from web.settings import settings_of


def test_cancelling_is_asked_then_shown_until_it_ends(console: Flask, admin: Visitor) -> None:
    add_operation(console, user_id=7)
    asks = admin.get(f"/operations/{ID}/cancel").text
    assert "Its log says what was done until then." in asks
    answer = admin.post(f"/operations/{ID}/cancel", page=f"/operations/{ID}/cancel")
    assert (answer.status_code, answer.location) == (303, f"/operations/{ID}")
    page = admin.get(f"/operations/{ID}").text
    assert "Cancel asked by mvogt" in page and f"/operations/{ID}/cancel" not in page
    change(console, OperationRecord, state="cancelled", finished_at=utc_now())
    assert admin.get(f"/operations/{ID}/cancel").status_code == 303
    assert admin.post(f"/operations/{ID}/cancel").status_code == 303  # asking twice is asking once
    change(console, OperationRecord, state="succeeded")
    assert admin.post(f"/operations/{ID}/cancel").status_code == 409


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        ("backup.create", "Nothing of this backup is kept."),
        ("data.seed", "or with: <code>python manage_db.py seed --resume</code>"),
        ("test.work", "Its log says"),
    ],
)
def test_what_a_cancel_leaves_is_said_by_kind_before_and_after(
    console: Flask, admin: Visitor, kind: str, left: str
) -> None:
    add_operation(console, kind=kind)
    assert left in admin.get(f"/operations/{ID}/cancel").text
    admin.post(f"/operations/{ID}/cancel", page=f"/operations/{ID}/cancel")
    assert left in admin.get(f"/operations/{ID}").text
    change(console, OperationRecord, state="cancelled", finished_at=utc_now())
    assert left in admin.get(f"/operations/{ID}").text


@pytest.mark.parametrize(
    ("role", "own", "status"),
    [("viewer", True, 403), ("operator", False, 403), ("operator", True, 303), ("admin", False, 303)],
)
def test_z2_only_who_started_it_or_an_admin_may_cancel(
    console: Flask, admin: Visitor, role: str, own: bool, status: int
) -> None:
    with console.app_context():
        user_id = db.session.query(User.id).scalar()
        db.session.execute(update(User).values(role=role))
        db.session.commit()
    add_operation(console, user_id=user_id if own else user_id + 1)
    page = admin.get(f"/operations/{ID}").text
    assert (f"/operations/{ID}/cancel" in page) is (status == 303)
    assert admin.post(f"/operations/{ID}/cancel", page=f"/operations/{ID}").status_code == status
    with console.app_context():
        asked = db.session.query(OperationRecord.cancel_requested_at).scalar()
    assert (asked is not None) is (status == 303)


@operation("test.work", title="Work on {name}", target="{name}", role=Role.OPERATOR)
def work(op: Operation, name: str) -> None:
    """Nothing is done here: no worker runs."""


def test_started_work_leads_to_its_page_and_a_held_target_to_its_holder(
    make_app: MakeApp, database_url: str
) -> None:
    """ARCHITECTURE section 4, rules 5 and 7."""
    console = make_app(database_url)
    add_first_admin(console)
    console.add_url_rule(
        "/begin", "begin", allow(Role.OPERATOR)(lambda: start(work, "shelf")), methods=["POST"]
    )
    console.add_url_rule(
        "/do",
        "do",
        allow(Role.OPERATOR)(
            lambda: Runner(signed_in_actor(), settings_of(console)).run(work, "shelf") or ""
        ),
        methods=["POST"],
    )
    visitor = Visitor(console)
    visitor.sign_in()
    first = visitor.post("/begin", page="/operations")
    assert first.status_code == 303
    page = visitor.get(first.location).text
    assert "Work on shelf</h1>" in page and "Queued" in page and "Holds the lock on" in page
    for held in ("/begin", "/do"):
        busy = visitor.post(held, page="/operations")
        assert busy.status_code == 409
        assert 'shelf is held by "Work on shelf", which mvogt started at <time' in unescape(busy.text)
        assert f'href="{first.location}"' in busy.text and "UTC (operation" not in busy.text
    assert visitor.post(f"{first.location}/cancel", page="/operations").status_code == 303
    assert "It had not begun; nothing was changed." in visitor.get(first.location).text
    assert visitor.post("/begin", page="/operations").status_code == 303
