"""The navigation lists what works and what the reader may open, and counts what runs and what waits."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from core.actor import Role
from tests.web.visitor import Visitor
from web.navigation import Count, navigation, provide_counts
from web.permissions import allow


@pytest.fixture
def pages() -> Flask:
    """An application with three pages, one of them for admins only."""
    app = Flask("pages")
    for path, endpoint, role in (
        ("/", "overview.show", Role.VIEWER),
        ("/operations", "operations.index", Role.OPERATOR),
        ("/audit", "audit.index", Role.ADMIN),
    ):
        app.add_url_rule(path, endpoint, allow(role)(lambda: ""))
    app.add_url_rule("/databases", "databases.index", lambda: "")  # declares nothing: open to nobody
    return app


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        (None, []),
        (Role.VIEWER, ["Dashboard"]),
        (Role.OPERATOR, ["Dashboard", "Operations"]),
        (Role.ADMIN, ["Dashboard", "Operations", "Audit"]),
    ],
)
def test_z1_only_what_exists_and_may_be_opened(pages: Flask, role: Role | None, titles: list[str]) -> None:
    with pages.test_request_context("/"):
        sections = navigation(role)
    assert [place.title for section in sections for place in section.places] == titles
    assert all(section.places for section in sections)


def test_counts_stand_beside_their_pages_and_zeros_do_not(pages: Flask) -> None:
    provide_counts(pages, lambda: {"operations.index": Count(2, "running", "2 running")})
    provide_counts(pages, lambda: {"audit.index": Count(0, "plain", "none")})
    with pages.test_request_context("/"):
        places = [place for section in navigation(Role.ADMIN) for place in section.places]
    assert {place.title: place.count and place.count.number for place in places} == {
        "Dashboard": None,
        "Operations": 2,
        "Audit": None,
    }


def test_every_place_leads_to_its_page_and_is_marked_there(admin: Visitor) -> None:
    places = re.findall(r'class="frame-place" href="([^"]+)"', admin.get("/").text)
    assert places
    for path in places:
        page = admin.get(path)
        assert page.status_code == 200
        assert re.findall(r'class="frame-place" href="([^"]+)" aria-current="page"', page.text) == [path]


def test_what_stands_below_a_page_marks_its_place(admin: Visitor) -> None:
    for path in ("/backups/new", "/backups/prune", "/backups/files"):
        here = re.findall(r'class="frame-place" href="([^"]+)" aria-current="page"', admin.get(path).text)
        assert here == ["/backups"], path
