"""The pages of people: users found, made, changed, shut out; who is online; who came and went; exports."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from sqlalchemy import insert, select

from core.clock import utc_now
from models import AuditEvent, User, UserLog, db
from tests.web.conftest import TestClock
from tests.web.visitor import PASSWORD, Visitor

LINK = re.compile(r"/set-password/([\w-]{43})")


@pytest.fixture
def people(console: Flask, admin: Visitor) -> Visitor:
    """The admin mvogt looks at 120 others and their 150 sign-ins."""
    at = utc_now()
    times = {"created_at": at, "updated_at": at}
    with console.app_context():
        rows = [
            {"username": f"user{n:03}", "email": f"u{n}@example.com", "name": f"Person {n:03}", **times}
            for n in range(120)
        ]
        db.session.execute(insert(User), rows)
        log = [
            {"username": f"user{n % 3:03}", "action": "login", "ip_address": "192.0.2.7", "timestamp": at}
            for n in range(150)
        ]
        db.session.execute(insert(UserLog), log)
        db.session.commit()
    return admin


def next_page(page: str) -> str:
    found = re.search(r'hx-get="([^"]+cursor=[^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def walk(visitor: Visitor, path: str, row: str) -> list[str]:
    """What `row` finds on all parts of a list, as a reader who loads more sees them."""
    page = visitor.get(path).text
    found = re.findall(row, page)
    while path := next_page(page):
        page = visitor.get(path, headers={"HX-Request": "true"}).text
        assert "<html" not in page
        found += re.findall(row, page)
    return found


def test_who_chooses_nobody_is_told_so_and_keeps_the_filters(people: Visitor) -> None:
    here = "/users?search=person&role=viewer"
    switch = re.search(r'action="(/users/switch[^"]*)"', people.get(here).text)
    assert switch
    answer = people.post(switch[1].replace("&amp;", "&"), here, deed="deactivate")
    assert (answer.status_code, answer.location) == (303, here)
    assert "Choose users first." in people.get(answer.location).text


def test_lists_are_walked_filtered_and_exported(console: Flask, people: Visitor) -> None:
    names = walk(people, "/users?sort=-username", r'<td class="identifier stacked-hidden">(\w+)<')
    assert names == sorted(names, reverse=True) and len(names) == 121
    page = people.get("/users?search=person 00&role=viewer").text
    assert page.count('<mark class="hit">Person 00</mark>') == 10 and "10 shown" in page
    assert "Looked at the beginnings of" in people.get("/users?search=nobody").text
    assert "Left out, since it cannot be: role=root" in people.get("/users?role=root").text
    assert people.get("/users/export?role=root").status_code == 422
    assert people.get("/users?cursor=AAAA").status_code == 422

    assert len(walk(people, "/activity?user=USER001", r">Signed in</td>")) == 50
    assert len(walk(people, "/activity", r">Signed in</td>")) == 151
    assert "Nothing is like that" in people.get("/activity?until=2020-01-01").text
    assert "since=yesterday" in people.get("/activity?since=yesterday").text
    assert people.get("/online").text.count("Maren Vogt") >= 1

    answer = people.get("/users/export?form=json&search=user00")
    assert len(json.loads(answer.text)) == 10 and "attachment" in answer.headers["Content-Disposition"]
    assert people.get("/activity/export?form=csv").text.count("\n") == 152
    assert people.get("/users/export?form=xml").status_code == 422
    with console.app_context():
        rows = db.session.execute(select(AuditEvent.action, AuditEvent.outcome)).all()
    assert ("users.export", "succeeded") in rows and ("activity.export", "succeeded") in rows


def test_a_user_from_the_first_day_to_the_last(console: Flask, admin: Visitor, clock: TestClock) -> None:
    fields = {
        "name": "Ines",
        "email": "ines@example.com",
        "username": "ines",
        "role": "viewer",
        "tier": "pro",
    }
    page = admin.post("/users", "/users/new", **fields).text
    link = LINK.search(page)
    assert link and "was added" in page
    assert admin.post("/users", "/users/new", **fields).status_code == 409
    ines = Visitor(console)
    assert ines.post(link[0], link[0], password=PASSWORD).status_code == 303
    assert ines.get("/users").status_code == 403
    number = re.search(r'/users/(\d+)"', admin.get("/users?search=ines").text)
    assert number
    here = f"/users/{number[1]}"
    assert "operator" not in admin.get(here).text
    change = fields | {"role": "operator"}
    del change["username"]
    assert admin.post(here, f"{here}/edit", **change, is_active="1").status_code == 422  # TRUST Z4
    assert admin.post(here, f"{here}/edit", **change).status_code == 303
    assert ines.get("/").status_code == 303  # signed out: another role wants another session
    assert ines.sign_in("ines").status_code == 303 and ines.get("/").status_code == 200

    online = re.findall(r"/online/(\d+)/end", admin.get("/online?user=ines").text)
    assert len(online) == 1 and admin.post(f"/online/{online[0]}/end", "/online").status_code == 303
    assert (
        ines.get("/").status_code == 303
        and admin.post(f"/online/{online[0]}/end", "/online").status_code == 404
    )
    assert admin.post("/users/switch", here, deed="deactivate", number=number[1]).status_code == 303
    assert ines.sign_in("ines").status_code == 422
    assert "Inactive" in admin.get(here).text
    mine = admin.post("/users/switch", "/users", deed="deactivate", number="1")
    assert mine.status_code == 409 and "Nobody could administer" in mine.text
    beyond = admin.post("/users/switch", "/users", deed="activate", number="1" + "0" * 30)
    assert beyond.status_code == 404
    assert admin.post("/users/switch", "/users", deed="remove", number="1").status_code == 422
    reset = f"{here}/reset-password"
    assert admin.post(reset, reset).status_code == 409  # a link would let in nobody who is not active
    assert admin.post("/users/switch", here, deed="activate", number=number[1]).status_code == 303
    assert admin.post(reset, reset).text.count("/set-password/") >= 1
    admin.post("/users/switch", here, deed="deactivate", number=number[1])
    clock.advance(minutes=6)  # TRUST S5: what changes a right wants a password of a moment ago
    assert admin.get(f"{here}/edit").location.startswith("/prove")
    for deed, fields in (
        ("switch", {"deed": "activate", "number": number[1]}),
        (f"{number[1]}/end-sessions", {}),
    ):
        sent = admin.client.post(
            f"/users/{deed}",
            data={"csrf_token": admin.csrf_token(here), **fields},
            headers={"Referer": f"http://localhost{here}"},
        )
        assert sent.location == f"/prove?next={here}"
    assert "Inactive" in admin.get(here).text  # a page that works, and nothing was done
