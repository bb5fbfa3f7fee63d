"""The first walk through a new console: its one-time link, the first admin, work started and followed to its
end (TRUST A1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.checks import check_page
from tests.browser.conftest import OpenPage
from tests.browser.following import expect_state, mark
from tests.browser.launching import PHONE, WIDE
from tests.browser.live_console import APP, LiveConsole, live_console
from tests.browser.people import become_first_admin
from tests.servers import Missing, available


@pytest.fixture(params=["sqlite", "postgresql"])
def new_console(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[LiveConsole]:
    """A console as `python app.py` starts it, on an empty database."""
    server = available()[request.param]
    if isinstance(server, Missing):
        pytest.skip(f"{server.dialect} missing: {server.reason}")
    url = server.create_database()
    with live_console(APP, tmp_path, url) as console:
        yield console
    server.drop_database(url)


def test_from_the_link_to_the_end_of_an_operation(new_console: LiveConsole, open_page: OpenPage) -> None:
    page = open_page(base_url=new_console.address)
    page.goto(new_console.link)
    for size in (PHONE, WIDE):
        page.set_viewport_size(size)
        check_page(page)
    become_first_admin(page, new_console)
    page.get_by_role("navigation").get_by_role("link", name="Health").click()
    page.get_by_role("button", name="Verify the schema").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Verify")
    mark(page)
    expect_state(page, "Succeeded")
    page.get_by_role("navigation").get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("main").get_by_role("link", name="Verify")).to_be_visible()
    new_console.manage("sample-data")
    page.get_by_role("navigation").get_by_role("link", name="Operations").click()
    expect(page.get_by_role("main").get_by_role("link", name="Add sample data")).to_be_visible()
